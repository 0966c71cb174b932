/** Connections as processes: states, owners, ends. */
import { response, startHttp1Server } from '@linnet/mint/testing';
import {
  DynamicSupervisor,
  exit,
  introspect,
  isAlive,
  processInfo,
  send,
  spawn,
  subscribe,
  type Pid,
  type ProcessNode,
  type SystemEvent,
} from '@linnet/otp';
import { captureCrashReports, eventually, settle } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConnectionClosedError, Finch, Pool } from '../../src/index.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { findInstance, requireInstance, type Instance } from '../../src/instance/instance.ts';
import { expectNoConnections, openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startGateServer } from '../support/gate-server.ts';
import { connectionsOf, startPoolApp } from '../support/pool-app.ts';

/** The state of a connection, as the tree of processes shows it. */
function stateOf(pid: Pid | undefined): unknown {
  const { roots, others } = introspect();
  const find = (nodes: readonly ProcessNode[]): ProcessNode | undefined => {
    for (const node of nodes) {
      const found = node.pid === String(pid) ? node : find(node.children);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return find([...roots, ...others])?.state;
}

describe('a connection', () => {
  test('is a process with a state: connecting, idle, in_use [H97] [H98] [H106] [H116]', async () => {
    const { ask, finch, pool, server, figures } = await startPoolApp();
    const first = ask('/hold');
    const [early] = await eventually(async () => {
      const pids = await connectionsOf(finch, pool.key);
      expect(pids).toHaveLength(1);
      return pids;
    });
    expect(['connecting', 'in_use']).toContain(stateOf(early));
    await server.holds(1);
    expect(stateOf(early)).toBe('in_use');
    server.release();
    await first;

    expect(stateOf(early)).toBe('idle');
    await figures({ idle: 1 });
  });

  test('goes from one user to the next in one turn, and is idle for its time when there is none [H98]', async () => {
    const { ask, shard, figures } = await startPoolApp({ size: 1, connMaxIdleTime: 30 });
    await ask();
    const [connection] = [...shard.connections] as [Connection];
    for (let round = 0; round < 3; round++) {
      expect(connection.state).toBe('idle');
      const next = ask();
      expect(connection.state).toBe('in_use');
      expect((await next).status).toBe(200);
    }
    expect(connection.state).toBe('idle');
    await figures({ idle: 0, inUse: 0 });
    expect(connection).toMatchObject({ state: 'closed', closeReason: 'idle_timeout' });
  });

  test('belongs to the supervisor of its pool’s connections [H92] [H93] [H94]', async () => {
    const { finch, pool, name } = await startPoolApp();
    const leases = await Promise.all([1, 2, 3].map(() => finch.checkout(pool)));
    const pids = await connectionsOf(finch, pool.key);
    expect(new Set(leases.map(({ connection }) => connection))).toEqual(new Set(pids));
    for (const pid of pids) {
      expect(processInfo(pid)?.parent).toBe(findInstance(name)?.pool(pool.key)?.connections);
    }
    for (const lease of leases) lease.release();

    exit(pids[0] as Pid, 'shutdown');
    await settle();

    expect(await connectionsOf(finch, pool.key)).toEqual(pids.slice(1));
  });

  test('is not started again when it is killed; its slot is free [H95] [H12] [H52]', async () => {
    using crashes = captureCrashReports();
    const { ask, finch, pool, figures } = await startPoolApp();
    await ask();
    const [pid] = await connectionsOf(finch, pool.key);

    exit(pid as Pid, 'kill');

    await figures({ idle: 0 });
    expect(openSlots(finch)).toBe(0);
    await settle();
    expect(await connectionsOf(finch, pool.key)).toEqual([]);
    expect(crashes.reports.map(({ reason }) => reason)).toEqual(['killed']);
    expect((await ask()).status).toBe(200);
  });

  test('that is killed fails the request on it, and no other', async () => {
    using _ = captureCrashReports();
    const { ask, finch, pool, server } = await startPoolApp({ size: 2 });
    const lease = await finch.checkout(pool);
    const mine = rejection(lease.request('/hold'));
    const other = ask('/hold');
    await server.holds(2);

    exit(lease.connection, 'kill');

    const error = await mine;
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ pool: pool.key, origin: pool.origin });
    server.release();
    expect((await other).status).toBe(200);
    expect(lease.release()).toBe(true);
    expect(lease.release()).toBe(false);
  });

  test('says in its exit reason why it ended', async () => {
    const reasons: unknown[] = [];
    const subscription = subscribe((event: SystemEvent) => {
      if (event.type === 'exit' && event.label === 'connection') reasons.push(event.reason);
    });
    onTestFinished(() => subscription[Symbol.dispose]());
    const server = await startGateServer();
    const { finch } = await startApp({
      pools: { default: { maxRequestsPerConnection: 1 }, [server.url]: { size: 1 } },
    });
    const refused = await startHttp1Server();
    await refused.close();

    await rejection(finch.get(`http://127.0.0.1:${refused.port}/`));
    await finch.request(
      Finch.build('GET', `${server.url}/now`, undefined, undefined, { poolTag: 'once' }),
    );
    const controller = new AbortController();
    const aborted = rejection(finch.get(`${server.url}/hold`, { signal: controller.signal }));
    await server.holds(1);
    controller.abort();
    await aborted;
    await finch.get(`${server.url}/now`);
    await finch.stopPool(server.url);
    await settle();

    expect(reasons).toEqual([
      { shutdown: 'connect_failed' },
      { shutdown: 'expired' },
      { shutdown: 'expired' },
      { shutdown: 'drained' },
    ]);
  });

  test('crashes of an event that its state does not allow, and leaves nothing behind', async () => {
    using crashes = captureCrashReports();
    const { ask, finch, shard, figures } = await startPoolApp();
    await ask();
    const [connection] = [...shard.connections] as [Connection];
    expect(connection.state).toBe('idle');

    // What the pool never does: nobody has it.
    expect(connection.checkin()).toBe(false);

    expect(connection.state).toBe('closed');
    await figures({ idle: 0, inUse: 0 });
    expect(openSlots(finch)).toBe(0);
    expect(crashes.reports).toMatchObject([
      { label: 'connection', reason: ['unhandled_event', { type: 'CHECKIN' }] },
    ]);
    expect((await ask()).status).toBe(200);
  });

  test('takes no notice of messages that are no events', async () => {
    const { ask, finch, pool, server } = await startPoolApp();
    await ask();
    const [pid] = await connectionsOf(finch, pool.key);

    send(pid as Pid, 'hello');
    await settle();

    expect((await ask()).status).toBe(200);
    expect(server.connections).toBe(1);
  });

  test('costs no restart intensity when it cannot be opened, however often [E1] [H48] [H100]', async () => {
    const server = await startHttp1Server();
    await server.close();
    const { finch, name } = await startApp();
    const url = `http://127.0.0.1:${server.port}/`;
    for (let round = 0; round < 20; round++) {
      expect(await rejection(finch.get(url))).toMatchObject({ reason: 'ECONNREFUSED' });
    }

    const pool = findInstance(name)?.pool(Pool.key(url));
    expect(pool?.supervisor !== undefined && isAlive(pool.supervisor)).toBe(true);
    expect(await DynamicSupervisor.countChildren(pool?.connections as Pid)).toMatchObject({
      specs: 0,
    });
  });
});

