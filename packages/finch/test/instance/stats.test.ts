import { exit, receive, send, spawn, subscribe } from '@linnet/otp';
import { eventually, TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import {
  Finch,
  InstanceNotFoundError,
  OptionsError,
  Pool,
  PoolNotFoundError,
} from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { uniqueName } from '../support/unique-name.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import type { HttpServer } from '../../../mint/test/support/http-server.ts';
import { createSocketPath } from '../../../mint/test/support/socket-path.ts';

const ok = (): Promise<HttpServer> => startHttpServer((_request, answer) => answer.end('OK'));

const nowhere = 'http://127.0.0.1:1';

/** A server that answers when it is told to. */
async function startHeldServer() {
  const held: (() => void)[] = [];
  const server = await startHttpServer(
    (_request, answer) => void held.push(() => answer.end('OK')),
  );
  return { server, held };
}

test('the figures begin with nothing [H3]', async () => {
  const finch = await startFinch({ maxConnections: 7 });
  expect(finch.getStats()).toEqual({
    name: finch.name,
    pools: 0,
    maxConnections: 7,
    inUse: 0,
    inFlight: 0,
    idle: 0,
    connecting: 0,
    queued: 0,
  });
  expect(finch.count()).toBe(0);
});

test('a checkout is in use, and idle when it is given back [H9] [H10] [H11]', async () => {
  await using server = await ok();
  const finch = await startFinch();
  const lease = await finch.checkout(server.url);
  const { connection } = lease;
  expect(lease.pool.key).toBe(Pool.key(server.url));
  expect(finch.getStats()).toMatchObject({ pools: 1, inUse: 1, idle: 0 });
  expect([finch.count(), finch.count(server.url)]).toEqual([1, 1]);
  expect(finch.hostStats('127.0.0.1', server.port)).toEqual({ active: 1, inUse: 1, idle: 0 });
  finch.checkin(lease);
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
  expect(finch.hostStats('127.0.0.1', server.port)).toEqual({ active: 1, inUse: 0, idle: 1 });
  await using again = await finch.checkout(server.url);
  expect(again.connection).toBe(connection);
});

test('an idle connection that is killed is no longer counted [H12]', async () => {
  await using server = await ok();
  const finch = await startFinch();
  const lease = await finch.checkout(server.url);
  lease.release();
  exit(lease.connection, 'kill');
  await eventually(() => expect(finch.count(server.url)).toBe(0));
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 0 });
});

test('counts over all pools, those who wait included', async () => {
  const { server, held } = await startHeldServer();
  await using one = server;
  await using two = await ok();
  const finch = await startFinch({ pools: { default: { size: 1 } } });
  const requests = [one.url, one.url, one.url, two.url].map((url) => finch.request(url));
  const tagged = finch.request(Finch.build('GET', one.url, {}, null, { poolTag: 'b' }));
  await requests[3];
  await eventually(() => expect(held).toHaveLength(2));
  expect(finch.getStats()).toMatchObject({ pools: 3, inUse: 2, idle: 1, queued: 2 });
  expect(finch.count()).toBe(3);
  expect(finch.count(one.url)).toBe(1);
  expect(finch.hostStats('127.0.0.1', one.port)).toEqual({ active: 2, inUse: 2, idle: 0 });
  const over = Promise.all([...requests, tagged]);
  const answering = setInterval(() => held.splice(0).forEach((answer) => answer()), 1);
  onTestFinished(() => clearInterval(answering));
  await over;
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 3, queued: 0 });
});

test('does not lose a server for how its name is written [E11] [H89]', async () => {
  await using server = await ok();
  const finch = await startFinch();
  await finch.request(`http://LOCALHOST:${server.port}/`);
  const { port } = server;
  for (const host of ['localhost', 'LOCALHOST', 'LocalHost']) {
    expect(finch.hostStats(host, port)).toEqual({ active: 1, inUse: 0, idle: 1 });
  }
  expect(finch.hostStats('other.example', port)).toEqual({ active: 0, inUse: 0, idle: 0 });
  expect(() => finch.hostStats('a b', port)).toThrow(OptionsError);
  expect(() => finch.hostStats('localhost', 70_000)).toThrow(OptionsError);
});

test('finds a Unix socket by its path', async () => {
  using socket = createSocketPath();
  await using server = await startHttpServer((_request, answer) => answer.end('OK'), {
    path: socket.path,
  });
  const finch = await startFinch();
  await finch.get(`${server.url}/`, { unixSocket: socket.path });
  expect(finch.hostStats(socket.path, 0)).toEqual({ active: 1, inUse: 0, idle: 1 });
});

