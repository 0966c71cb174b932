/** The types by which a machine's definition types its processes. */
import type {
  AnyActorRef,
  AnyStateMachine,
  EventFrom,
  EventObject,
  InputFrom,
  MachineContext,
  OutputFrom,
  SnapshotFrom,
  StateValue,
} from 'xstate';
import type { ServerStatus } from '../gen-server/status.ts';
import type { From } from '../process/messages/call.ts';
import type { ChildSpec, ChildSpecOverrides } from '../process/start/child-spec.ts';
import type { ProcessOptions } from '../process/spawn.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { NameOption, ServerRef } from '../process/names/server-ref.ts';

/** An event that a call delivers: what was asked, and the caller to answer. */
export type Answerable<E extends EventObject = EventObject> = E & { readonly from: From };

/** The event that {@link MachineHandle.call} takes: the machine's own without `from`. */
export type CallEvent<E> = E extends { readonly from: From } ? Omit<E, 'from'> : E;

/** A machine process as its own code sees it: `self` of every action. */
export interface MachineRef<E extends EventObject = EventObject> {
  readonly pid: Pid;
  /** The state as xstate writes it: `'idle'`, `{ open: 'reading' }`. */
  readonly value: StateValue;
  /** Queues an event: after the current transition, or through the mailbox when there is none. */
  send(event: E): void;
  /** Takes a transition at once; see {@link MachineHandle.step}. */
  step(event: E): boolean;
  /** Whether the event would run a transition in the current state. */
  can(event: E): boolean;
}

/** What every action and delay of a machine process gets: xstate's arguments and `input`. */
export interface MachineArgs<Input = unknown, E extends EventObject = EventObject> {
  readonly context: MachineContext;
  readonly event: E;
  readonly self: MachineRef<E>;
  /** Actors with a `systemId`; a machine on the table has none. */
  readonly system: { get(systemId: string): AnyActorRef | undefined };
  /** The input of `startLink`: the data of this process, for machines without context. */
  readonly input: Input;
}

/** The state of a machine, as `getState` gives it. */
export interface MachineState {
  readonly value: StateValue;
  readonly context: MachineContext;
}

/** Options of `Machine.define`. */
export interface MachineOptions<M extends AnyStateMachine> {
  /** What crash reports and `introspect` call it. Default: the id of the machine. */
  readonly name?: string;
  /** The input of processes that are started without one. */
  readonly input?: InputFrom<M>;
  /** Whether a running `after` keeps the program running. Default false. */
  readonly keepAlive?: boolean;
  /**
   * `'table'` refuses a machine that cannot run on the memoised table, `'actor'` runs any machine
   * as a live xstate actor. Default: the table wherever it is provably the same.
   */
  readonly engine?: 'table' | 'actor';
  /**
   * What an event does for which the current state has no transition. `'ignore'` (default): nothing, as in
   * xstate. `'fail'`: the machine ends with reason `['unhandled_event', event]`, as a `gen_statem` without a
   * clause for it crashes. A call of such an event fails either way.
   */
  readonly unhandled?: 'ignore' | 'fail';
  /** The exit reason that a final state's output stands for. Default `'normal'`. */
  readonly onDone?: (output: OutputFrom<M>, input: InputFrom<M>) => ExitReason;
  /** Runs before the process ends, except when it is killed; its result is ignored. */
  readonly terminate?: (
    reason: ExitReason,
    machine: {
      readonly value: StateValue;
      readonly context: MachineContext;
      readonly input: InputFrom<M>;
    },
  ) => unknown;
  /**
   * What others see of the machine: `getState`, `replaceState`, traces, `processInfo` and crash reports
   * show what it makes of state, event (`message`) and reason. Use it to keep secrets out of them.
   *
   * Source: `gen_statem:format_status/1`.
   */
  readonly formatStatus?: (status: ServerStatus<MachineState>) => Partial<ServerStatus>;
  /** Where xstate's `log` action writes. Default: the debug level of the runtime's logger. */
  readonly logger?: (...values: unknown[]) => void;
}

/** Options of the start of a machine process. */
export interface StartMachineOptions extends ProcessOptions {
  /** Registers the process before the machine starts. */
  readonly name?: NameOption;
}

/** Options of `Machine.call`. */
export interface MachineCallOptions {
  /** Milliseconds to wait for the answer, `'infinity'` by default, as in `gen_statem`. */
  readonly timeout?: number | 'infinity';
}

type Args<M extends AnyStateMachine, Options> =
  undefined extends InputFrom<M>
    ? [input?: InputFrom<M>, options?: Options]
    : [input: InputFrom<M>, options?: Options];

/** A defined machine: starts processes and makes child specifications of them. */
export interface MachineModule<M extends AnyStateMachine> {
  readonly name: string;
  /** `'table'`: transitions are memoised and shared; `'actor'`: each process has an xstate actor. */
  readonly engine: 'table' | 'actor';
  /** Why the machine does not run on the table; undefined when it does. */
  readonly notCompiled: string | undefined;
  /**
   * Starts a process linked to the current one (from plain code: a root). Resolves when the
   * initial state is entered and its entry actions have run.
   * @throws {StartError} with what an entry action threw, or `['already_started', pid]`.
   */
  startLink(...args: Args<M, StartMachineOptions>): Promise<MachineHandle<M>>;
  /** The same without a link. */
  start(...args: Args<M, StartMachineOptions>): Promise<MachineHandle<M>>;
  /** A child specification; its id is the name of the process or the module. */
  childSpec(
    ...args: Args<M, StartMachineOptions & ChildSpecOverrides>
  ): ChildSpec<MachineHandle<M>>;
  /** A typed handle of a machine that was started elsewhere, by pid or name. */
  at(server: ServerRef): MachineHandle<M>;
}

/** A machine process from outside. */
export interface MachineHandle<M extends AnyStateMachine> extends AsyncDisposable {
  readonly pid: Pid;
  /** The current state; after the end of the process, the last one. */
  readonly value: StateValue;
  /** Sends an event through the mailbox; a dead process swallows it. */
  send(event: EventFrom<M>): void;
  /**
   * Sends an event that carries `from` and waits until the machine answers it.
   * @throws {CallError} when the machine is not alive, ends first, does not answer in time, or has
   *   no transition for the event in its state (`why` is `'unhandled_event'`).
   */
  call<T = unknown>(event: CallEvent<EventFrom<M>>, options?: MachineCallOptions): Promise<T>;
  /**
   * Takes a transition at once, in the caller's turn and ahead of the mailbox.
   *
   * For hot paths: the state is a table entry owned by the process, as ETS would hold it. Actions
   * run as the machine's process. Called by an action of the same machine, the event is queued
   * and taken after the current transition. While the machine is suspended, it waits in the
   * mailbox. Returns false without any effect when the process is dead, and false when an action
   * threw: the process has then exited with that error, which is not thrown here.
   */
  step(event: EventFrom<M>): boolean;
  /** Whether the event would run a transition in the current state. */
  can(event: EventFrom<M>): boolean;
  /** xstate's snapshot of the current state. */
  snapshot(): SnapshotFrom<M>;
  /** Whether the machine is in a state, given as xstate does: `'open'`, `{ open: 'reading' }`. */
  matches(value: StateValue): boolean;
  /** Stops the process and waits for its end. */
  stop(reason?: ExitReason, timeout?: number | 'infinity'): Promise<void>;
}
