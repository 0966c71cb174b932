/**
 * Any interleaving of requests, leases, cancellation, crashes, restarts and
 * changes of the pools: after each step the figures are those of the world, and
 * at the end every request has ended and nothing is left.
 */
import { exit } from '@linnet/otp';
import fc, { type AsyncCommand } from 'fast-check';
import { test } from 'vitest';
import { requireInstance } from '../../src/instance/instance.ts';
import { turns, World, type WorldOptions } from '../support/pool-world.ts';

type Step = AsyncCommand<object, World>;

/** A step: what it does, and then what holds. */
function step(name: string, run: (world: World) => unknown): Step {
  return {
    check: () => true,
    run: async (_model, world) => {
      await run(world);
      world.check(false);
      await turns(1);
      world.check(true);
    },
    toString: () => name,
  };
}

const pool = fc.integer({ min: 0, max: 1 });
const caller = fc.integer({ min: 0, max: 1 });
const which = fc.nat({ max: 20 });

/** What happens most of the time. */
const traffic = [
  fc
    .record({
      caller,
      pool,
      path: fc.constantFrom('/now', '/hold'),
      poolTimeout: fc.constantFrom(50, 5000),
      requestTimeout: fc.constantFrom(200, 'infinity' as const),
      receiveTimeout: fc.constantFrom(100, 15_000),
    })
    .map(({ caller: by, pool: at, path, ...options }) =>
      step(`request ${path} of pool ${at} by ${by} ${JSON.stringify(options)}`, (world) =>
        world.request(by, at, path, options),
      ),
    ),
  fc
    .record({ caller, pool })
    .map(({ caller: by, pool: at }) =>
      step(`checkout of pool ${at} by ${by}`, (world) => world.checkout(by, at)),
    ),
  which.map((index) =>
    step(`checkin ${index}`, ({ leases }) => {
      leases.splice(index % Math.max(1, leases.length), 1)[0]?.release();
    }),
  ),
  which.map((index) =>
    step(`double checkin ${index}`, ({ leases }) => {
      const [lease] = leases.splice(index % Math.max(1, leases.length), 1);
      lease?.release();
      lease?.release();
    }),
  ),
  fc
    .record({ caller, pool, count: fc.integer({ min: 2, max: 4 }) })
    .map(({ caller: by, pool: at, count }) =>
      step(`${count} checkouts of pool ${at} by ${by}`, (world) => {
        for (let left = count; left > 0; left--) world.checkout(by, at);
      }),
    ),
];

