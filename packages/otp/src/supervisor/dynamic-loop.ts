/**
 * The loop of a supervisor whose children come and go one by one, and stop all at once:
 * DynamicSupervisor and `simple_one_for_one`. A {@link DynamicKind} has what differs between the two.
 */
import type { Pending } from '../gen-server/gen.ts';
import { isSoftReason, type ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { Backoff } from './backoff.ts';
import type { FullChildSpec } from './child-record.ts';
import { startChild, Started, type OnThrown, type StartOutcome } from './start-child.ts';
import { granted, refused, SupervisorBase, type Answer } from './supervisor-base.ts';
import type { ChildCounts, ChildInfo, SupervisorDetails } from './types.ts';

/** What a kind of supervisor decides for its loop. */
export interface DynamicKind {
  /** Restarts allowed within the period, and the period in seconds. */
  readonly limits: { readonly intensity: number; readonly period: number };
  /** The outcome of a start function that has thrown. */
  readonly onThrown: OnThrown;
  /** Whether the report of a restart that failed has the former pid; else `'restarting'`. */
  readonly reportsFormerPid: boolean;
  /** Its settings, as `processInfo` shows them. */
  readonly settings: Pick<SupervisorDetails, 'strategy' | 'intensity' | 'period'> & object;
  /** Handles a request; undefined for one that it does not know. */
  answer(
    operation: unknown,
    args: readonly unknown[],
    children: DynamicChildren,
  ): Answer | Promise<Answer> | undefined;
}

/** The children, for the requests of a kind. */
export interface DynamicChildren {
  readonly size: number;
  has(pid: Pid): boolean;
  /** Undefined for a pid that is not a child. */
  info(pid: Pid): ChildInfo | undefined;
  all(): ChildInfo[];
  count(): ChildCounts;
  startNew(spec: FullChildSpec, args: readonly unknown[]): Answer | Promise<Answer>;
  /** Call only for a child. */
  terminateChild(pid: Pid): Answer | Promise<Answer>;
  /** Restarts of all children take these from now on. */
  change(start: { readonly spec?: FullChildSpec; readonly args?: readonly unknown[] }): void;
}

interface Entry {
  spec: FullChildSpec;
  /** The arguments of its start function. */
  args: readonly unknown[];
  restarting: boolean;
  restarts: number;
  /** The wait before its next restart, if there has been one. */
  backoff: Backoff | undefined;
}

export class DynamicLoop extends SupervisorBase implements DynamicChildren {
  /** By pid; a child that is being restarted stays under its old one. */
  readonly #children = new Map<Pid, Entry>();
  readonly #kind: DynamicKind;

  constructor(process: Process, parent: Pid | undefined, kind: DynamicKind) {
    super(process, parent);
    this.#kind = kind;
  }

  protected override get limits(): DynamicKind['limits'] {
    return this.#kind.limits;
  }

  protected override idOf(): undefined {
    return undefined;
  }

  override details(): SupervisorDetails & Readonly<Record<string, unknown>> {
    const children = [...this.#children].map(([pid, entry]) => {
      const { restart } = entry.spec;
      return { ...describe(pid, entry), restart, restarts: entry.restarts };
    });
    return { ...this.#kind.settings, restarts: this.restartsInWindow(), children };
  }

  protected override answer(
    operation: unknown,
    args: readonly unknown[],
  ): Answer | Promise<Answer> | undefined {
    if (operation === 'whichChildren') return granted(this.all());
    return this.#kind.answer(operation, args, this);
  }

  protected override childExited(pid: Pid, reason: ExitReason): Pending {
    const entry = this.#children.get(pid);
    if (entry === undefined || entry.restarting) return undefined;
    const { spec } = entry;
    const soft = isSoftReason(reason);
    if (!soft || spec.restart === 'permanent') {
      this.report('child_terminated', reason, spec, pid);
    }
    this.publishTerminated(spec, pid, reason);
    if (spec.restart === 'permanent' || (spec.restart === 'transient' && !soft)) {
      const { backoff } = spec;
      if (backoff === undefined) return this.#restart(pid, entry);
      entry.restarting = true;
      entry.backoff = this.wait(pid, backoff, entry.backoff);
      return undefined;
    }
    this.#children.delete(pid);
    return undefined;
  }

  protected override retry(key: unknown): Pending {
    const entry = this.#children.get(key as Pid);
    return entry?.restarting === true ? this.#restart(key as Pid, entry) : undefined;
  }

  protected override terminate(): Promise<void> {
    const running = [...this.#children].filter(([, entry]) => !entry.restarting);
    this.drop();
    this.#children.clear();
    return this.stopAll(running.map(([pid, { spec }]) => [pid, spec]));
  }

  drop(): void {
    for (const { backoff } of this.#children.values()) backoff?.cancel();
  }

  get size(): number {
    return this.#children.size;
  }

  has(pid: Pid): boolean {
    return this.#children.has(pid);
  }

  info(pid: Pid): ChildInfo | undefined {
    const entry = this.#children.get(pid);
    return entry && describe(pid, entry);
  }

  all(): ChildInfo[] {
    return [...this.#children].map(([pid, entry]) => describe(pid, entry));
  }

  count(): ChildCounts {
    let active = 0;
    let workers = 0;
    for (const { spec, restarting } of this.#children.values()) {
      if (!restarting) active++;
      if (spec.type === 'worker') workers++;
    }
    const specs = this.#children.size;
    return { specs, active, supervisors: specs - workers, workers };
  }

  startNew(spec: FullChildSpec, args: readonly unknown[]): Answer | Promise<Answer> {
    const finish = (outcome: StartOutcome): Answer => {
      if (!(outcome instanceof Started)) return refused(outcome.reason);
      const { pid } = outcome;
      if (pid !== undefined) {
        this.#children.set(pid, { spec, args, restarting: false, restarts: 0, backoff: undefined });
        this.publishStarted('child_started', spec, pid);
      }
      return granted(outcome.result);
    };
    const started = startChild(spec.start, args, this.#kind.onThrown);
    return started instanceof Promise ? started.then(finish) : finish(started);
  }

  terminateChild(pid: Pid): Answer | Promise<Answer> {
    const entry = this.#children.get(pid) as Entry;
    const finish = (): Answer => {
      entry.backoff?.cancel();
      this.#children.delete(pid);
      return granted();
    };
    const pending = entry.restarting ? undefined : this.stopChild(entry.spec, pid);
    return pending === undefined ? finish() : pending.then(finish);
  }

  change(start: { readonly spec?: FullChildSpec; readonly args?: readonly unknown[] }): void {
    for (const entry of this.#children.values()) Object.assign(entry, start);
  }

  async #restart(pid: Pid, entry: Entry): Promise<void> {
    if (!this.allowRestart(entry.spec, entry.restarting ? 'restarting' : pid)) {
      this.#children.delete(pid);
      return this.end('shutdown');
    }
    const started = startChild(entry.spec.start, entry.args, this.#kind.onThrown);
    const outcome = started instanceof Promise ? await started : started;
    if (outcome instanceof Started) {
      this.#children.delete(pid);
      if (outcome.pid === undefined) return undefined;
      entry.restarting = false;
      entry.restarts++;
      entry.backoff?.started();
      this.#children.set(outcome.pid, entry);
      this.publishRestart(entry.spec, outcome.pid);
      return undefined;
    }
    const { reportsFormerPid } = this.#kind;
    this.report('start_error', outcome.reason, entry.spec, reportsFormerPid ? pid : 'restarting');
    entry.restarting = true;
    this.publishRestart(entry.spec, undefined);
    if (this.process.dead) return undefined;
    const { backoff } = entry.spec;
    if (backoff === undefined) this.retryLater(pid);
    else entry.backoff = this.wait(pid, backoff, entry.backoff);
    return undefined;
  }
}

function describe(pid: Pid, { spec, restarting }: Entry): ChildInfo {
  return { id: undefined, pid: restarting ? 'restarting' : pid, type: spec.type };
}
