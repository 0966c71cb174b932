/**
 * What a process is to the rest of the runtime; its class is in `local-process.ts`.
 *
 * The class is built from pids, names, watches and signals, and those have to do with processes: they
 * use this interface, and import nothing of the class.
 */
import type { ExitReason } from './exit-reason.ts';
import type { Name } from './names/name.ts';
import type { Pid } from './pid.ts';

/** What a process does with its messages, one at a time, once its body has returned. */
export interface Behaviour {
  /** Handles the oldest message. While a returned promise is pending, the mailbox waits. */
  handle(message: unknown): void | PromiseLike<void>;
  /** A message that came through nact, as it goes into the mailbox. */
  fromNact?(message: unknown, sender: unknown): unknown;
  /** What a crash report and `processInfo` show beyond the process itself. */
  details?(): Readonly<Record<string, unknown>>;
  /** The reason of its end, as its crash report is to show it. */
  shownReason?(reason: ExitReason): ExitReason;
  /** A linked process has died, and its EXIT is about to be put into the mailbox. Must not throw or run user code. */
  exitArrived?(from: Pid, reason: ExitReason): void;
  /** The process died, whatever the cause: release timers. Must not throw or run user code. */
  drop?(): void;
}

/** A pending `receive`. */
export interface Receiver {
  /** The one that began to wait after this one. */
  next: Receiver | undefined;
  /** True when it wants the message. */
  accepts(message: unknown): boolean;
  /** True when it wants any message, so that asking it runs no code of the user's. */
  readonly acceptsAll: boolean;
  deliver(message: unknown): void;
  fail(error: unknown): void;
  /** The process died: release timers, never settle. */
  drop(): void;
}

export type Body = () => unknown;

/** A watch in the lists of its target and of its owner: see `watch.ts`. */
export interface WatchLink {
  readonly watch: { unwatch(): boolean };
  /** A monitor is told after the links of the dead process, any other watch before them. */
  readonly monitor: boolean;
  newerOnTarget: WatchLink | undefined;
  olderOnTarget: WatchLink | undefined;
  newerOfOwner: WatchLink | undefined;
  olderOfOwner: WatchLink | undefined;
  /** Tells the watch that its target has died. */
  tell(pid: Pid, reason: ExitReason): void;
  /** Tells the watch that its owner has died. */
  tellOwnerDown(): void;
}

/** A process of this node, alive or dead. */
export interface Process {
  readonly pid: Pid;
  /** The process that started this one. */
  readonly startedBy: Pid | undefined;
  readonly startedAt: number;
  label: string;
  registeredName: Name | undefined;
  /** The key under which a registry holds it, if it was started with a via name. */
  viaKey: unknown;
  behaviour: Behaviour | undefined;
  /** Whether its calls and casts bring the async context of their caller. */
  carriesContext: boolean;

  readonly dead: boolean;
  readonly exitReason: ExitReason;
  trapExit: boolean;
  links: Set<Pid> | undefined;
  /** The newest of the watches on it. */
  newestWatch: WatchLink | undefined;
  /** The newest of the watches that it owns. */
  newestOwned: WatchLink | undefined;
  /** Ends the process. All others see it dead from here on, even if its code goes on. */
  terminate(reason: ExitReason, cause: 'fault' | 'signal'): void;

  /** True while a callback or its body waits for a promise. */
  readonly busy: boolean;
  /** True while a receive waits for its message. */
  readonly waiting: boolean;
  /** True when the process has nothing to do until a message or a promise arrives. */
  readonly idle: boolean;
  /** Aborts when the process dies. */
  readonly signal: AbortSignal;
  /** Its name in nact's system. */
  readonly name: string;
  /** What nact's functions take. */
  readonly reference: object;

  /** Its mailbox. */
  readonly messages: { readonly size: number };
  /** Puts a message into the mailbox. It is no promise: see `refusePromise`. */
  deliver(message: unknown): void;
  /** True when a message is there that no pending receive has a claim to. */
  readonly hasMessage: boolean;
  /** Takes the oldest message out of the mailbox. */
  takeOldest(): unknown;
  /** Takes the oldest message that matches out of the mailbox. */
  takeMatching(accepts: (message: unknown) => boolean): { message: unknown } | undefined;
  /** Adds a pending receive; the mailbox has been searched by then. */
  addReceiver(receiver: Receiver): void;
  /** Returns whether the receiver was still pending. */
  removeReceiver(receiver: Receiver): boolean;
  /** Shows the messages that arrived meanwhile to the pending receivers. */
  offer(): void;
  /** Runs `work` as this process in the caller's turn, past the mailbox: the process must allow it. */
  enter(work: (this: Process) => void): void;
}
