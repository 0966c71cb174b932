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
  type DirectStream,
  type Lease,
  type PoolOptions,
  type RequestOptions,
  type SharedConnection,
} from '../../src/index.ts';
import { findInstance, type Instance } from '../../src/instance/instance.ts';
import { uniqueName } from './unique-name.ts';
import { checkPools, describePools, watchLimits } from './pool-invariants.ts';
import { WorldServer, type WorldProtocol } from './world-server.ts';

export interface WorldOptions {
  readonly protocol: WorldProtocol;
  /** How many requests the server allows on an HTTP/2 connection at a time. */
  readonly streams: number | 'infinity';
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
  /** Requests whose bodies have not come to their end. */
  readonly streams: DirectStream[] = [];
  /** Connections that were taken out of their pools. */
  readonly unlisted: SharedConnection[] = [];
  /** Stops and resizes that are under way. */
  readonly background: Promise<unknown>[] = [];
  /** Whether the order of leases can be told: not with several shards. */
  ordered = true;
  callers: Pid[] = [];
  supervisor!: SupervisorHandle;
  readonly server: WorldServer;
  pools: readonly ReturnType<typeof Pool.new>[] = [];
  clock = new TestClock();
  private readonly options: WorldOptions;
  private readonly before = processSnapshot();
  private readonly crashes = captureCrashReports();
  private readonly granted: [number, number] = [-1, -1];
  private asked = 0;
  private pings = 0;
  private ending = false;
  private readonly unexpected: string[] = [];
  private readonly unwatch: () => void;

  constructor(options: WorldOptions) {
    this.options = options;
    this.server = new WorldServer(options.protocol);
    this.unwatch = watchLimits((text) => this.unexpected.push(text));
  }

  async start(): Promise<this> {
    const { userManaged, maxConnections, pool, streams } = this.options;
    await this.server.start(streams);
    this.clock.install();
    const pools = ['a', 'b'].map((tag) => Pool.new(this.server.url, { tag }));
    this.pools = pools;
    // The second one is of the default configuration, and started by its first request.
    const first = { ...pool, ...this.server.optionsFor(0) };
    const [mine] = pools as [Pool, Pool];
    this.supervisor = await Supervisor.startLink(
      [
        Finch.childSpec({
          name: this.name,
          maxConnections,
          pools: [
            ['default', { ...pool, ...this.server.optionsFor(1) }],
            ...(['both', 'announced'].includes(this.options.protocol) && !userManaged
              ? [[mine, first] as const]
              : []),
          ],
        }),
        ...(userManaged
          ? [Pool.childSpec({ finch: this.name, pool: mine, ...first, id: 'mine' })]
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

  checkout(caller: number, pool: number, shared = false): void {
    const { finch } = this;
    if (finch === undefined) return;
    const pending = this.track(caller, pool, async (signal) => {
      const key = this.key(pool);
      const lease = await (shared
        ? finch.checkoutShared(key, { signal })
        : finch.checkout(key, { signal }));
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

  ping(caller: number, pool: number, timeout: number): void {
    const { finch } = this;
    if (finch === undefined) return;
    this.track(caller, pool, async (signal) => {
      this.pings++;
      await finch.ping(this.key(pool), { timeout, signal }).finally(() => this.pings--);
    });
  }

  /** Begins a request on a lease whose body is written later. */
  openStream(lease: Lease): void {
    let stream: DirectStream;
    try {
      stream = lease.openStream('POST', '/hold');
    } catch (error) {
      this.expected(error);
      return;
    }
    this.streams.push(stream);
    const read = stream.response.then((response) => response.bytes());
    this.background.push(
      Promise.all([stream.write('piece'), read]).catch((error: unknown) => this.expected(error)),
    );
  }

  /** A process takes a connection out of its pool: until it puts it back, or dies. */
  unlist(caller: number, pool: number): void {
    send(this.caller(caller), () => {
      try {
        const { finch } = this;
        const connection = finch?.checkoutH2(this.key(pool)) ?? finch?.checkoutH3(this.key(pool));
        if (connection === undefined) return;
        const isQuic = connection.protocol === 'http3';
        if (!(isQuic ? finch?.unregisterH3(connection) : finch?.unregisterH2(connection))) return;
        this.unlisted.push(connection);
        this.background.push(
          connection.request('/hold').catch((error: unknown) => this.expected(error)),
        );
      } catch (error) {
        this.expected(error);
      }
    });
  }

  /** Puts one back. */
  list(index: number): void {
    const [connection] = this.unlisted.splice(index % Math.max(1, this.unlisted.length), 1);
    const { finch } = this;
    if (finch === undefined) connection?.close();
    else if (connection?.protocol === 'http3') finch.registerH3(connection.pool, connection);
    else if (connection !== undefined) finch.registerH2(connection.pool, connection);
  }

  /** What failed must have failed with an error of the package. */
  expected(error: unknown): void {
    if (!isFinchError(error)) this.unexpected.push(String(error));
  }

  /** What holds at any moment; and, when all processes are at rest, what the host limits count. */
  check(atRest: boolean): void {
    const { instance } = this;
    assert.equal(this.unexpected.join('; '), '');
    if (instance === undefined) return;
    const leases = this.leases.filter(({ released }) => !released).length;
    checkPools(instance, atRest, leases + this.pings);
  }

  /** Everything comes to its end, and nothing is left. */
  async finish(): Promise<void> {
    this.ending = true;
    this.server.open();
    for (const stream of this.streams.splice(0)) stream.cancel();
    while (this.unlisted.length > 0) this.list(0);
    for (const lease of this.leases.splice(0)) lease.release();
    const isPending = (): boolean => this.pending.some(({ settled }) => !settled);
    // The world has its time first; then that of the limits passes, for each of a few attempts.
    for (let turn = 0; turn < 100 && isPending(); turn++) await turns(1);
    for (let round = 0; round < 1000 && isPending(); round++) {
      await this.clock.advance(100);
      await turns(2);
    }
    assert.deepEqual(
      this.pending.filter(({ settled }) => !settled),
      [],
      `every request ends: ${this.instance === undefined ? '' : describePools(this.instance)}`,
    );
    await this.clock.advance(20_000);
    await Promise.allSettled(this.background);
    await eventually(() => {
      for (const { pool } of this.instance?.pools() ?? []) {
        for (const { figures } of pool.live) {
          const { inUse, inFlight, queued, connecting } = figures;
          assert.equal(inUse + inFlight + queued + connecting, 0, JSON.stringify(figures));
        }
      }
      this.check(true);
    });
    await eventually(async () => {
      const open = this.instance?.hostLimits.count() ?? 0;
      assert.equal(await this.server.connections(), open, 'the server has as many connections');
    });
    assert.equal(this.instance?.waiting ?? 0, 0);
  }

  /** Stops everything; `isDone` says that nothing may be left. */
  async stop(isDone: boolean): Promise<void> {
    this.ending = true;
    for (const caller of this.callers) exit(caller, 'kill');
    const stopped = isAlive(this.supervisor.pid) ? this.supervisor.stop() : undefined;
    for (let round = 0; round < 20 && isAlive(this.supervisor.pid); round++) {
      await this.clock.advance(1000);
    }
    await stopped;
    this.clock.uninstall();
    this.unwatch();
    this.crashes[Symbol.dispose]();
    if (!isDone) {
      await this.server.close();
      return;
    }
    await eventually(async () => assert.equal(await this.server.connections(), 0));
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
          this.expected(error);
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
