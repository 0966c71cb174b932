import {
  DynamicSupervisor,
  exit,
  isAlive,
  spawn,
  Supervisor,
  whereis,
  type ChildTemplate,
  type Pid,
  type SupervisorError,
  type SupervisorHandle,
} from '@linnet/otp';
import {
  captureCrashReports,
  eventually,
  inProcess,
  processSnapshot,
  settle,
} from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  Finch,
  InstanceNotFoundError,
  Pool,
  PoolDownError,
  PoolNotFoundError,
} from '../../src/index.ts';
import { findInstance } from '../../src/instance/instance.ts';
import { openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { uniqueName } from '../support/unique-name.ts';
import { startGateServer } from '../support/gate-server.ts';

/** Instance and pool in one list, as documented; requests with the tag go to the user's pool. */
async function appWithPool(
  options: Parameters<typeof startApp>[0] & { poolOptions?: object } = {},
) {
  const { poolOptions, ...rest } = options;
  const server = await startGateServer();
  const pool = Pool.new(server.url, { tag: 'api' });
  const app = await startApp({
    children: (finch) => [Pool.childSpec({ finch, pool, size: 2, ...poolOptions })],
    ...rest,
  });
  const build = (path: string) =>
    Finch.build('GET', `${server.url}${path}`, undefined, undefined, { poolTag: 'api' });
  const ask = (path = '/now', request?: Parameters<Finch['request']>[1]) =>
    app.finch.request(build(path), request);
  const supervisorOfPool = () => {
    const pid = app.finch.findPool(pool);
    if (pid === undefined) throw new Error('no pool');
    return pid;
  };
  return { ...app, server, pool, ask, supervisorOfPool };
}

describe('a pool in the user’s tree', () => {
  test('starts and serves in one list with its instance [D19] [F94] [F95]', async () => {
    const { finch, ask, pool, supervisor } = await appWithPool();

    const response = await ask();

    expect(response.status).toBe(200);
    expect(response.text()).toBe('OK');
    const [listing] = finch.listPools();
    expect(listing).toMatchObject({ userManaged: true, status: 'up' });
    expect(listing?.pool.key).toBe(pool.key);
    const children = await supervisor.whichChildren();
    expect(children.map(({ pid }) => pid)).toContain(finch.findPool(pool));
  });

  test('is restarted by its owner, not by Finch [D19]', async () => {
    using _ = captureCrashReports();
    const { finch, ask, pool, supervisor, supervisorOfPool } = await appWithPool();
    const before = supervisorOfPool();

    exit(before, 'kill');
    await settle();

    const after = supervisorOfPool();
    expect(after).not.toBe(before);
    const children = await supervisor.whichChildren();
    expect(children.find(({ id }) => id === `${finch.name}/${pool.key}`)?.pid).toBe(after);
    expect((await ask()).status).toBe(200);
    expect(finch.listPools()).toHaveLength(1);
  });

  test('does not fall back to the default options while it is down: requests wait for it [D19]', async () => {
    using _ = captureCrashReports();
    const { finch, ask, pool, supervisor, name } = await appWithPool();
    const id = `${name}/${pool.key}`;
    await supervisor.terminateChild(id);
    expect(finch.findPool(pool)).toBeUndefined();

    const waiting = ask();
    await settle();
    expect(finch.listPools()).toEqual([]);
    await supervisor.restartChild(id);

    expect((await waiting).status).toBe(200);
    expect(finch.listPools()[0]?.userManaged).toBe(true);
  });

  test('does not fall back to the default options while it is down: requests fail with PoolDownError [D19]', async () => {
    const { finch, ask, pool, supervisor, name } = await appWithPool();
    await supervisor.terminateChild(`${name}/${pool.key}`);

    const error = await rejection(ask('/now', { poolTimeout: 20 }));

    expect(error).toBeInstanceOf(PoolDownError);
    expect(error).toMatchObject({ code: 'ERR_FINCH_POOL_DOWN', pool: pool.key, limit: 20 });
    expect((error as PoolDownError).waited).toBeGreaterThanOrEqual(20);
    expect(finch.listPools()).toEqual([]);
  });

  test('does not lose its key to startPool while it is down', async () => {
    const { finch, pool, supervisor, name } = await appWithPool();
    await supervisor.terminateChild(`${name}/${pool.key}`);

    const error = await rejection(finch.startPool(pool));

    expect(error).toBeInstanceOf(PoolDownError);
    await supervisor.restartChild(`${name}/${pool.key}`);
    expect(finch.listPools()[0]?.userManaged).toBe(true);
  });

  test('does not lose its key when the owner is killed and started anew', async () => {
    using _ = captureCrashReports();
    const server = await startGateServer();
    const pool = Pool.new(server.url, { tag: 'api' });
    const { finch } = await startApp({
      children: (name) => [
        Supervisor.childSpec({
          id: 'service',
          strategy: 'one_for_one',
          name: `${name}.Service`,
          children: [Pool.childSpec({ finch: name, pool })],
        }),
      ],
    });
    const request = Finch.build('GET', `${server.url}/now`, undefined, undefined, {
      poolTag: 'api',
    });
    const owner = whereis(`${finch.name}.Service`);
    if (owner === undefined) throw new Error('no owner');

    exit(owner, 'kill');
    const response = await finch.request(request);

    expect(response.status).toBe(200);
    expect(finch.listPools().map(({ userManaged }) => userManaged)).toEqual([true]);
    expect(whereis(`${finch.name}.Service`)).not.toBe(owner);
  });

  test('fails clearly when it stands before its instance', async () => {
    using _ = captureCrashReports();
    const name = uniqueName();

    const error = (await rejection(
      inProcess(() =>
        Supervisor.startLink([Pool.childSpec({ finch: name, pool: 'http://localhost:1' })], {
          strategy: 'one_for_one',
        }),
      ),
    )) as SupervisorError;

    expect(String(error.message)).toContain(name);
    expect(String(error.message)).toContain('is not running');
  });

  test('has a specification that is plain data: under another owner the instance must run, as at first', async () => {
    using _ = captureCrashReports();
    const name = uniqueName();
    const finch = await Finch.startLink({ name });
    onTestFinished(() => finch[Symbol.asyncDispose]());
    const spec = Pool.childSpec({ finch: name, pool: 'http://localhost:1' });
    const startOwner = () =>
      inProcess(async () => {
        const owner = await Supervisor.startLink([spec], { strategy: 'one_for_one' });
        await owner.stop();
      });
    await startOwner();
    await finch.stop();

    expect((await rejection(startOwner())).message).toContain('is not running');
  });

  test('takes the overrides of child specifications, backoff among them', () => {
    const overrides = { id: 'api', restart: 'transient', shutdown: 10, significant: true } as const;
    const backoff = { initial: 10, max: 100 };

    const spec = Pool.childSpec({ finch: 'any', pool: 'http://a', ...overrides, backoff });

    expect(spec).toMatchObject({ ...overrides, backoff, type: 'supervisor' });
    expect(Finch.childSpec({ name: 'any', ...overrides, backoff })).toMatchObject({
      ...overrides,
      backoff,
      type: 'supervisor',
    });
  });

  test('is refused when the key has a pool already', async () => {
    using _ = captureCrashReports();
    const { supervisor, finch, pool, supervisorOfPool } = await appWithPool();

    const error = (await rejection(
      supervisor.startChild({ ...Pool.childSpec({ finch: finch.name, pool }), id: 'second' }),
    )) as SupervisorError;

    expect(error.reason).toEqual(['already_started', supervisorOfPool()]);
    expect((await finch.get(`${String(pool.origin)}/now`)).status).toBe(200);
  });

  test('escalates to the owner when it crashes in a loop', async () => {
    using _ = captureCrashReports();
    const { finch, supervisor, supervisorOfPool } = await appWithPool({ maxRestarts: 1 });

    const pools = new Set<Pid>();
    for (let round = 0; round < 8 && isAlive(supervisor.pid); round++) {
      pools.add(supervisorOfPool());
      for (let crash = 0; crash < 4; crash++) {
        const [listing] = finch.listPools();
        const shard = listing?.shards[0];
        if (shard !== undefined) exit(shard.pid, 'kill');
        await settle();
        if (!isAlive(supervisor.pid)) break;
      }
      if (isAlive(supervisor.pid)) pools.add(supervisorOfPool());
    }

    expect(isAlive(supervisor.pid)).toBe(false);
    expect(whereis(finch.name)).toBeUndefined();
    // Its owner has started it again once, as it may.
    expect(pools.size).toBe(2);
  });
});

describe('the instance is killed and comes back', () => {
  test('does not orphan a user’s pool: it joins the new instance, with its connections [D19]', async () => {
    using _ = captureCrashReports();
    const { finch, ask, pool, server, supervisorOfPool } = await appWithPool();
    await ask();
    const pid = supervisorOfPool();
    const instance = finch.pid;

    exit(instance, 'kill');
    await eventually(() => expect(whereis(finch.name)).not.toBe(instance));
    await eventually(() => expect(finch.findPool(pool)).toBe(pid));

    expect((await ask()).status).toBe(200);
    expect(server.connections).toBe(1);
    expect(finch.listPools()[0]?.shards[0]).toMatchObject({ idle: 1, inUse: 0 });
    expect(openSlots(finch)).toBe(1);
  });

  test('does not disturb requests that a user’s pool has in flight', async () => {
    using _ = captureCrashReports();
    const { finch, ask, server, supervisorOfPool } = await appWithPool();
    const inFlight = ask('/hold');
    await server.holds(1);
    const pid = supervisorOfPool();

    exit(finch.pid, 'kill');
    await settle();
    server.release();

    expect((await inFlight).text()).toBe('OK');
    await eventually(() => expect(supervisorOfPool()).toBe(pid));
  });

  test('counts what a user’s pool has open in the new host limits, and serves who waits for a slot', async () => {
    using _ = captureCrashReports();
    const { finch, ask, server } = await appWithPool({ maxConnections: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const second = ask('/hold');
    await settle();

    exit(finch.pid, 'kill');
    await eventually(() => expect(finch.listPools()).toHaveLength(1));
    expect(finch.listPools()[0]?.shards[0]).toMatchObject({ inUse: 1, queued: 1 });
    const other = finch.get(`${server.url}/now`);
    server.release();
    await first;
    await server.holds(1);
    server.release();
    await second;

    expect((await other).status).toBe(200);
    expect(await server.sockets()).toBe(1);
  });

  test('a pool that went down meanwhile comes up without the instance, and is found by it', async () => {
    using _ = captureCrashReports();
    const { finch, ask, supervisorOfPool, supervisor } = await appWithPool();
    const pool = supervisorOfPool();

    exit(finch.pid, 'kill');
    exit(pool, 'kill');

    expect(await eventually(async () => (await ask()).status)).toBe(200);
    expect(supervisorOfPool()).not.toBe(pool);
    expect(finch.listPools().map(({ userManaged }) => userManaged)).toEqual([true]);
    expect(isAlive(supervisor.pid)).toBe(true);
  });

  test('the key of a pool that is down stays reserved in the new instance [D19]', async () => {
    using _ = captureCrashReports();
    const { finch, ask, pool, supervisor, name } = await appWithPool();
    await supervisor.terminateChild(`${name}/${pool.key}`);
    const instance = finch.pid;

    exit(instance, 'kill');
    await eventually(() => expect(whereis(name)).not.toBe(instance));
    const error = await eventually(async () => {
      const failure = await rejection(ask('/now', { poolTimeout: 20 }));
      expect(failure).not.toBeInstanceOf(InstanceNotFoundError);
      return failure;
    });

    expect(error).toBeInstanceOf(PoolDownError);
    expect(finch.listPools()).toEqual([]);
  });

  test('a pool reserves its key again when the process of reservations is killed [D19]', async () => {
    using _ = captureCrashReports();
    const { finch, ask, pool, supervisorOfPool, name } = await appWithPool();
    const pid = supervisorOfPool();
    const reservations = whereis(`${name}.Reservations`);
    if (reservations === undefined) throw new Error('no process of reservations');

    exit(reservations, 'kill');
    await eventually(() => expect(whereis(`${name}.Reservations`)).toBeDefined());
    await settle();
    const instance = finch.pid;
    exit(instance, 'kill');
    await eventually(() => expect(whereis(name)).not.toBe(instance));

    await eventually(() => expect(finch.findPool(pool)).toBe(pid));
    expect((await ask()).status).toBe(200);
  });

  test('the key of a pool is free in the new instance when the pool’s owner has ended', async () => {
    using _ = captureCrashReports();
    const server = await startGateServer();
    const { finch, supervisor, name } = await startApp();
    const pool = Pool.new(server.url);
    const owner = await Supervisor.startLink([Pool.childSpec({ finch: name, pool })], {
      strategy: 'one_for_one',
    });
    await owner.stop();
    const { id } = Finch.childSpec({ name });

    await supervisor.terminateChild(id);
    await supervisor.restartChild(id);

    expect((await finch.get(`${server.url}/now`)).status).toBe(200);
    expect(finch.listPools().map(({ userManaged }) => userManaged)).toEqual([false]);
  });

  test('who waits in a user’s pool finds the new instance when that pool goes down later', async () => {
    using _ = captureCrashReports();
    const { finch, ask, server } = await appWithPool({ poolOptions: { size: 1 } });
    const held = rejection(ask('/hold'));
    await server.holds(1);
    const waiting = ask('/now', { poolTimeout: 'infinity' });
    await eventually(() => expect(finch.listPools()[0]?.shards[0]?.queued).toBe(1));
    const instance = finch.pid;
    exit(instance, 'kill');
    await eventually(() => expect(whereis(finch.name)).not.toBe(instance));
    await eventually(() => expect(finch.listPools()).toHaveLength(1));

    const [metrics] = finch.listPools()[0]?.shards ?? [];
    if (metrics !== undefined) exit(metrics.pid, 'kill');

    expect((await waiting).status).toBe(200);
    await held;
  });

  test('leaves nothing of itself on the pools that stay, however often it is restarted', async () => {
    using _ = captureCrashReports();
    const { finch, ask } = await appWithPool({ maxRestarts: 100 });
    const restart = async () => {
      const instance = finch.pid;
      exit(instance, 'kill');
      await eventually(() => expect(whereis(finch.name)).not.toBe(instance));
      await eventually(() => expect(finch.listPools()).toHaveLength(1));
      expect((await ask()).status).toBe(200);
      await settle();
      const { watches, timers, processes } = processSnapshot();
      return { watches, timers, processes: processes.length };
    };
    const first = await restart();

    for (let round = 0; round < 5; round++) expect(await restart()).toEqual(first);
  });

  test('under fire, the key never goes to the default options', async () => {
    using _ = captureCrashReports();
    const { finch, ask, supervisor, server } = await appWithPool({ maxRestarts: 1000 });
    let answered = 0;
    const kinds = new Set<boolean>();
    let over = false;
    const fire = async () => {
      while (!over) {
        await ask().then(
          () => answered++,
          () => {},
        );
        for (const { userManaged } of safely(() => finch.listPools())) kinds.add(userManaged);
        await oneTurn();
      }
    };
    const callers = [fire(), fire(), fire()];
    for (let round = 0; round < 10; round++) {
      const pids = [whereis(finch.name), safely(() => [finch.listPools()[0]?.pid])[0]];
      for (const pid of round % 2 === 0 ? pids : pids.reverse()) {
        if (pid !== undefined) exit(pid, 'kill');
      }
      const soFar = answered;
      await eventually(() => expect(answered).toBeGreaterThan(soFar));
    }
    over = true;
    await Promise.all(callers);

    expect([...kinds]).toEqual([true]);
    expect(isAlive(supervisor.pid)).toBe(true);
    expect(server.requests.length).toBeGreaterThan(0);
  });
});

describe('stopPool of a user’s pool', () => {
  test('under a Supervisor: the owner does not start it again [F96]', async () => {
    const { finch, pool, ask, supervisor, name } = await appWithPool();
    await ask();

    await finch.stopPool(pool);

    expect(finch.findPool(pool)).toBeUndefined();
    expect(await supervisor.whichChild(`${name}/${pool.key}`)).toMatchObject({ pid: undefined });
    await expect(finch.stopPool(pool)).rejects.toBeInstanceOf(PoolNotFoundError);
  });

  test('under a DynamicSupervisor [F96]', async () => {
    const server = await startGateServer();
    const { finch, name } = await startApp({
      children: (app) => [DynamicSupervisor.childSpec({ name: `${app}.Mine` })],
    });
    const pool = Pool.new(server.url, { tag: 'dynamic' });
    await DynamicSupervisor.startChild(`${name}.Mine`, Pool.childSpec({ finch: name, pool }));
    expect(finch.findPool(pool)).toBeDefined();

    await finch.stopPool(pool);

    expect(finch.findPool(pool)).toBeUndefined();
    expect(await DynamicSupervisor.countChildren(`${name}.Mine`)).toMatchObject({ specs: 0 });
  });

  test('under a simple_one_for_one supervisor [F96]', async () => {
    const server = await startGateServer();
    const { finch, name, supervisor } = await startApp();
    const pool = Pool.new(server.url, { tag: 'simple' });
    const spec = Pool.childSpec({ finch: name, pool });
    await supervisor.startChild({
      id: 'simple',
      type: 'supervisor',
      start: () =>
        Supervisor.startLink([spec as ChildTemplate<[], SupervisorHandle>], {
          strategy: 'simple_one_for_one',
        }),
    });
    const { pid } = await supervisor.whichChild('simple');
    await Supervisor.startChild(pid as never, []);
    expect(finch.findPool(pool)).toBeDefined();

    await finch.stopPool(pool);
    await settle();

    expect(finch.findPool(pool)).toBeUndefined();
  });

  test('without any supervisor [F96]', async () => {
    const server = await startGateServer();
    const { finch, name } = await startApp();
    const pool = Pool.new(server.url, { tag: 'alone' });
    const alone = await Pool.childSpec({ finch: name, pool }).start();
    expect(finch.findPool(pool)).toBe(alone.pid);

    await finch.stopPool(pool);

    expect(finch.findPool(pool)).toBeUndefined();
    expect(isAlive(alone.pid)).toBe(false);
  });

  test('of one that is down withdraws its declaration: the key is free for the default options', async () => {
    const { finch, pool, ask, supervisor, name } = await appWithPool();
    await supervisor.terminateChild(`${name}/${pool.key}`);
    await supervisor.deleteChild(`${name}/${pool.key}`);

    await finch.stopPool(pool);

    expect((await ask()).status).toBe(200);
    expect(finch.listPools()[0]?.userManaged).toBe(false);
  });

  test('requests that come while it stops fail with PoolDownError, those in flight end', async () => {
    const { finch, pool, ask, server } = await appWithPool();
    const inFlight = ask('/hold');
    await server.holds(1);

    const stopped = finch.stopPool(pool);
    const late = rejection(ask());
    await settle();
    server.release();

    expect((await inFlight).text()).toBe('OK');
    await stopped;
    expect(await late).toBeInstanceOf(PoolDownError);
  });

  test('goes through when the caller dies halfway', async () => {
    using _ = captureCrashReports();
    const { finch, pool, ask, server } = await appWithPool();
    const inFlight = ask('/hold');
    await server.holds(1);

    const caller = spawn(() => finch.stopPool(pool));
    await settle();
    expect(finch.listPools()[0]?.status).toBe('stopping');
    exit(caller, 'kill');
    server.release();
    await inFlight;
    await settle();

    expect(finch.listPools()).toEqual([]);
  });

  test('when its supervisor is stopped by hand, it is not found any more [F98]', async () => {
    const { finch, pool, supervisor, name } = await appWithPool();

    await supervisor.terminateChild(`${name}/${pool.key}`);

    expect(finch.findPool(pool)).toBeUndefined();
  });
});

test('does not copy the options for each pool [D25]', async () => {
  const server = await startGateServer();
  const { finch, name } = await startApp({ pools: { default: { size: 3 } } });
  for (let tag = 0; tag < 50; tag++) {
    await finch.request(
      Finch.build('GET', `${server.url}/now`, undefined, undefined, { poolTag: `t${tag}` }),
    );
  }
  const pools = findInstance(name)?.pools() ?? [];

  expect(pools).toHaveLength(50);
  expect(new Set(pools.map(({ pool }) => pool.options)).size).toBe(1);
});

test('an instance is not found before it is started and after it is stopped', async () => {
  const name = uniqueName();
  expect(() => Finch.get(name)).toThrow(InstanceNotFoundError);
  const finch = await Finch.startLink({ name });
  onTestFinished(() => finch[Symbol.asyncDispose]());
  await finch.stop();

  expect(() => Finch.get(name)).toThrow(InstanceNotFoundError);
  expect(await rejection(finch.get('http://localhost:1'))).toBeInstanceOf(InstanceNotFoundError);
});

function safely<T>(list: () => T[]): T[] {
  try {
    return list();
  } catch (error) {
    if (error instanceof InstanceNotFoundError) return [];
    throw error;
  }
}

function oneTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
