/** The loop of a simple_one_for_one supervisor: all children are started from one template. */
import type { ChildId } from '../process/child-spec.ts';
import { isSoftReason, type ExitReason } from '../process/exit-reason.ts';
import { Pid, processOf } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { Pending } from '../gen-server/gen.ts';
import { checkChildSpecs, Invalid, type FullFlags } from './check-spec.ts';
import type { Backoff } from './backoff.ts';
import type { FullChildSpec } from './child-record.ts';
import { startChild, Started, thrownInSupervisor, type StartOutcome } from './start-child.ts';
import { Granted, Refused, SupervisorBase, type Answer } from './supervisor-base.ts';
import type { ChildCounts, ChildInfo, SupervisorDetails } from './types.ts';

/** One child: the arguments it was started with. */
interface Entry {
  readonly args: readonly unknown[];
  restarting: boolean;
  restarts: number;
  /** The wait before its next restart, if there has been one. */
  backoff: Backoff | undefined;
}

export class SimpleLoop extends SupervisorBase {
  /** By pid; a child that is being restarted stays under its old one. */
  readonly #children = new Map<Pid, Entry>();
  #flags: FullFlags;
  #template: FullChildSpec;

  constructor(
    process: Process,
    parent: Pid | undefined,
    flags: FullFlags,
    template: FullChildSpec,
  ) {
    super(process, parent);
    this.#flags = flags;
    this.#template = template;
  }

  protected override get limits(): FullFlags {
    return this.#flags;
  }

  protected override idOf(): undefined {
    return undefined;
  }

  override details(): SupervisorDetails & Readonly<Record<string, unknown>> {
    const { strategy, intensity, period } = this.#flags;
    const { restart } = this.#template;
    const children = [...this.#children].map(([pid, entry]) => {
      return { ...this.#describe(pid, entry), restart, restarts: entry.restarts };
    });
    return { strategy, intensity, period, restarts: this.restartsInWindow(), children };
  }

