/** The monitor and alias of a task: what connects it with its owner. */
import type { ExitReason } from '../process/exit-reason.ts';
import { MonitorRef, type DownMessage } from '../process/links/monitor.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';

/**
 * The answer of a task, in the mailbox of the process that started it with `Task.async` or
 * `asyncNolink`. A server that does not `await` handles it in `handleInfo`, and then drops the
 * `DOWN` that follows with `demonitor(ref, { flush: true })`.
 *
 * Source: `{ref, result}` of Elixir's `Task`.
 */
export interface TaskMessage<T = unknown> {
  readonly type: 'task';
  readonly ref: MonitorRef;
  readonly value: T;
}

/** What the owner of a task gets: the answer, and the news of its end. */
export type TaskNews<T = unknown> = TaskMessage<T> | DownMessage;

/** Stands in for the mailbox when plain code starts a task. */
export class PlainInbox {
  readonly #messages: unknown[] = [];
  /** Told when a message arrives. */
  readonly waiters: Set<() => void> = new Set();

  deliver(message: unknown): void {
    this.#messages.push(message);
    for (const wake of this.waiters) wake();
  }

  takeMatching(accepts: (message: unknown) => boolean): { message: unknown } | undefined {
    const index = this.#messages.findIndex((message) => accepts(message));
    return index === -1 ? undefined : { message: this.#messages.splice(index, 1)[0] };
  }
}

export class TaskRef<T> extends MonitorRef {
  readonly inbox: Process | PlainInbox;
  #active = true;

  constructor(inbox: Process | PlainInbox, task: Pid) {
    super(inbox, task);
    this.inbox = inbox;
  }

  /** The task answers; dropped when the owner has given it up. */
  answer(value: T): void {
    if (!this.#active) return;
    this.inbox.deliver({ type: 'task', ref: this, value } satisfies TaskMessage<T>);
  }

  /** Gives the task up: its later messages are dropped, its `DOWN` in the mailbox is removed. */
  giveUp(): void {
    this.#active = false;
    if (!this.unwatch()) this.inbox.takeMatching((message) => this.isDownMessage(message));
  }

  /** Takes its oldest message out of the mailbox. */
  poll(): TaskNews<T> | undefined {
    const found = this.inbox.takeMatching((message) => newsRef(message) === this);
    return found?.message as TaskNews<T> | undefined;
  }

  /** Takes its answer out of the mailbox, wherever it is. */
  pollAnswer(): TaskMessage<T> | undefined {
    const found = this.inbox.takeMatching(
      (message) => newsRef(message) === this && !this.isDownMessage(message),
    );
    return found?.message as TaskMessage<T> | undefined;
  }

  protected override down(pid: Pid, reason: ExitReason): void {
    this.#active = false;
    super.down(pid, reason);
  }
}

/** The task that a message is about; undefined for any other message. */
export function newsRef(message: unknown): MonitorRef | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  try {
    const { type, ref } = message as Partial<TaskNews>;
    return (type === 'task' || type === 'DOWN') && ref instanceof MonitorRef ? ref : undefined;
  } catch {
    return undefined; // a getter that throws, or a revoked proxy
  }
}