test('sets and tells the cap on connections [H2] [H4]', async () => {
  const finch = await startFinch({ maxConnections: 5 });
  expect(finch.maxConnections()).toBe(5);
  finch.setMaxConnections(10);
  expect(finch.maxConnections()).toBe(10);
  finch.setMaxConnections('infinity');
  expect(finch.maxConnections()).toBe('infinity');
  for (const bad of [0, -1, 1.5, Number.NaN, '5' as unknown as number]) {
    expect(() => finch.setMaxConnections(bad)).toThrow(OptionsError);
  }
  const unlimited = await startFinch();
  expect(unlimited.maxConnections()).toBe('infinity');
});

test('a higher cap serves those who wait at once', async () => {
  const { server, held } = await startHeldServer();
  await using _ = server;
  const finch = await startFinch({ maxConnections: 1 });
  const requests = [1, 2, 3].map(() => finch.request(server.url));
  await eventually(() => expect(held).toHaveLength(1));
  expect(finch.getStats()).toMatchObject({ inUse: 1, queued: 2 });
  finch.setMaxConnections(3);
  await eventually(() => expect(held).toHaveLength(3));
  for (const answer of held) answer();
  await Promise.all(requests);
});

test('a lower cap closes idle connections at once, and those in use when they come back', async () => {
  const { server, held } = await startHeldServer();
  await using _ = server;
  await using other = await ok();
  const finch = await startFinch();
  const requests = [1, 2, 3].map(() => finch.request(server.url));
  await eventually(() => expect(held).toHaveLength(3));
  expect(await finch.prewarm(other.url, 2)).toBe(2);
  finch.setMaxConnections(3);
  expect(finch.getStats()).toMatchObject({ inUse: 3, idle: 0 });
  finch.setMaxConnections(1);
  for (const answer of held) answer();
  await Promise.all(requests);
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
});

test('sets and tells the idle time, without a cap [H5]', async () => {
  const finch = await startFinch({ pools: { default: { connMaxIdleTime: 5000 } } });
  expect(finch.timeout()).toBe(5000);
  finch.setTimeout(1000);
  expect(finch.timeout()).toBe(1000);
  finch.setTimeout('infinity');
  expect(finch.timeout()).toBe('infinity');
  expect(() => finch.setTimeout(-1)).toThrow(OptionsError);
  expect(() => finch.setTimeout(undefined as unknown as number)).toThrow(OptionsError);
});

test('a new idle time holds for connections that are idle, in use, or opened later', async () => {
  await using server = await ok();
  await using later = await ok();
  const clock = new TestClock().install(onTestFinished);
  const finch = await startFinch({ pools: { default: { connMaxIdleTime: 'infinity' } } });
  await finch.request(server.url);
  const lease = await finch.checkout(server.url);
  await finch.prewarm(server.url, 1);
  expect(finch.getStats()).toMatchObject({ inUse: 1, idle: 1 });
  finch.setTimeout(1000);
  await clock.advance(999);
  expect(finch.getStats()).toMatchObject({ inUse: 1, idle: 1 });
  await clock.advance(1);
  expect(finch.getStats()).toMatchObject({ inUse: 1, idle: 0 });
  lease.release();
  await clock.advance(999);
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
  await clock.advance(1);
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 0 });
  await finch.request(later.url);
  expect(finch.count()).toBe(1);
  await clock.advance(1000);
  expect(finch.count()).toBe(0);
});

test('an idle time of 0 closes what is idle', async () => {
  await using server = await ok();
  const finch = await startFinch();
  expect(await finch.prewarm(server.url, 3)).toBe(3);
  finch.setTimeout(0);
  expect(finch.count()).toBe(0);
  await finch.request(server.url);
  expect(finch.count()).toBe(0);
});

test('prewarm opens what is missing, of a pool that it starts [H15] [E13]', async () => {
  await using server = await ok();
  const finch = await startFinch({ pools: { default: { size: 6 } } });
  expect(await finch.prewarm(server.url, 3)).toBe(3);
  expect(finch.getStats()).toMatchObject({ pools: 1, idle: 3, inUse: 0 });
  expect(await finch.prewarm(server.url, 5)).toBe(5);
  // Never above the size.
  expect(await finch.prewarm(server.url, 50)).toBe(6);
  expect(await finch.prewarm(server.url, 1)).toBe(6);
  await finch.request(server.url);
  await eventually(() => expect(server.connections).toBe(6));
});

test('prewarm respects the caps of host and instance, and takes nothing from other pools', async () => {
  await using server = await ok();
  await using other = await ok();
  const finch = await startFinch({ maxConnections: 5, maxPerHost: 3 });
  expect(await finch.prewarm(other.url, 4)).toBe(3);
  expect(await finch.prewarm(server.url, 4)).toBe(2);
  expect(finch.count(other.url)).toBe(3);
});