  protected override answer(
    operation: unknown,
    [arg, raw]: readonly unknown[],
  ): Answer | Promise<Answer> | undefined {
    switch (operation) {
      case 'startChild':
        return this.#startNew(raw);
      case 'terminateChild':
        return this.#terminateByPid(arg);
      case 'restartChild':
      case 'deleteChild':
        return new Refused('simple_one_for_one');
      case 'whichChildren':
        return new Granted([...this.#children].map(([pid, entry]) => this.#describe(pid, entry)));
      case 'whichChild':
        return this.#which(arg);
      case 'countChildren':
        return new Granted(this.#count());
      case 'getChildSpec':
        return this.#specOf(arg);
      case 'changeSpecs':
        return this.#change(arg as { flags: FullFlags; specs: readonly unknown[] });
      default:
        return undefined;
    }
  }

  protected override childExited(pid: Pid, reason: ExitReason): Pending {
    const entry = this.#children.get(pid);
    if (entry === undefined || entry.restarting) return undefined;
    const template = this.#template;
    const { restart } = template;
    const soft = isSoftReason(reason);
    if (!soft || restart === 'permanent') this.report('child_terminated', reason, template, pid);
    this.publishTerminated(template, pid, reason);
    if (restart === 'permanent' || (restart === 'transient' && !soft)) {
      const { backoff } = template;
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
    const template = this.#template;
    const running = [...this.#children].filter(([, entry]) => !entry.restarting);
    this.drop();
    this.#children.clear();
    return this.stopAll(running.map(([pid]) => [pid, template]));
  }

  drop(): void {
    for (const { backoff } of this.#children.values()) backoff?.cancel();
  }

  async #restart(pid: Pid, entry: Entry): Promise<void> {
    if (!this.allowRestart(this.#template, entry.restarting ? 'restarting' : pid)) {
      this.#children.delete(pid);
      return this.end('shutdown');
    }
    const started = this.#run(entry.args);
    const outcome = started instanceof Promise ? await started : started;
    if (outcome instanceof Started) {
      this.#children.delete(pid);
      if (outcome.pid === undefined) return undefined;
      entry.restarting = false;
      entry.restarts++;
      entry.backoff?.started();
      this.#children.set(outcome.pid, entry);
      this.publishRestart(this.#template, outcome.pid);
      return undefined;
    }
    this.report('start_error', outcome.reason, this.#template, pid);
    entry.restarting = true;
    this.publishRestart(this.#template, undefined);
    if (this.process.dead) return undefined;
    const { backoff } = this.#template;
    if (backoff === undefined) this.retryLater(pid);
    else entry.backoff = this.wait(pid, backoff, entry.backoff);
    return undefined;
  }

  #run(args: readonly unknown[]): StartOutcome | Promise<StartOutcome> {
    return startChild(this.#template.start, args, thrownInSupervisor);
  }

  #startNew(args: unknown): Answer | Promise<Answer> {
    if (!Array.isArray(args)) return new Refused(['badarg', args]);
    const finish = (outcome: StartOutcome): Answer => {
      if (!(outcome instanceof Started)) return new Refused(outcome.reason);
      const { pid } = outcome;
      if (pid !== undefined) {
        this.#children.set(pid, { args, restarting: false, restarts: 0, backoff: undefined });
        this.publishStarted('child_started', this.#template, pid);
      }
      return new Granted(outcome.result);
    };
    const started = this.#run(args);
    return started instanceof Promise ? started.then(finish) : finish(started);
  }

  #terminateByPid(pid: unknown): Answer | Promise<Answer> {
    if (!Pid.isPid(pid)) return new Refused('simple_one_for_one');
    const entry = this.#children.get(pid);
    if (entry === undefined) return strangerOr(pid, () => new Granted());
    const finish = (): Answer => {
      entry.backoff?.cancel();
      this.#children.delete(pid);
      return new Granted();
    };
    const pending = entry.restarting ? undefined : this.stopChild(this.#template, pid);
    return pending === undefined ? finish() : pending.then(finish);
  }

  #which(pid: unknown): Answer {
    if (!Pid.isPid(pid)) return new Refused('simple_one_for_one');
    const entry = this.#children.get(pid);
    if (entry === undefined) return new Refused('not_found');
    return new Granted(this.#describe(pid, entry));
  }

  #specOf(pid: unknown): Answer {
    if (!Pid.isPid(pid)) return new Refused('simple_one_for_one');
    const template = (): Answer => new Granted(this.#template);
    return this.#children.has(pid) ? template() : strangerOr(pid, template);
  }

  #count(): ChildCounts {
    const workers = this.#template.type === 'worker' ? this.#children.size : 0;
    let active = 0;
    for (const entry of this.#children.values()) if (!entry.restarting) active++;
    return { specs: 1, active, supervisors: this.#children.size - workers, workers };
  }

  #describe(pid: Pid, { restarting }: Entry): ChildInfo & { readonly id: ChildId | undefined } {
    return { id: undefined, pid: restarting ? 'restarting' : pid, type: this.#template.type };
  }

  #change({ flags, specs }: { flags: FullFlags; specs: readonly unknown[] }): Answer {
    if (flags.strategy !== 'simple_one_for_one') {
      return new Refused(['error', ['invalid_strategy', flags.strategy]]);
    }
    const checked = checkChildSpecs(specs, flags.autoShutdown);
    if (checked instanceof Invalid) return new Refused(['error', checked.reason]);
    const [template] = checked;
    if (template === undefined || checked.length > 1) {
      return new Refused(['error', ['ok', [flags, specs]]]);
    }
    this.#flags = flags;
    this.#template = template;
    return new Granted();
  }
}

/** OTP takes any dead pid for a former child; a living stranger is not found. */
function strangerOr(pid: Pid, dead: () => Answer): Answer {
  return processOf(pid) === undefined ? dead() : new Refused('not_found');
}
