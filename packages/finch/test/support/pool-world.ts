/**
 * The world of the model test: an instance with two pools of one server, callers
 * that are processes, and everything that is under way between them.
 */
import assert from 'node:assert/strict';
import {
  DynamicSupervisor,
  exit,
  isAlive,
  receive,
  send,
  spawn,
  Supervisor,
  whereis,
  type Pid,
  type SupervisorHandle,
} from '@linnet/otp';
import {
  captureCrashReports,
  eventually,
  expectNoLeaks,
  processSnapshot,
  settle,
  TestClock,
} from '@linnet/otp/testing';
import {
  Finch,
  isFinchError,
  Pool,
  type Lease,
  type PoolOptions,
  type RequestOptions,
} from '../../src/index.ts';
import { findInstance, type Instance } from '../../src/instance/instance.ts';
import { uniqueName } from './app.ts';
import { startHttpServer, type HttpServer } from './http-server.ts';

export interface WorldOptions {
  readonly userManaged: boolean;
  readonly maxConnections: number | 'infinity';
  readonly pool: PoolOptions;
}

/** Something that was asked for and has not ended yet, or has. */
interface Pending {
  readonly controller: AbortController;
  /** Of a lease: its place in the order in which leases of its pool were asked for. */
  readonly place: number;
  readonly pool: number;
  readonly holder: Pid;
  settled: boolean;
}

export class World {
  readonly name = uniqueName();
  readonly pending: Pending[] = [];
  readonly leases: Lease[] = [];
  /** Stops and resizes that are under way. */
  readonly background: Promise<unknown>[] = [];
  /** Whether the order of leases can be told: not with several shards. */
  ordered = true;
  callers: Pid[] = [];
  supervisor!: SupervisorHandle;
  server!: HttpServer;
  pools: readonly ReturnType<typeof Pool.new>[] = [];
  clock = new TestClock();
  private readonly options: WorldOptions;
  private readonly before = processSnapshot();
  private readonly crashes = captureCrashReports();
  private readonly held: (() => void)[] = [];
  private readonly granted: [number, number] = [-1, -1];
  private asked = 0;
  private ending = false;
  private readonly unexpected: string[] = [];

  constructor(options: WorldOptions) {
    this.options = options;
  }

  async start(): Promise<this> {
    this.server = await startHttpServer((request, response) => {
      request.resume();
      const answer = (): void => void response.end('OK');
      if (this.ending || request.url === '/now') answer();
      else this.held.push(answer);
    });
    this.clock.install();
    const { userManaged, maxConnections, pool } = this.options;
    this.pools = ['a', 'b'].map((tag) => Pool.new(this.server.url, { tag }));
    const [first] = this.pools;
    this.supervisor = await Supervisor.startLink(
      [
        Finch.childSpec({ name: this.name, maxConnections, pools: { default: pool } }),
        ...(userManaged && first !== undefined
          ? [Pool.childSpec({ finch: this.name, pool: first, ...pool, id: 'mine' })]
          : []),
      ],
      { strategy: 'one_for_one', maxRestarts: 10_000 },
    );
    this.callers = [newCaller(), newCaller()];
    return this;
  }

  get instance(): Instance | undefined {
    return findInstance(this.name);
  }

  get finch(): Finch | undefined {
    return this.instance === undefined ? undefined : Finch.get(this.name);
  }

  poolPid(index: number): Pid | undefined {
    return this.finch?.findPool(this.key(index));
  }

  key(index: number): string {
    return (this.pools[index] as { key: string }).key;
  }

  caller(index: number): Pid {
    const caller = this.callers[index] as Pid;
    if (isAlive(caller)) return caller;
    return (this.callers[index] = newCaller());
  }

  request(caller: number, pool: number, path: string, options: RequestOptions): void {
    const { finch } = this;
    if (finch === undefined) return;
    const request = Finch.build('GET', `${this.server.url}${path}`, undefined, undefined, {
      poolTag: pool === 0 ? 'a' : 'b',
    });
    this.track(caller, pool, (signal) => finch.request(request, { ...options, signal }));
  }

  checkout(caller: number, pool: number): void {
    const { finch } = this;
    if (finch === undefined) return;
    const pending = this.track(caller, pool, async (signal) => {
      const lease = await finch.checkout(this.key(pool), { signal });
      if (this.ordered) {
        const last = this.granted[pool] as number;
        if (last > pending.place)
          this.unexpected.push(`lease ${last} came before ${pending.place}`);
        this.granted[pool] = Math.max(last, pending.place);
      }
      if (this.ending) lease.release();
      else this.leases.push(lease);
    });
  }

  release(count: number): void {
    for (const answer of this.held.splice(0, count)) answer();
  }

