/** Random trees whose processes fail in random places, and what must hold of them at any moment. */
import {
  exit,
  GenServer,
  getState,
  ignore,
  isAlive,
  monitor,
  processInfo,
  receive,
  registered,
  reply,
  self,
  send,
  spawn,
  stop,
  Supervisor,
  trapExit,
  whereis,
  DynamicSupervisor,
  type ChildInfo,
  type ChildSpec,
  type ExitReason,
  type Pid,
  type Restart,
  type RestartEvent,
  type Startable,
  type Strategy,
  type SupervisorDetails,
} from '@linnet/otp';
import { settle, type TestClock } from '@linnet/otp/testing';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** How a start may fail, in init. */
export type InitFault = 'stop' | 'throw' | 'ignore' | 'killed';

/** What a worker does when it is stopped. */
export type Ending = 'clean' | 'throw' | 'exit' | 'slow' | 'too slow';

export interface WorkerNode {
  readonly kind: 'worker';
  readonly restart: Restart;
  readonly trap: boolean;
  readonly named: boolean;
  readonly ending: Ending;
}

export interface SupervisorNode {
  readonly kind: 'supervisor';
  readonly restart: Restart;
  readonly strategy: Strategy | 'dynamic';
  readonly maxRestarts: number;
  readonly children: readonly TreeNode[];
}

export type TreeNode = WorkerNode | SupervisorNode;

interface Plan {
  /** The faults of the next starts, the first first. */
  readonly faults: InitFault[];
}

interface Config {
  readonly forest: Forest;
  readonly node: WorkerNode;
  readonly plan: Plan;
}

const never = (): boolean => false;

const Worker = GenServer.define({
  name: 'Worker',
  init: (config: Config) => {
    config.forest.born(self());
    trapExit(config.node.trap);
    switch (config.plan.faults.shift()) {
      case 'stop':
        return stop('bad_init');
      case 'throw':
        throw new Error('init');
      case 'ignore':
        return ignore;
      case 'killed':
        return exit(self(), 'kill') as never;
      default:
        return config;
    }
  },
  handleCall: {
    crash: (): never => {
      throw new Error('call');
    },
    ping: (config) => reply('pong', config),
  },
  handleCast: { end: (config, reason: ExitReason) => stop(reason, config) },
  terminate: async (_reason, { node }) => {
    if (node.ending === 'throw') throw new Error('terminate');
    if (node.ending === 'exit') exit('other');
    if (node.ending === 'slow') await receive(never, { timeout: 10 }).catch(() => {});
    if (node.ending === 'too slow') await receive(never, { timeout: 10_000 }).catch(() => {});
  },
});

/** A tree in play: all processes that were ever part of it, and how they ended. */
const isDynamic = (supervisor: Pid): boolean =>
  processInfo(supervisor)?.label === 'dynamic_supervisor';

