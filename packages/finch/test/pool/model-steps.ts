/** The steps of the model test: what callers, servers, pools and fate do. */
import { exit } from '@linnet/otp';
import fc, { type AsyncCommand } from 'fast-check';
import { requireInstance } from '../../src/instance/instance.ts';
import { turns, type World } from '../support/pool-world.ts';

export type Step = AsyncCommand<object, World>;

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

/** Error codes of HTTP/2 (RFC 9113, 7). */
const noError = 0;
const internalError = 2;
const refusedStream = 7;
const cancel = 8;

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
      connectTimeout: fc.constantFrom(undefined, undefined, 1000),
    })
    .map(({ caller: by, pool: at, path, connectTimeout, ...limits }) => {
      const options = { ...limits, ...(connectTimeout === undefined ? {} : { connectTimeout }) };
      return step(`request ${path} of pool ${at} by ${by} ${JSON.stringify(options)}`, (world) =>
        world.request(by, at, path, options),
      );
    }),
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

/** What happens whatever is spoken. */
export const commands: readonly fc.Arbitrary<Step>[] = [
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
      world.server.release(count);
      await turns(3);
    }),
  ),
  fc
    .constantFrom(10, 100, 1000, 6000)
    .map((ms) => step(`${ms} ms pass`, ({ clock }) => clock.advance(ms))),
  fc.constant(
    step('the server closes its connections', async (world) => {
      world.server.destroyConnections();
      await turns(3);
    }),
  ),
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
  fc.record({ pool, size: fc.integer({ min: 1, max: 4 }) }).map(({ pool: at, size }) =>
    step(`pool ${at} has ${size} connections at most from here on`, (world) => {
      const { finch } = world;
      if (finch?.findPool(world.key(at)) !== undefined) finch.setPoolSize(world.key(at), size);
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
        finch.startPool(world.key(at), { size: 2, ...world.server.optionsFor(at) }).catch(() => {}),
      );
    }),
  ),
  fc.constantFrom(1, 3, Number.POSITIVE_INFINITY).map((cap) =>
    step(`maxConnections is ${cap} from here on`, ({ instance }) => {
      if (instance !== undefined) requireInstance(instance.name).hostLimits.maxConnections = cap;
    }),
  ),
];

/** What happens to connections that several use. */
export const sharedCommands: readonly fc.Arbitrary<Step>[] = [
  fc
    .record({ caller, pool, count: fc.integer({ min: 2, max: 6 }) })
    .map(({ caller: by, pool: at, count }) =>
      step(`${count} requests of pool ${at} by ${by}`, (world) => {
        for (let left = count; left > 0; left--) world.request(by, at, '/hold', {});
      }),
    ),
  fc
    .record({ caller, pool })
    .map(({ caller: by, pool: at }) =>
      step(`shared checkout of pool ${at} by ${by}`, (world) => world.checkout(by, at, true)),
    ),
  which.map((index) =>
    step(`stream on lease ${index}`, (world) => {
      const lease = world.leases[index % Math.max(1, world.leases.length)];
      if (lease !== undefined) world.openStream(lease);
    }),
  ),
  fc.record({ which, isEnd: fc.boolean() }).map(({ which: index, isEnd }) =>
    step(`stream ${index} ${isEnd ? 'ends' : 'is cancelled'}`, ({ streams }) => {
      const [stream] = streams.splice(index % Math.max(1, streams.length), 1);
      if (isEnd) stream?.end({ 'x-sum': '1' });
      else stream?.cancel();
    }),
  ),
  fc
    .record({ caller, pool, timeout: fc.constantFrom(50, 5000) })
    .map(({ caller: by, pool: at, timeout }) =>
      step(`ping of pool ${at} by ${by} within ${timeout} ms`, (world) =>
        world.ping(by, at, timeout),
      ),
    ),
  fc
    .record({ caller, pool })
    .map(({ caller: by, pool: at }) =>
      step(`caller ${by} takes a connection out of pool ${at}`, (world) => world.unlist(by, at)),
    ),
  which.map((index) => step(`connection ${index} is put back`, (world) => world.list(index))),
  fc
    .record({ which, code: fc.constantFrom(refusedStream, refusedStream, cancel) })
    .map(({ which: index, code }) =>
      step(`the server resets request ${index} with ${code}`, async (world) => {
        await turns(3);
        world.server.reset(index, code);
        await turns(3);
      }),
    ),
  fc
    .record({
      code: fc.constantFrom(noError, noError, internalError),
      lastStream: fc.constantFrom(undefined, undefined, 1),
    })
    .map(({ code, lastStream }) =>
      step(`the server says GOAWAY ${code} after ${lastStream ?? 'all'}`, async (world) => {
        world.server.goaway(code, lastStream);
        await turns(3);
      }),
    ),
  fc.constant(
    step('the server winds down its connections', async (world) => {
      world.server.windDown();
      await turns(3);
    }),
  ),
  fc.constantFrom(0, 1, 2, 3, 'infinity' as const).map((streams) =>
    step(`the server takes ${streams} requests at a time`, async (world) => {
      world.server.allow(streams);
      await turns(3);
    }),
  ),
  fc.constant(step('what was sent arrives', () => turns(6))),
];