  /** What holds at any moment; and, when all processes are at rest, what the ledger says. */
  check(atRest: boolean): void {
    const { instance } = this;
    assert.equal(this.unexpected.join('; '), '');
    if (instance === undefined) return;
    const { ledger } = instance;
    const shards = instance.pools().flatMap(({ pool }) => pool.live);
    const anyIdle = shards.some(({ idleCount }) => idleCount > 0);
    let open = 0;
    for (const { pool } of instance.pools()) {
      for (const shard of pool.live) {
        const { inUse, idle, connecting, queued, size } = shard.figures;
        const text = `${pool.identity.key}/${shard.index} ${JSON.stringify(shard.figures)}`;
        for (const figure of [inUse, idle, connecting, queued]) assert(figure >= 0, text);
        assert.equal(inUse + idle + connecting, shard.open, text);
        if (shard.options.whenFull !== 'overflow') assert(shard.open <= size, text);
        assert(idle <= size, text);
        if (queued > 0 && !shard.draining) {
          assert.equal(idle, 0, `somebody waits beside an idle connection: ${text}`);
          const room = ledger.count() < ledger.maxConnections;
          assert(shard.open >= size || !room, `somebody waits beside a free slot: ${text}`);
          assert(
            shard.open >= size || !anyIdle,
            `somebody waits for the slot of an idle one: ${text}`,
          );
        }
        open += shard.open;
      }
    }
    // The connections of a pool that was killed take a moment to end.
    if (atRest) assert.equal(ledger.count(), open, 'the ledger counts what is open');
    else assert(ledger.count() >= open, 'the ledger counts what is open');
    assert(instance.waiting >= 0);
  }

  /** Everything comes to its end, and nothing is left. */
  async finish(): Promise<void> {
    this.ending = true;
    this.release(this.held.length);
    for (const lease of this.leases.splice(0)) lease.release();
    for (let round = 0; round < 400 && this.pending.some(({ settled }) => !settled); round++) {
      await this.clock.advance(100);
      await turns(2);
    }
    assert.deepEqual(
      this.pending.filter(({ settled }) => !settled),
      [],
      'every request ends',
    );
    await this.clock.advance(20_000);
    await Promise.allSettled(this.background);
    await eventually(() => {
      for (const { pool } of this.instance?.pools() ?? []) {
        for (const { figures } of pool.live) {
          assert.equal(figures.inUse + figures.queued + figures.connecting, 0);
        }
      }
      this.check(true);
    });
    assert.equal(this.instance?.waiting ?? 0, 0);
  }

  async stop(): Promise<void> {
    this.ending = true;
    for (const caller of this.callers) exit(caller, 'kill');
    const stopped = isAlive(this.supervisor.pid) ? this.supervisor.stop() : undefined;
    for (let round = 0; round < 20 && isAlive(this.supervisor.pid); round++) {
      await this.clock.advance(1000);
    }
    await stopped;
    this.clock.uninstall();
    this.crashes[Symbol.dispose]();
    await eventually(async () => assert.equal(await this.sockets(), 0));
    await this.server.close();
    await expectNoLeaks(this.before);
    const bugs = this.crashes.reports.filter(({ reason }) => reason instanceof Error);
    assert.deepEqual(
      bugs.map(({ label, reason }) => `${label}: ${(reason as Error).stack}`),
      [],
    );
  }

  async killConnection(pool: number, index: number): Promise<void> {
    const connections = this.instance?.pool(this.key(pool))?.connections;
    if (connections === undefined || !isAlive(connections)) return;
    const children = await DynamicSupervisor.whichChildren(connections).catch(() => []);
    const pid = children[index % Math.max(1, children.length)]?.pid;
    if (typeof pid === 'object') exit(pid, 'kill');
  }

  kill(part: string): void {
    const pid = whereis(part);
    if (pid !== undefined) exit(pid, 'kill');
  }

  /** The server ends all its connections. */
  async closeSockets(): Promise<void> {
    this.server.server.closeAllConnections();
    await turns(3);
  }

  private sockets(): Promise<number> {
    return new Promise((resolve) => {
      this.server.server.getConnections((_error, count) => resolve(count));
    });
  }

  private track(
    caller: number,
    pool: number,
    run: (signal: AbortSignal) => Promise<unknown>,
  ): Pending {
    const holder = this.caller(caller);
    const controller = new AbortController();
    const place = this.asked++;
    const pending: Pending = { controller, place, pool, holder, settled: false };
    this.pending.push(pending);
    send(holder, () => {
      run(controller.signal).then(
        () => {
          pending.settled = true;
        },
        (error: unknown) => {
          pending.settled = true;
          if (!isFinchError(error)) this.unexpected.push(String(error));
        },
      );
    });
    // Not sent by a process that was dead by then.
    return pending;
  }
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
  await settle();
}

function newCaller(): Pid {
  return spawn(async () => {
    for (;;) ((await receive()) as () => void)();
  });
}