test('prewarm makes as many ready as the pool is told to, or four', async () => {
  await using server = await ok();
  await using other = await ok();
  const finch = await startFinch({
    pools: { default: { count: 3 }, [other.url]: { prewarm: 2, connMaxIdleTime: 'infinity' } },
  });
  expect(await finch.prewarm(server.url)).toBe(4);
  const idle = finch.getPoolStatus(server.url).map((shard) => shard.idle);
  expect(idle.toSorted((a, b) => a - b)).toEqual([1, 1, 2]);
  expect(await finch.prewarm(other.url)).toBe(2);
});

test('prewarm resolves with none when the server cannot be reached', async () => {
  const finch = await startFinch();
  expect(await finch.prewarm(nowhere, 2)).toBe(0);
  expect(finch.getStats()).toMatchObject({ connecting: 0, idle: 0 });
  await expect(finch.prewarm(nowhere, 0)).rejects.toThrow(OptionsError);
  await expect(finch.prewarm(nowhere, 1.5)).rejects.toThrow(OptionsError);
});

test('a message to a pool reaches its processes and does it no harm', async () => {
  await using server = await ok();
  const finch = await startFinch({ pools: { [server.url]: { count: 2 } } });
  const before = finch.getPoolStatus(server.url).map(({ pid }) => pid);
  const deaths: unknown[] = [];
  using _ = subscribe((event) => void (event.type === 'exit' && deaths.push(event.label)));
  for (const message of ['hello', undefined, { type: 'EXIT' }, ['$gen_call'], { type: 'cast' }]) {
    finch.notify(server.url, message);
  }
  expect((await finch.request(server.url)).status).toBe(200);
  expect(finch.getPoolStatus(server.url).map(({ pid }) => pid)).toEqual(before);
  expect(deaths).toEqual([]);
});

test('one error for a pool that is not there [E12]', async () => {
  const finch = await startFinch();
  const calls: ((pool: string) => unknown)[] = [
    (pool) => finch.count(pool),
    (pool) => finch.notify(pool, 'hello'),
    (pool) => finch.getPoolStatus(pool),
    (pool) => finch.getPoolCount(pool),
    (pool) => finch.stopPool(pool),
    (pool) => finch.setPoolCount(pool, 2),
  ];
  for (const call of calls) {
    await expect((async () => await call(nowhere))()).rejects.toThrow(PoolNotFoundError);
  }
  expect(finch.findPool(nowhere)).toBe(undefined);
});

test('one error for an instance that does not run [E12]', async () => {
  const finch = await Finch.startLink({ name: uniqueName() });
  await finch.stop();
  const calls: (() => unknown)[] = [
    () => finch.count(),
    () => finch.count(nowhere),
    () => finch.getStats(),
    () => finch.hostStats('localhost', 80),
    () => finch.maxConnections(),
    () => finch.setMaxConnections(1),
    () => finch.timeout(),
    () => finch.setTimeout(1),
    () => finch.prewarm(nowhere),
    () => finch.notify(nowhere, 'hello'),
  ];
  for (const call of calls) {
    await expect((async () => await call())()).rejects.toThrow(InstanceNotFoundError);
  }
});

test('the death of the holder of a lease, not of a former one, closes the connection [H13] [H14]', async () => {
  await using server = await ok();
  const finch = await startFinch();
  let leased = 0;
  const holder = spawn(async () => {
    const lease = await finch.checkout(server.url);
    leased += 1;
    await receive((message) => message === 'release');
    lease.release();
    leased += 1;
    await new Promise(() => {});
  });
  await eventually(() => expect(leased).toBe(1));
  send(holder, 'release');
  await eventually(() => expect(leased).toBe(2));
  exit(holder, 'kill');
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
  const second = spawn(async () => {
    await finch.checkout(server.url);
    leased += 1;
    await new Promise(() => {});
  });
  await eventually(() => expect(leased).toBe(3));
  expect(finch.getStats()).toMatchObject({ inUse: 1, idle: 0 });
  exit(second, 'kill');
  await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 0 }));
});

test('the figures after closing, keep-alive, errors and concurrent requests [H31] [H32] [H33] [H38] [H41] [H42] [H43] [H44]', async () => {
  await using server = await startHttpServer((request, answer) => {
    if (request.url === '/close') answer.setHeader('connection', 'close');
    if (request.url === '/missing') answer.statusCode = 404;
    answer.end('OK');
  });
  const finch = await startFinch({ pools: { default: { size: 2 } } });
  await finch.request(`${server.url}/keep`);
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
  await finch.request(`${server.url}/keep`);
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
  expect((await finch.request(`${server.url}/missing`)).status).toBe(404);
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
  expect(server.connections).toBe(1);
  await finch.request(`${server.url}/close`);
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 0 });
  for (let count = 0; count < 20; count += 1) {
    expect((await finch.request(`${server.url}/close`)).text()).toBe('OK');
  }
  expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 0, queued: 0 });
  const five = await Promise.all([1, 2, 3, 4, 5].map(() => finch.request(server.url)));
  expect(five.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 });
});
