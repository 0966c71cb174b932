/** What all supervisors share: requests, exits of children, the restart limit, reports. */
import type { Call } from '../process/messages/call.ts';
import type { ChildId, RestartBackoff } from '../process/start/child-spec.ts';
import { restartChannel, type RestartEvent } from '../process/reports/events.ts';
import { isSoftReason, type ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import { isThenable } from '../process/values/thenable.ts';
import { isExitMessage } from '../process/links/signals.ts';
import { Gen, type Pending } from '../gen-server/gen.ts';
import type { ServerStatus } from '../gen-server/status.ts';
import { Backoff } from './backoff.ts';
import type { FullChildSpec } from './child-record.ts';
import { report, reportUnexpected, supervisorChannel, type ReportContext } from './reports.ts';
import { RestartWindow } from './restart-window.ts';
import { Stopping } from './stop-child.ts';
import type { ChildState, SupervisorDetails } from './types.ts';

/** The answer to a request that was refused; the client rejects with it. */
export interface Refused {
  readonly type: 'refused';
  readonly reason: ExitReason;
}

/** The answer to a request. Plain data: it may go to another node. */
export type Answer = { readonly type: 'granted'; readonly value: unknown } | Refused;

export const granted = (value?: unknown): Answer => ({ type: 'granted', value });
export const refused = (reason: ExitReason): Refused => ({ type: 'refused', reason });

/** Sent by a supervisor to itself when a restart has failed: what came before is handled first. */
class RetryMessage {
  readonly #key: unknown;
  constructor(key: unknown) {
    this.#key = key;
  }
  // `instanceof` is several times as fast as looking for a private name, but a proxy may throw.
  static isRetry(message: unknown): message is RetryMessage {
    try {
      return message instanceof RetryMessage;
    } catch {
      return false;
    }
  }
  get key(): unknown {
    return this.#key;
  }
}

export abstract class SupervisorBase extends Gen {
  readonly #window = new RestartWindow();
  /**
   * The exit reasons of processes whose EXIT waits in the mailbox. A search of the mailbox for each
   * dead child would make the end of many children quadratic.
   */
  readonly #ended = new Map<Pid, ExitReason>();
  /** Restarts allowed within the period, and the period in seconds. */
  protected abstract readonly limits: { readonly intensity: number; readonly period: number };

  /** Handles a request; undefined for one that it does not know. */
  protected abstract answer(
    operation: unknown,
    args: readonly unknown[],
  ): Answer | Promise<Answer> | undefined;

  /** A linked process ended: a child, one that was a child until it was stopped, or a stranger. */
  protected abstract childExited(pid: Pid, reason: ExitReason): Pending;

  /** The turn of a failed restart has come again. */
  protected abstract retry(key: unknown): Pending;

  abstract override details(): SupervisorDetails & Readonly<Record<string, unknown>>;

  protected override beforeMessage(): void {}

  protected override getState(): unknown {
    return this.details();
  }

  protected override shownStatus(status: ServerStatus): ServerStatus {
    return status;
  }

  protected override setState(): void {
    throw new Error('the state of a supervisor cannot be replaced: use changeSpecs');
  }

  protected override handleCall(call: Call): Pending {
    const { request } = call;
    const [operation, ...args] = Array.isArray(request) ? (request as unknown[]) : [request];
    const answer = this.answer(operation, args);
    if (answer === undefined) return this.end(['function_clause', request]);
    if (!isThenable(answer)) return call.reply(answer);
    return answer.then((value) => call.reply(value));
  }

  exitArrived(from: Pid, reason: ExitReason): void {
    this.#ended.set(from, reason);
  }

  protected override handleMessage(message: unknown): Pending {
    if (isExitMessage(message)) {
      this.#ended.delete(message.from);
      return this.childExited(message.from, message.reason);
    }
    if (RetryMessage.isRetry(message)) return this.retry(message.key);
    reportUnexpected(this.process, message);
    return undefined;
  }

  /** Puts a failed restart at the end of the mailbox. */
  protected retryLater(key: unknown): void {
    this.process.deliver(new RetryMessage(key));
  }

  /** Lets a child wait before its turn comes by {@link retry}; gives the wait. */
  protected wait(key: unknown, backoff: RestartBackoff, known: Backoff | undefined): Backoff {
    const wait = known ?? new Backoff((child) => this.retryLater(child));
    wait.begin(key, backoff);
    return wait;
  }

  /** Counts one restart. When it is one too many, the supervisor has to end. */
  protected allowRestart(spec: FullChildSpec, pid: ChildState): boolean {
    const { intensity, period } = this.limits;
    if (this.#window.allow(intensity, period)) return true;
    this.report('shutdown', 'reached_max_restart_intensity', spec, pid);
    if (supervisorChannel.hasSubscribers) {
      this.#publish({ type: 'intensity_exceeded', id: this.idOf(spec), intensity, period });
    }
    return false;
  }

  protected restartsInWindow(): number {
    return this.#window.count(this.limits.period);
  }

  /** The id under which a child is known to others. */
  protected idOf(spec: FullChildSpec): ChildId | undefined {
    return spec.id;
  }

  /**
   * Stops one child and waits for its end, without leaving the turn if it dies at once.
   * Returns the promise to wait for, if there is one.
   */
  protected stopChild(spec: FullChildSpec, pid: Pid): Promise<void> | undefined {
    const ended = this.#ended.has(pid) ? this.#ended.get(pid) : 'noproc';
    const stopping = new Stopping(this.process, pid, spec.shutdown, ended);
    if (!stopping.done) return stopping.finished().then(() => this.#stopped(spec, pid, stopping));
    this.#stopped(spec, pid, stopping);
    return undefined;
  }

  /** Stops many children at the same time. */
  protected async stopAll(
    children: Iterable<readonly [pid: Pid, spec: FullChildSpec]>,
  ): Promise<void> {
    const waiting: Array<Promise<void>> = [];
    for (const [pid, spec] of children) {
      const pending = this.stopChild(spec, pid);
      if (pending !== undefined) waiting.push(pending);
    }
    await Promise.all(waiting);
  }

  #stopped(spec: FullChildSpec, pid: Pid, { reason }: Stopping): void {
    const expected =
      reason === 'shutdown' ||
      (spec.shutdown === 'brutal_kill' && reason === 'killed') ||
      (spec.restart !== 'permanent' && isSoftReason(reason));
    if (!expected) this.report('shutdown_error', reason, spec, pid);
    this.publishTerminated(spec, pid, reason);
  }

  protected report(
    context: ReportContext,
    reason: ExitReason,
    spec: FullChildSpec,
    pid: ChildState,
  ): void {
    report(this.process, context, reason, spec, pid);
  }

  protected publishStarted(
    type: 'child_started' | 'restarted',
    spec: FullChildSpec,
    pid: Pid,
  ): void {
    if (supervisorChannel.hasSubscribers) this.#publish({ type, id: this.idOf(spec), pid });
  }

  /** A child was restarted (without a pid: its start failed and will be tried again). */
  protected publishRestart(spec: FullChildSpec, pid: Pid | undefined): void {
    if (pid !== undefined) this.publishStarted('restarted', spec, pid);
    if (!restartChannel.hasSubscribers) return;
    const restarts = this.restartsInWindow();
    restartChannel.publish({
      type: 'restart',
      supervisor: this.process.pid,
      id: spec.id,
      pid,
      restarts,
    } satisfies RestartEvent);
  }

  protected publishTerminated(spec: FullChildSpec, pid: ChildState, reason: ExitReason): void {
    if (!supervisorChannel.hasSubscribers) return;
    this.#publish({ type: 'child_terminated', id: this.idOf(spec), pid, reason });
  }

  #publish(event: object): void {
    const { pid: supervisor, registeredName: name } = this.process;
    supervisorChannel.publish({ supervisor, name, ...event });
  }
}
