/** The loop of a supervisor with named children: one_for_one, one_for_all, rest_for_one. */
import type { ChildId, RestartBackoff } from '../process/start/child-spec.ts';
import { isSoftReason, type ExitReason } from '../process/exit-reason.ts';
import { Pid, processOf } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import type { Pending } from '../gen-server/gen.ts';
import { checkChildSpec, checkChildSpecs, Invalid, type FullFlags } from './check-spec.ts';
import { ChildRecord, type FullChildSpec } from './child-record.ts';
import { ChildTable } from './child-table.ts';
import {
  Failed,
  startChild,
  Started,
  thrownInSupervisor,
  type StartOutcome,
} from './start-child.ts';
import { granted, refused, SupervisorBase, type Answer, type Refused } from './supervisor-base.ts';
import type { ChildCounts, ChildInfo, ChildState, SupervisorDetails } from './types.ts';

const isPid = (state: ChildState): state is Pid => state !== undefined && state !== 'restarting';

export class StaticLoop extends SupervisorBase {
  /** What the module of the supervisor keeps with it, such as the table of a PartitionSupervisor. */
  readonly attachment: unknown;
  readonly #children = new ChildTable();
  #flags: FullFlags;

  constructor(process: Process, parent: Pid | undefined, flags: FullFlags, attachment: unknown) {
    super(process, parent);
    this.attachment = attachment;
    this.#flags = flags;
  }

  protected override get limits(): FullFlags {
    return this.#flags;
  }

  /** Starts the first children, in order; gives the reason when one of them fails. */
  async boot(specs: readonly FullChildSpec[]): Promise<Failed | undefined> {
    for (const spec of specs) this.#children.add(new ChildRecord(spec));
    // From here on it is told of children that end, and `processInfo` shows its children.
    this.process.behaviour = this;
    const failed = await this.#startAll([...this.#children], 'child_started');
    if (failed === undefined || this.process.dead) return undefined;
    await this.terminate();
    const { child, reason } = failed;
    return new Failed({ shutdown: ['failed_to_start_child', child.id, reason] });
  }

