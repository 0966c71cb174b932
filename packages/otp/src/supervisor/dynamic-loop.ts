/** The loop of a DynamicSupervisor: children come and go one by one, and stop all at once. */
import { isSoftReason, type ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { Pending } from '../gen-server/gen.ts';
import type { DynamicFlags } from './check-dynamic.ts';
import type { Backoff } from './backoff.ts';
import type { FullChildSpec } from './child-record.ts';
import {
  startChild,
  Started,
  thrownInDynamicSupervisor,
  type StartOutcome,
} from './start-child.ts';
import { Granted, Refused, SupervisorBase, type Answer } from './supervisor-base.ts';
import type { ChildCounts, ChildInfo, SupervisorDetails } from './types.ts';

interface Entry {
  readonly spec: FullChildSpec;
  restarting: boolean;
  restarts: number;
  /** The wait before its next restart, if there has been one. */
  backoff: Backoff | undefined;
}

export class DynamicLoop extends SupervisorBase {
  /** By pid; a child that is being restarted stays under its old one. */
  readonly #children = new Map<Pid, Entry>();
  #flags: DynamicFlags;

  constructor(process: Process, parent: Pid | undefined, flags: DynamicFlags) {
    super(process, parent);
    this.#flags = flags;
  }

  protected override get limits(): DynamicFlags {
    return this.#flags;
  }

  protected override idOf(): undefined {
    return undefined;
  }

  override details(): SupervisorDetails & Readonly<Record<string, unknown>> {
    const { intensity, period, maxChildren } = this.#flags;
    const children = [...this.#children].map(([pid, entry]) => {
      const { restart } = entry.spec;
      return { ...describe(pid, entry), restart, restarts: entry.restarts };
    });
    const restarts = this.restartsInWindow();
    return { strategy: 'one_for_one', intensity, period, restarts, children, maxChildren };
  }

  protected override answer(
    operation: unknown,
    [arg]: readonly unknown[],
  ): Answer | Promise<Answer> | undefined {
    switch (operation) {
      case 'startDynamicChild':
        return this.#startNew(arg as FullChildSpec);
      case 'terminateChild':
        return this.#terminateByPid(arg as Pid);
      case 'whichChildren':
        return new Granted([...this.#children].map(([pid, entry]) => describe(pid, entry)));
      case 'countChildren':
        return new Granted(this.#count());
      case 'changeOptions':
        this.#flags = arg as DynamicFlags;
        return new Granted();
      default:
        return undefined;
    }
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

  async #restart(pid: Pid, entry: Entry): Promise<void> {
    if (!this.allowRestart(entry.spec, entry.restarting ? 'restarting' : pid)) {
      this.#children.delete(pid);
      return this.end('shutdown');
    }
    const started = this.#run(entry.spec);
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
    this.report('start_error', outcome.reason, entry.spec, 'restarting');
    entry.restarting = true;
    this.publishRestart(entry.spec, undefined);
    if (this.process.dead) return undefined;
    const { backoff } = entry.spec;
    if (backoff === undefined) this.retryLater(pid);
    else entry.backoff = this.wait(pid, backoff, entry.backoff);
    return undefined;
  }

  #run(spec: FullChildSpec): StartOutcome | Promise<StartOutcome> {
    return startChild(spec.start, this.#flags.extraArguments, thrownInDynamicSupervisor);
  }

  #startNew(spec: FullChildSpec): Answer | Promise<Answer> {
    if (this.#children.size >= this.#flags.maxChildren) return new Refused('max_children');
    const finish = (outcome: StartOutcome): Answer => {
      if (!(outcome instanceof Started)) return new Refused(outcome.reason);
      const { pid } = outcome;
      if (pid !== undefined) {
        this.#children.set(pid, { spec, restarting: false, restarts: 0, backoff: undefined });
        this.publishStarted('child_started', spec, pid);
      }
      return new Granted(outcome.result);
    };
    const started = this.#run(spec);
    return started instanceof Promise ? started.then(finish) : finish(started);
  }

  #terminateByPid(pid: Pid): Answer | Promise<Answer> {
    const entry = this.#children.get(pid);
    if (entry === undefined) return new Refused('not_found');
    const finish = (): Answer => {
      entry.backoff?.cancel();
      this.#children.delete(pid);
      return new Granted();
    };
    const pending = entry.restarting ? undefined : this.stopChild(entry.spec, pid);
    return pending === undefined ? finish() : pending.then(finish);
  }

  #count(): ChildCounts {
    let active = 0;
    let workers = 0;
    for (const { spec, restarting } of this.#children.values()) {
      if (!restarting) active++;
      if (spec.type === 'worker') workers++;
    }
    const specs = this.#children.size;
    return { specs, active, supervisors: specs - workers, workers };
  }
}

function describe(pid: Pid, { spec, restarting }: Entry): ChildInfo {
  return { id: undefined, pid: restarting ? 'restarting' : pid, type: spec.type };
}