test.each<[string, (instance: Instance, key: string) => Pid | undefined]>([
  ['the process of a pool', (instance, key) => processOf(instance, key)],
  ['the supervisor of its connections', (instance, key) => instance.pool(key)?.connections],
])('%s, killed at any moment of a dial, leaves no socket, slot or waiter', async (_, victim) => {
  using crashes = captureCrashReports();
  const silent = await startHttp1Server();
  onTestFinished(() => silent.close());
  const { finch, name } = await startApp();
  const url = `https://127.0.0.1:${silent.port}/`;
  for (let moment = 0; moment < 30; moment++) {
    // A pool of its own each time, so that no restart limit is reached.
    await finch.startPool(url, { connOpts: { connectTimeout: 60_000 } });
    const pid = victim(requireInstance(name), Pool.key(url)) as Pid;
    const waiting = rejection(finch.get(url, { poolTimeout: 'infinity', requestTimeout: 50 }));
    killAfter(moment, pid);
    await waiting;
    await finch.stopPool(url, { grace: 0 }).catch(() => {});
  }

  await expectNoConnections(silent.server);
  expect(openSlots(finch)).toBe(0);
  expect(crashes.reports.filter(({ reason }) => reason instanceof Error)).toEqual([]);
});

describe('a lease', () => {
  test('does not come back twice, whoever gives it back, and tells whether it was [E1] [E22]', async () => {
    const { finch, pool, figures } = await startPoolApp();
    const lease = await finch.checkout(pool);
    await figures({ inUse: 1 });

    expect(lease.release()).toBe(true);
    expect(lease.release()).toBe(false);
    expect(finch.checkin(lease)).toBe(false);
    expect(lease.released).toBe(true);

    await figures({ inUse: 0, idle: 1 });
    const again = await finch.checkout(pool);
    expect(again.connection).toBe(lease.connection);
    expect(lease.release()).toBe(false);
    await figures({ inUse: 1, idle: 0 });
    again.release();
  });

  test('is given back at the end of a block, also when the block throws', async () => {
    const { finch, pool, figures } = await startPoolApp();
    const run = async () => {
      await using lease = await finch.checkout(pool);
      expect((await lease.request('/now')).status).toBe(200);
      throw new Error('mine');
    };

    await expect(run()).rejects.toThrow('mine');

    await figures({ inUse: 0, idle: 1 });
  });

  test('serves one request after the other on one connection [H9] [H10] [H11] [H125]', async () => {
    const { finch, pool, server } = await startPoolApp();
    const lease = await finch.checkout(pool);
    for (const path of ['/now/1', 'now/2', '/now/3?x=y']) {
      expect((await lease.request(path)).status).toBe(200);
    }
    const post = Finch.build('POST', `${server.url}/now/4`, undefined, 'body');
    expect((await lease.request(post)).status).toBe(200);
    lease.release();

    expect(server.requests).toEqual(['/now/1', '/now/2', '/now/3?x=y', '/now/4']);
    expect(server.connections).toBe(1);
  });

  test('refuses a second request while one is under way', async () => {
    const { finch, pool, server } = await startPoolApp();
    await using lease = await finch.checkout(pool);
    const first = lease.request('/hold');
    await server.holds(1);

    expect(await rejection(lease.request('/now'))).toMatchObject({
      code: 'ERR_FINCH_INVALID_REQUEST',
    });
    server.release();
    expect((await first).status).toBe(200);
  });

  test('that is given back in the middle of an exchange closes its connection', async () => {
    const { finch, pool, server, figures } = await startPoolApp();
    const lease = await finch.checkout(pool);
    const cut = rejection(lease.request('/hold'));
    await server.holds(1);

    lease.release();

    expect(await cut).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED' });
    await figures({ inUse: 0, idle: 0 });
    await eventually(async () => expect(await server.sockets()).toBe(0));
  });

  test('of a connection that the server closed is told so, and can be given back', async () => {
    const server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(response('bye', ['connection: close']));
    });
    onTestFinished(() => server.close());
    const { finch } = await startApp();
    const lease = await finch.checkout(`http://127.0.0.1:${server.port}`);
    expect((await lease.request('/')).text()).toBe('bye');

    expect(await rejection(lease.request('/'))).toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
      requestSent: false,
    });
    expect(lease.release()).toBe(true);
    expect(openSlots(finch)).toBe(0);
  });

  test('outlives the end of its pool: giving it back then is harmless [E24]', async () => {
    using _ = captureCrashReports();
    const { finch, pool, figures } = await startPoolApp();
    const lease = await finch.checkout(pool);
    const [metrics] = finch.getPoolStatus(pool);
    if (metrics !== undefined) exit(metrics.pid, 'kill');
    await settle();

    expect(isAlive(lease.connection)).toBe(false);
    expect(lease.release()).toBe(true);
    await figures({ inUse: 0, idle: 0 });
    expect(openSlots(finch)).toBe(0);
  });
});

function processOf(instance: Instance, key: string): Pid | undefined {
  const pool = instance.pool(key);
  const [shard] = pool?.live ?? [];
  return shard === undefined ? undefined : pool?.processOf(shard);
}

/** Kills a process after so many turns of the run queue. */
function killAfter(turns: number, pid: Pid): void {
  if (turns === 0) exit(pid, 'kill');
  else spawn(() => killAfter(turns - 1, pid));
}