  override details(): SupervisorDetails & Readonly<Record<string, unknown>> {
    const { strategy, intensity, period } = this.#flags;
    const children = Array.from(this.#children, ({ spec, pid, restarts }) => {
      return { id: spec.id, pid, type: spec.type, restart: spec.restart, restarts };
    });
    return { strategy, intensity, period, restarts: this.restartsInWindow(), children };
  }

  protected override answer(
    operation: unknown,
    [arg]: readonly unknown[],
  ): Answer | Promise<Answer> | undefined {
    switch (operation) {
      case 'startChild':
        return this.#startNew(arg);
      case 'terminateChild':
        return this.#terminateById(arg as ChildId);
      case 'restartChild':
        return this.#restartById(arg as ChildId);
      case 'deleteChild':
        return this.#deleteById(arg as ChildId);
      case 'whichChildren':
        return granted(Array.from(this.#children, describe).toReversed());
      case 'whichChild':
        return this.#find(arg, (child) => granted(describe(child)));
      case 'countChildren':
        return granted(this.#count());
      case 'getChildSpec':
        return this.#find(arg, (child) => granted(child.spec));
      case 'changeSpecs':
        return this.#change(arg as { flags: FullFlags; specs: readonly unknown[] });
      default:
        return undefined;
    }
  }

  protected override childExited(pid: Pid, reason: ExitReason): Pending {
    const child = this.#children.byPid(pid);
    if (child === undefined) return undefined;
    const { restart } = child.spec;
    const soft = isSoftReason(reason);
    if (!soft || restart === 'permanent') this.report('child_terminated', reason, child.spec, pid);
    this.publishTerminated(child.spec, pid, reason);
    if (restart === 'permanent' || (restart === 'transient' && !soft)) {
      const { backoff } = child.spec;
      return backoff === undefined ? this.#restart(child) : this.#restartAfter(child, backoff);
    }
    this.#drop(child);
    return this.#mustShutDown(child) ? this.end('shutdown') : undefined;
  }

  protected override retry(key: unknown): Pending {
    const child = this.#children.byId(key);
    return child?.pid === 'restarting' ? this.#restart(child) : undefined;
  }

  protected override async terminate(): Promise<void> {
    for (const child of [...this.#children].toReversed()) {
      if (!isPid(child.pid)) continue;
      const pending = this.stopChild(child.spec, child.pid);
      if (pending !== undefined) await pending;
      this.#children.setState(child, undefined);
    }
  }

  drop(): void {
    for (const { backoff } of this.#children) backoff?.cancel();
  }

  async #restart(child: ChildRecord): Promise<void> {
    if (!this.allowRestart(child.spec, child.pid)) {
      this.#drop(child);
      return this.end('shutdown');
    }
    const failed =
      this.#flags.strategy === 'one_for_one'
        ? await this.#restartOne(child)
        : await this.#restartGroup(child);
    if (failed !== undefined && !this.process.dead) this.#retryLater(failed);
  }

  /** Stops the child's group, and starts it again when the child has waited. */
  async #restartAfter(child: ChildRecord, backoff: RestartBackoff): Promise<void> {
    if (this.#flags.strategy !== 'one_for_one') await this.#stopGroup(child);
    if (this.process.dead) return;
    this.#children.setState(child, 'restarting');
    child.backoff = this.wait(child.id, backoff, child.backoff);
  }

  #retryLater(failed: ChildRecord): void {
    const { backoff } = failed.spec;
    if (backoff === undefined) this.retryLater(failed.id);
    else failed.backoff = this.wait(failed.id, backoff, failed.backoff);
  }

  /** Starts one child again; gives it back if that failed. */
  async #restartOne(child: ChildRecord): Promise<ChildRecord | undefined> {
    const started = this.#run(child);
    const outcome = started instanceof Promise ? await started : started;
    return this.#restarted(child, outcome) ? undefined : child;
  }

  /** Stops the child's group in reverse order and starts it again; gives the one that failed. */
  async #restartGroup(child: ChildRecord): Promise<ChildRecord | undefined> {
    const group = await this.#stopGroup(child);
    return (await this.#startAll(group, 'restarted'))?.child;
  }

  /** Stops the child's group in reverse order; gives those of it that are to be started again. */
  async #stopGroup(child: ChildRecord): Promise<ChildRecord[]> {
    this.#children.setState(child, undefined);
    const wholeGroup = this.#flags.strategy === 'one_for_all';
    const group = [...(wholeGroup ? this.#children : this.#children.from(child))];
    for (const member of group.toReversed()) {
      if (isPid(member.pid)) {
        const pending = this.stopChild(member.spec, member.pid);
        if (pending !== undefined) await pending;
      }
      this.#drop(member);
    }
    return group.filter((member) => !member.temporary);
  }

  /** Starts children in order, up to the first that fails: that one is `'restarting'` then. */
  async #startAll(
    children: readonly ChildRecord[],
    event: 'child_started' | 'restarted',
  ): Promise<{ child: ChildRecord; reason: ExitReason } | undefined> {
    for (const child of children) {
      const started = this.#run(child);
      const outcome = started instanceof Promise ? await started : started;
      if (event === 'restarted' && this.#restarted(child, outcome)) continue;
      if (outcome instanceof Failed) {
        if (event === 'child_started')
          this.report('start_error', outcome.reason, child.spec, undefined);
        return { child, reason: outcome.reason };
      }
      this.#up(child, outcome, event);
    }
    return undefined;
  }

  /** Applies the outcome of a restart. */
  #restarted(child: ChildRecord, outcome: StartOutcome): boolean {
    if (outcome instanceof Started) {
      child.restarts++;
      child.backoff?.started();
      this.#up(child, outcome, 'restarted');
      return true;
    }
    this.report('start_error', outcome.reason, child.spec, child.pid);
    this.#children.setState(child, 'restarting');
    this.publishRestart(child.spec, undefined);
    return false;
  }

  #run(child: ChildRecord): StartOutcome | Promise<StartOutcome> {
    return startChild(child.spec.start, [], thrownInSupervisor);
  }

  /** The child runs; a temporary one that chose not to start is forgotten. */
  #up(child: ChildRecord, { pid }: Started, event: 'child_started' | 'restarted'): void {
    if (pid === undefined && child.temporary) {
      this.#drop(child);
      return;
    }
    this.#children.setState(child, pid);
    if (pid === undefined) return;
    if (event === 'restarted') this.publishRestart(child.spec, pid);
    else this.publishStarted(event, child.spec, pid);
  }

  #startNew(value: unknown): Answer | Promise<Answer> {
    const spec = checkChildSpec(value, this.#flags.autoShutdown);
    if (spec instanceof Invalid) return refused(spec.reason);
    const known = this.#children.byId(spec.id);
    if (known !== undefined) {
      return refused(isPid(known.pid) ? ['already_started', known.pid] : 'already_present');
    }
    const child = new ChildRecord(spec);
    const finish = (outcome: StartOutcome): Answer => {
      if (outcome instanceof Started) {
        if (outcome.pid !== undefined || !child.temporary) this.#children.add(child);
        this.#up(child, outcome, 'child_started');
        return granted(outcome.result);
      }
      const { reason } = outcome;
      this.report('start_error', reason, spec, undefined);
      return refused(isAlreadyStarted(reason) ? reason : [reason, child]);
    };
    const started = this.#run(child);
    return started instanceof Promise ? started.then(finish) : finish(started);
  }

  #terminateById(id: ChildId): Answer | Promise<Answer> {
    return this.#find(id, (child) => {
      const finish = (): Answer => {
        this.#drop(child);
        return granted();
      };
      if (!isPid(child.pid)) return finish();
      const pending = this.stopChild(child.spec, child.pid);
      return pending === undefined ? finish() : pending.then(finish);
    });
  }

  #restartById(id: ChildId): Answer | Promise<Answer> {
    return this.#findStopped(id, (child) => {
      const finish = (outcome: StartOutcome): Answer => {
        if (outcome instanceof Failed) {
          this.report('start_error', outcome.reason, child.spec, undefined);
          return refused(outcome.reason);
        }
        this.#up(child, outcome, 'child_started');
        return granted(outcome.result);
      };
      const started = this.#run(child);
      return started instanceof Promise ? started.then(finish) : finish(started);
    });
  }

  #deleteById(id: ChildId): Answer | Promise<Answer> {
    return this.#findStopped(id, (child) => {
      this.#children.remove(child);
      return granted();
    });
  }

  #find<A>(id: unknown, use: (child: ChildRecord) => A): A | Refused {
    const child = this.#children.byId(id);
    return child === undefined ? refused('not_found') : use(child);
  }

  #findStopped<A>(id: ChildId, use: (child: ChildRecord) => A): A | Refused {
    return this.#find(id, (child) => {
      if (child.pid === undefined) return use(child);
      return refused(child.pid === 'restarting' ? 'restarting' : 'running');
    });
  }

  #count(): ChildCounts {
    let active = 0;
    let supervisors = 0;
    for (const { spec, pid } of this.#children) {
      if (isPid(pid) && processOf(pid) !== undefined) active++;
      if (spec.type === 'supervisor') supervisors++;
    }
    const specs = this.#children.size;
    return { specs, active, supervisors, workers: specs - supervisors };
  }

  /** Takes new flags and specifications; running children are left alone. */
  #change({ flags, specs }: { flags: FullFlags; specs: readonly unknown[] }): Answer {
    if (flags.strategy === 'simple_one_for_one') {
      return refused(['error', ['invalid_strategy', flags.strategy]]);
    }
    const checked = checkChildSpecs(specs, flags.autoShutdown);
    if (checked instanceof Invalid) return refused(['error', checked.reason]);
    const children = new Set<ChildRecord>();
    for (const spec of checked) {
      const child = this.#children.byId(spec.id) ?? new ChildRecord(spec);
      child.spec = spec;
      children.add(child);
    }
    for (const child of this.#children) children.add(child);
    this.#children.replace([...children]);
    this.#flags = flags;
    return granted();
  }

  /** The child stays down: a temporary one is forgotten, the others are kept. */
  #drop(child: ChildRecord): void {
    this.#children.setState(child, undefined);
    if (child.temporary) this.#children.remove(child);
  }

  /** Whether the end of a child that is not restarted ends the supervisor. */
  #mustShutDown(child: ChildRecord): boolean {
    const { autoShutdown } = this.#flags;
    if (!child.spec.significant || autoShutdown === 'never') return false;
    return autoShutdown === 'any_significant' || !this.#children.hasSignificant;
  }
}

const describe = ({ spec, pid }: ChildRecord): ChildInfo => ({ id: spec.id, pid, type: spec.type });

function isAlreadyStarted(reason: ExitReason): boolean {
  return Array.isArray(reason) && reason[0] === 'already_started' && Pid.isPid(reason[1]);
}