export class Forest {
  readonly created: Pid[] = [];
  readonly deaths: Pid[] = [];
  readonly #downs = new Map<Pid, number>();
  readonly #plans = new Map<string, Plan>();
  readonly #watcher: Pid;
  readonly #clock: TestClock;
  readonly #restarts: Array<{ readonly supervisor: Pid; readonly second: number }> = [];
  readonly #countRestart = (event: unknown): void => {
    const { supervisor } = event as RestartEvent;
    this.#restarts.push({ supervisor, second: Math.floor(this.#clock.now() / 1000) });
  };
  #lastId = 0;
  root: Pid | undefined;

  constructor(clock: TestClock) {
    this.#clock = clock;
    subscribe('otp.supervisor.restart', this.#countRestart);
    this.#watcher = spawn(async () => {
      for (;;) {
        const message = (await receive()) as { watch?: Pid; type?: string; pid: Pid };
        if (message.watch !== undefined) monitor(message.watch);
        if (message.type !== 'DOWN') continue;
        this.deaths.push(message.pid);
        this.#downs.set(message.pid, (this.#downs.get(message.pid) ?? 0) + 1);
      }
    });
  }

  /** A process of the tree has begun its init. */
  born(pid: Pid): void {
    this.created.push(pid);
    send(this.#watcher, { watch: pid });
  }

  /** Runs until nothing moves and no timer is armed. */
  async calm(): Promise<void> {
    do {
      await settle();
    } while (this.#clock.pending > 0 && (await this.#clock.advanceToNext()) !== undefined);
  }

  spec(node: TreeNode): ChildSpec<Startable> {
    const id = `n${++this.#lastId}`;
    const { restart } = node;
    if (node.kind === 'supervisor') {
      const specs = node.children.map((child) => this.spec(child));
      const start = () => this.#startSupervisor(node, specs);
      return { id, start, restart, type: 'supervisor' };
    }
    const plan: Plan = { faults: [] };
    this.#plans.set(id, plan);
    const config = { forest: this, node, plan };
    const start = () => Worker.startLink(config, node.named ? { name: `name ${id}` } : undefined);
    return { id, start, restart, shutdown: node.ending === 'slow' ? 5000 : 50 };
  }

  async #startSupervisor(
    { strategy, maxRestarts }: SupervisorNode,
    children: ReadonlyArray<ChildSpec<Startable>>,
  ): Promise<Startable> {
    const flags = { maxRestarts, maxSeconds: 5 };
    if (strategy !== 'dynamic') {
      const init = () => {
        this.born(self());
        return { strategy, ...flags, children };
      };
      return Supervisor.define({ init }).startLink();
    }
    const init = () => {
      this.born(self());
      return flags;
    };
    return DynamicSupervisor.define({ init }).startLink();
  }

  /** Adds a child to a supervisor of the tree; it may refuse. */
  add(parent: Pid, node: TreeNode): Promise<unknown> {
    const spec = this.spec(node);
    return isDynamic(parent)
      ? DynamicSupervisor.startChild(parent, spec)
      : Supervisor.startChild(parent, spec);
  }

  async wait(ms: number): Promise<void> {
    await this.#clock.advance(ms);
  }

  async start(root: SupervisorNode): Promise<void> {
    const started = (await this.spec(root).start()) as { readonly pid: Pid };
    this.root = started.pid;
    await this.calm();
  }

  /** The next starts of a worker fail. */
  plan(id: string, faults: readonly InitFault[]): void {
    this.#plans.get(id)?.faults.push(...faults);
  }

  get workerIds(): string[] {
    return [...this.#plans.keys()];
  }

  /** All children in the tree, the newest first, each before its own. */
  async children(
    supervisor: Pid | undefined = this.root,
  ): Promise<Array<ChildInfo & { readonly parent: Pid }>> {
    if (supervisor === undefined || !isAlive(supervisor)) return [];
    const found: Array<ChildInfo & { readonly parent: Pid }> = [];
    for (const child of await Supervisor.whichChildren(supervisor)) {
      found.push({ ...child, parent: supervisor });
      if (child.type === 'supervisor' && typeof child.pid === 'object') {
        found.push(...(await this.children(child.pid)));
      }
    }
    return found;
  }

  /** The supervisors that are alive, the root first. */
  async supervisors(): Promise<Pid[]> {
    if (this.root === undefined || !isAlive(this.root)) return [];
    const children = await this.children();
    const inner = children.filter(
      ({ type, pid }) => type === 'supervisor' && typeof pid === 'object',
    );
    return [this.root, ...inner.map(({ pid }) => pid as Pid)];
  }

  async workers(): Promise<Pid[]> {
    const children = await this.children();
    return children
      .filter(({ type, pid }) => type === 'worker' && typeof pid === 'object')
      .map(({ pid }) => pid as Pid);
  }

  /** What is wrong; nothing may be, whatever has happened. */
  async faults(): Promise<string[]> {
    const children = await this.children();
    const listed = new Set(children.map(({ pid }) => pid).filter((pid) => typeof pid === 'object'));
    const supervisors = await this.supervisors();
    const alive = this.created.filter((pid) => isAlive(pid));
    const counted = await Promise.all(supervisors.map((pid) => this.#miscounted(pid, children)));
    return [
      ...alive
        .filter((pid) => pid !== this.root && !listed.has(pid))
        .map((pid) => `orphan ${String(pid)}`),
      ...[...listed].filter((pid) => !isAlive(pid)).map((pid) => `dead child ${String(pid)}`),
      ...this.created
        .filter((pid) => this.#downCount(pid) !== (isAlive(pid) ? 0 : 1))
        .map((pid) => `${this.#downCount(pid)} DOWN of ${String(pid)}`),
      ...registered()
        .filter((name) => !listed.has(whereis(name) as Pid))
        .map((name) => `zombie ${String(name)}`),
      ...counted.flat(),
    ];
  }

  async #miscounted(
    supervisor: Pid,
    all: ReadonlyArray<ChildInfo & { readonly parent: Pid }>,
  ): Promise<string[]> {
    const own = all.filter(({ parent }) => parent === supervisor);
    const { specs, active, supervisors, workers } = await Supervisor.countChildren(supervisor);
    const details = (await getState(supervisor)) as SupervisorDetails;
    const expected = [
      own.length,
      own.filter(({ pid }) => typeof pid === 'object' && isAlive(pid)).length,
      own.filter(({ type }) => type === 'supervisor').length,
      own.filter(({ type }) => type === 'worker').length,
    ];
    const faults: string[] = [];
    if ([specs, active, supervisors, workers].join() !== expected.join()) {
      faults.push(
        `counted ${[specs, active, supervisors, workers].join()}, not ${expected.join()}`,
      );
    }
    // Where a restart is one process, the events tell how many there were.
    if (details.strategy === 'one_for_one') {
      const most = this.#mostRestarts(supervisor, details.period);
      if (most > details.intensity) faults.push(`${most} restarts at a time`);
    }
    if (details.restarts > details.intensity) faults.push(`${details.restarts} restarts`);
    if (own.some(({ pid }) => pid === 'restarting'))
      faults.push('a child that waits for its restart');
    return faults;
  }

  /** The most restarts of a supervisor within one period. */
  #mostRestarts(supervisor: Pid, period: number): number {
    const seconds = this.#restarts.filter((one) => one.supervisor === supervisor);
    return Math.max(
      0,
      ...seconds.map(
        ({ second: last }, i) =>
          seconds.slice(0, i + 1).filter(({ second }) => second >= last - period).length,
      ),
    );
  }

  #downCount(pid: Pid): number {
    return this.#downs.get(pid) ?? 0;
  }

  /** Stops the tree; gives what is wrong about the order in which it went down. */
  async stop(): Promise<string[]> {
    const { root } = this;
    if (root === undefined || !isAlive(root)) return [];
    const children = await this.children();
    const own = (pid: Pid) => children.filter(({ parent }) => parent === pid);
    const subtree = (pid: Pid): Pid[] => [
      ...own(pid).flatMap((child) => (typeof child.pid === 'object' ? subtree(child.pid) : [])),
      pid,
    ];
    const dynamic = new Set((await this.supervisors()).filter(isDynamic));
    const stopped = GenServer.stop(root, 'shutdown');
    await this.calm();
    await stopped;
    const order = new Map(this.deaths.map((pid, index) => [pid, index]));
    const when = (pid: Pid): number[] => subtree(pid).map((one) => order.get(one) ?? Number.NaN);
    const faults: string[] = [];
    for (const supervisor of subtree(root)) {
      const times = own(supervisor)
        .map(({ pid }) => pid)
        .filter((pid) => typeof pid === 'object')
        .map(when);
      const last = Math.max(-1, ...times.flat());
      if (!((order.get(supervisor) as number) > last))
        faults.push(`${String(supervisor)} too early`);
      if (dynamic.has(supervisor)) continue;
      for (const [i, newer] of times.slice(0, -1).entries()) {
        if (!(Math.max(...newer) < Math.min(...(times[i + 1] as number[])))) {
          faults.push(`child ${i} of ${String(supervisor)} too late`);
        }
      }
    }
    return faults;
  }

  /** Kills whatever is left. */
  async end(): Promise<void> {
    unsubscribe('otp.supervisor.restart', this.#countRestart);
    for (const pid of this.created) exit(pid, 'kill');
    exit(this.#watcher, 'kill');
    await this.calm();
  }
}
