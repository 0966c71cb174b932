/** One application: its root supervisor, from start to end. */
import type { ChildSpec } from '../process/start/child-spec.ts';
import { detached } from '../process/context.ts';
import { currentLogger } from '../process/reports/crash-report.ts';
import { formatReason, type ExitReason } from '../process/exit-reason.ts';
import { outside } from '../process/links/link.ts';
import { processes } from '../process/local-process.ts';
import { onDeath } from '../process/links/on-death.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { signalExit } from '../process/links/signals.ts';
import { whereis } from '../process/names/server-ref.ts';
import { stopServer } from '../gen-server/server-handle.ts';
import type { SupervisorHandle } from '../supervisor/client.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { Deadline } from './deadline.ts';
import { ApplicationError } from './errors.ts';
import type { CheckedOptions } from './options.ts';

/** How an application has ended. */
export interface ApplicationEnd {
  /** The exit reason of its root supervisor; `'shutdown'` when it was stopped. */
  readonly reason: ExitReason;
  /** Whether it was asked to stop, and did so in time. */
  readonly orderly: boolean;
}

export class RunningApplication {
  readonly options: CheckedOptions;
  /** Resolves when the application has ended in any way. */
  readonly done: Promise<ApplicationEnd>;
  readonly #onEnd: (application: RunningApplication, end: ApplicationEnd) => void;
  #resolveDone: (end: ApplicationEnd) => void = () => {};
  #starting: Promise<void> | undefined;
  #supervisor: SupervisorHandle | undefined;
  #rootEnd: Promise<ExitReason> | undefined;
  #stopping: Promise<ApplicationEnd> | undefined;
  #stopRequested = false;
  #timedOut = false;

  constructor(
    options: CheckedOptions,
    onEnd: (application: RunningApplication, end: ApplicationEnd) => void,
  ) {
    this.options = options;
    this.#onEnd = onEnd;
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  get name(): string {
    return this.options.name;
  }

  /** Whether it is up, and not about to end. */
  get running(): boolean {
    return this.#supervisor !== undefined && this.#stopping === undefined;
  }

  /** Whether it ends because it was asked to. */
  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  /** Whether it had to be killed at the end of its time. */
  get timedOut(): boolean {
    return this.#timedOut;
  }

  /** The root supervisor, once it is up. */
  get supervisor(): SupervisorHandle {
    return this.#supervisor as SupervisorHandle;
  }

  /** Starts the tree, as plain code: the process that starts an application is not its parent. */
  start(): Promise<void> {
    return (this.#starting = detached(() => this.#start()));
  }

  async #start(): Promise<void> {
    const { name, children, strategy, maxRestarts, maxSeconds } = this.options;
    try {
      this.#supervisor = await Supervisor.startLink(children as readonly ChildSpec[], {
        strategy,
        name: this.#rootName,
        ...(maxRestarts === undefined ? undefined : { maxRestarts }),
        ...(maxSeconds === undefined ? undefined : { maxSeconds }),
      });
    } catch (error) {
      const failure = ApplicationError.startFailed(name, error);
      this.#end({ reason: failure.reason, orderly: !this.#stopRequested });
      throw failure;
    }
    this.#rootEnd = new Promise((resolve) => {
      onDeath(this.supervisor.pid, (reason) => {
        resolve(reason);
        if (this.#stopping === undefined) void this.#endedByItself(reason);
      });
    });
  }

  /** Stops in order: `prepStop`, the tree, `stop`. Asked twice, it is stopped once. */
  stop(): Promise<ApplicationEnd> {
    return (this.#stopping ??= detached(() => this.#stopInOrder()));
  }

  async #stopInOrder(): Promise<ApplicationEnd> {
    this.#stopRequested = true;
    const { shutdownTimeout, prepStop, stop } = this.options;
    const deadline = new Deadline(shutdownTimeout);
    const started = this.#starting?.catch(() => {}) ?? Promise.resolve();
    await deadline.wait(started);
    if (deadline.expired) this.#kill();
    await started;
    const rootEnd = this.#rootEnd;
    if (rootEnd === undefined) {
      deadline.cancel();
      return this.done; // it never was up
    }
    await deadline.wait(this.#callback('prepStop', prepStop));
    if (!deadline.expired) {
      stopServer(this.supervisor.pid, 'shutdown').catch(() => {});
      await deadline.wait(rootEnd);
    }
    if (deadline.expired) this.#kill();
    const reason = await rootEnd;
    await deadline.wait(this.#callback('stop', stop, reason));
    if (deadline.expired) this.#timedOut = true;
    deadline.cancel();
    const end = { reason, orderly: !this.#timedOut && reason === 'shutdown' };
    this.#end(end);
    return end;
  }

  async #endedByItself(reason: ExitReason): Promise<void> {
    const end = { reason, orderly: false };
    this.#stopping = this.done;
    currentLogger().error(
      { application: this.name, reason },
      `application ${this.name} exited: ${formatReason(reason)}`,
    );
    const deadline = new Deadline(this.options.shutdownTimeout);
    await deadline.wait(this.#callback('stop', this.options.stop, reason));
    deadline.cancel();
    this.#end(end);
  }

  get #rootName(): string {
    return `${this.name}.Supervisor`;
  }

  #kill(): void {
    this.#timedOut = true;
    const root = whereis(this.#rootName);
    if (root !== undefined) killTree(root);
  }

  #end(end: ApplicationEnd): void {
    this.#onEnd(this, end);
    this.#resolveDone(end);
  }

  /** A callback that fails must not keep the rest from being stopped. */
  async #callback<Args extends unknown[]>(
    what: string,
    callback: ((...args: Args) => unknown) | undefined,
    ...args: Args
  ): Promise<void> {
    try {
      await callback?.(...args);
    } catch (error) {
      currentLogger().error(
        { application: this.name, reason: error },
        `${what} of application ${this.name} failed: ${formatReason(error)}`,
      );
    }
  }
}

/** Kills the root and all processes that it, or what it started, has started. */
function killTree(root: Pid): void {
  const pids = new Set([root]);
  const tree: Process[] = [];
  // Oldest first, so a process comes after the one that started it.
  for (const process of processes()) {
    const { pid, startedBy } = process;
    if (pid !== root && (startedBy === undefined || !pids.has(startedBy))) continue;
    pids.add(pid);
    tree.push(process);
  }
  for (const process of tree) signalExit(process, outside, 'kill');
}