const commands = [
  ...traffic,
  ...traffic,
  ...traffic,
  ...traffic,
  which.map((index) =>
    step(`request on lease ${index}`, (world) => {
      const { leases } = world;
      const lease = leases[index % Math.max(1, leases.length)];
      if (lease !== undefined) world.background.push(lease.request('/hold').catch(() => {}));
    }),
  ),
  which.map((index) =>
    step(`abort ${index}`, ({ pending }) => {
      const open = pending.filter(({ settled }) => !settled);
      open[index % Math.max(1, open.length)]?.controller.abort();
    }),
  ),
  fc.integer({ min: 1, max: 3 }).map((count) =>
    step(`the server answers ${count}`, async (world) => {
      await turns(3);
      world.release(count);
      await turns(3);
    }),
  ),
  fc
    .constantFrom(10, 100, 1000, 6000)
    .map((ms) => step(`${ms} ms pass`, ({ clock }) => clock.advance(ms))),
  fc.constant(step('the server closes its connections', (world) => world.closeSockets())),
  caller.map((index) =>
    step(`caller ${index} is killed`, (world) => exit(world.caller(index), 'kill')),
  ),
  fc
    .record({ pool, which })
    .map(({ pool: at, which: index }) =>
      step(`connection ${index} of pool ${at} is killed`, (world) =>
        world.killConnection(at, index),
      ),
    ),
  pool.map((at) =>
    step(`the process of pool ${at} is killed`, (world) => {
      const it = world.instance?.pool(world.key(at));
      const [shard] = it?.live ?? [];
      if (it !== undefined && shard !== undefined) exit(it.processOf(shard), 'kill');
    }),
  ),
  pool.map((at) =>
    step(`the supervisor of pool ${at} is killed`, (world) => {
      const pid = world.poolPid(at);
      if (pid !== undefined) exit(pid, 'kill');
    }),
  ),
  pool.map((at) =>
    step(`the connections supervisor of pool ${at} is killed`, (world) => {
      const pid = world.instance?.pool(world.key(at))?.connections;
      if (pid !== undefined) exit(pid, 'kill');
    }),
  ),
  fc.constantFrom('', '.Registry', '.HostLimits', '.Pools', '.Manager').map((part) =>
    step(`the instance's ${part === '' ? 'supervisor' : part} is killed`, async (world) => {
      world.kill(`${world.name}${part}`);
      await turns(1);
    }),
  ),
  fc.record({ pool, count: fc.integer({ min: 1, max: 3 }) }).map(({ pool: at, count }) =>
    step(`pool ${at} is resized to ${count} shards`, (world) => {
      world.ordered = false;
      const { finch } = world;
      if (finch?.findPool(world.key(at)) === undefined) return;
      world.background.push(finch.setPoolCount(world.key(at), count).catch(() => {}));
    }),
  ),
  fc.record({ pool, count: fc.integer({ min: 1, max: 4 }) }).map(({ pool: at, count }) =>
    step(`pool ${at} is warmed to ${count}`, (world) => {
      for (const shard of world.instance?.pool(world.key(at))?.live ?? []) shard.prewarm(count);
    }),
  ),
  fc.record({ pool, grace: fc.constantFrom(0, 100, 5000) }).map(({ pool: at, grace }) =>
    step(`pool ${at} is stopped, grace ${grace}`, (world) => {
      const { finch } = world;
      if (finch === undefined) return;
      world.background.push(finch.stopPool(world.key(at), { grace }).catch(() => {}));
    }),
  ),
  pool.map((at) =>
    step(`pool ${at} is started`, (world) => {
      const { finch } = world;
      if (finch === undefined) return;
      world.background.push(
        world.supervisor.restartChild('mine').catch(() => {}),
        finch.startPool(world.key(at), { size: 2 }).catch(() => {}),
      );
    }),
  ),
  fc.constantFrom(1, 3, Number.POSITIVE_INFINITY).map((cap) =>
    step(`maxConnections is ${cap} from here on`, ({ instance }) => {
      if (instance !== undefined) requireInstance(instance.name).ledger.maxConnections = cap;
    }),
  ),
];

const worlds: fc.Arbitrary<WorldOptions> = fc.record({
  userManaged: fc.boolean(),
  maxConnections: fc.constantFrom(1, 2, 'infinity' as const),
  pool: fc.record({
    size: fc.integer({ min: 1, max: 3 }),
    count: fc.constant(1),
    maxQueue: fc.constantFrom(1, 'infinity' as const),
    whenFull: fc.constantFrom('queue', 'queue', 'fail', 'overflow'),
    prewarm: fc.constantFrom(0, 0, 1),
    connMaxIdleTime: fc.constantFrom(0, 100, 'infinity' as const),
    poolMaxIdleTime: fc.constantFrom(500, 'infinity' as const),
    maxConnectionAge: fc.constantFrom(300, 'infinity' as const),
    maxRequestsPerConnection: fc.constantFrom(2, 'infinity' as const),
  }),
});

const runs = Number(process.env['LINNET_MODEL_RUNS'] ?? 60);

test(
  'figures equal reality after every step, and nothing is left at the end [D13] [H73]',
  { timeout: 60_000 + runs * 1000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        worlds,
        fc.commands(commands, { maxCommands: 60, size: 'max' }),
        async (options, steps) => {
          const world = await new World(options).start();
          try {
            await fc.asyncModelRun(() => ({ model: {}, real: world }), steps);
            await world.finish();
          } finally {
            await world.stop();
          }
        },
      ),
      { numRuns: runs, interruptAfterTimeLimit: 50_000 + runs * 900, markInterruptAsFailure: true },
    );
  },
);
