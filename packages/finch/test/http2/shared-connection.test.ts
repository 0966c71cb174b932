/** Shared connections in the hands of callers: seeing them, taking them out of the pool, leases on them. */
import { createHash } from 'node:crypto';
import { exit, isAlive, resume, spawn, suspend } from '@linnet/otp';
import { captureCrashReports, eventually, inProcess } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import {
  InvalidRequestError,
  Pool,
  type PoolOptions,
  type SharedConnection,
} from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { connectionsOf, startPoolApp } from '../support/pool-app.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer, type Listener } from '../../../mint/test/support/http-server.ts';

const startH2c = (pool: PoolOptions = {}, maxConcurrentStreams?: number) =>
  startPoolApp(
    { protocols: ['http2'], ...pool },
    {},
    { http2: maxConcurrentStreams === undefined ? {} : { settings: { maxConcurrentStreams } } },
  );

/** The shared connection of a pool that has one. */
async function startShared(pool: PoolOptions = {}, maxConcurrentStreams?: number) {
  const app = await startH2c(pool, maxConcurrentStreams);
  await app.ask();
  const connection = app.finch.checkoutH2(app.pool) as SharedConnection;
  return { ...app, connection };
}

describe('checkoutH2', () => {
  test('gives nothing where there is no connection, and opens none [H60] [H76]', async () => {
    const { finch, pool, server } = await startH2c();
    expect(finch.checkoutH2(pool)).toBeUndefined();
    expect(finch.checkoutH2('https://nowhere.test')).toBeUndefined();
    expect(server.connections).toBe(0);
  });

  test('gives nothing of a pool that speaks HTTP/1.1', async () => {
    const { finch, pool, ask } = await startPoolApp();
    await ask();
    expect(finch.checkoutH2(pool)).toBeUndefined();
  });

  test('gives the open one, which is the same each time [H54] [H61] [H66] [H77] [H80]', async () => {
    const { finch, pool, connection } = await startShared();
    expect(finch.checkoutH2(pool)).toBe(connection);
    expect(finch.checkoutH2(pool)).toBe(connection);
    expect(await connectionsOf(finch, pool.key)).toEqual([connection.pid]);
    expect(connection).toMatchObject({ protocol: 'http2', inFlight: 0, usable: true });
    expect(connection.pool.key).toBe(pool.key);
  });

  test('gives each server, and each tag, its own [H64] [H65] [H67] [H81]', async () => {
    const { finch, server, connection } = await startShared();
    const tagged = Pool.new(server.url, { tag: 'tagged' });
    expect(finch.checkoutH2(tagged)).toBeUndefined();
    await finch.startPool(tagged, { protocols: ['http2'] });
    await finch.prewarm(tagged, 1);
    const other = finch.checkoutH2(tagged);
    expect(other?.pid).toBeDefined();
    expect(other?.pid).not.toBe(connection.pid);
  });

  test('gives none whose process is dead [H56] [H57] [H63] [H79] [H142]', async () => {
    using _crashes = captureCrashReports();
    const { finch, pool, connection } = await startShared();
    exit(connection.pid, 'kill');
    expect(finch.checkoutH2(pool)).toBeUndefined();
    await eventually(() => expect(isAlive(connection.pid)).toBe(false));
    expect(finch.checkoutH2(pool)).toBeUndefined();
    expect(connection.usable).toBe(false);
    expect(await rejection(connection.request('/now'))).toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
      requestSent: false,
    });
    expect(await rejection(connection.ping())).toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
    });
  });

  test('does not ask the process, so that a suspended one keeps nobody waiting [H55]', async () => {
    const { finch, pool, connection, ask } = await startShared();
    await suspend(connection.pid);
    expect(finch.checkoutH2(pool)).toBe(connection);
    expect((await ask()).status).toBe(200);
    expect(finch.getStats()).toMatchObject({ inUse: 0 });
    await resume(connection.pid);
  });
});

describe('requests on a shared connection', () => {
  test('go over that one, beside those of the pool', async () => {
    const { ask, connection, server, shard } = await startShared();
    const others = [ask('/hold'), ask('/hold')];
    const own = connection.request('/hold');
    await server.holds(3);
    expect(connection.inFlight).toBe(3);
    expect(shard.figures).toMatchObject({ inUse: 1, inFlight: 3 });
    server.open();
    expect((await own).status).toBe(200);
    await Promise.all(others);
    const bytes = await connection.stream('/now', 0, (part, sum) =>
      part.type === 'data' ? sum + part.data.length : sum,
    );
    expect(bytes).toBe(2);
    expect(await (await connection.open('/now')).text()).toBe('OK');
    expect(await connection.ping()).toBeGreaterThanOrEqual(0);
    expect(server.connections).toBe(1);
  });

  test('are refused beyond its limit, and for another server', async () => {
    const { connection, server } = await startShared({}, 1);
    const held = connection.request('/hold');
    await server.holds(1);
    expect(await rejection(connection.request('/now'))).toMatchObject({
      code: 'ERR_FINCH_INVALID_REQUEST',
      option: 'connection',
    });
    server.open();
    await held;
    expect(await rejection(connection.request('http://elsewhere.test/'))).toMatchObject({
      option: 'request',
    });
    expect(connection.inFlight).toBe(0);
  });
});

describe('unregisterH2 and registerH2', () => {
  test('take a connection out of the pool and put it back; whoever uses it goes on [H61] [H62] [H77] [H78]', async () => {
    const { finch, pool, ask, connection, server, figures } = await startShared();
    const held = ask('/hold');
    await server.holds(1);
    expect(finch.unregisterH2(connection)).toBe(true);
    expect(finch.unregisterH2(connection)).toBe(false);
    expect(connection.registered).toBe(false);
    expect(finch.checkoutH2(pool)).toBeUndefined();
    expect((await ask()).status).toBe(200);
    expect(server.connections).toBe(2);
    expect((await connection.request('/now')).status).toBe(200);
    server.open();
    expect((await held).status).toBe(200);
    await figures({ inUse: 1, inFlight: 0, idle: 1 });

    expect(finch.registerH2(pool, connection)).toBe(true);
    expect(finch.registerH2(pool, connection)).toBe(false);
    expect(finch.checkoutH2(pool)).toBe(connection);
    await figures({ inUse: 0, inFlight: 0, idle: 2 });
    expect(server.connections).toBe(2);
  });

  test('serve those who wait as soon as the connection is back', async () => {
    const { finch, pool, ask, connection, server, figures } = await startShared({ size: 1 });
    finch.unregisterH2(connection);
    const waiting = [ask('/hold'), ask('/hold')];
    await figures({ queued: 2 });
    finch.registerH2(pool, connection);
    await server.holds(2);
    server.open();
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
  });

  test('of all connections, or of those of a pool', async () => {
    const { finch, pool, connection, server, ask } = await startShared();
    expect(finch.unregisterH2All(pool)).toEqual([connection]);
    expect(finch.unregisterH2All()).toEqual([]);
    await ask();
    const [second] = finch.unregisterH2All();
    expect(second?.pid).not.toBe(connection.pid);
    expect(server.connections).toBe(2);
    connection.close();
    second?.close();
    expect(finch.getStats()).toMatchObject({ inUse: 0, inFlight: 0, idle: 0 });
  });

  test('leave nothing behind when the process that took it out dies', async () => {
    const { finch, ask, connection, server, figures } = await startShared();
    const held = ask('/hold');
    await server.holds(1);
    const taker = spawn(async () => {
      finch.unregisterH2(connection);
      await new Promise(() => {});
    });
    await eventually(() => expect(connection.registered).toBe(false));
    exit(taker, 'kill');
    await figures({ inFlight: 1 });
    expect(isAlive(connection.pid)).toBe(true);
    server.open();
    await held;
    await eventually(() => expect(isAlive(connection.pid)).toBe(false));
    await figures({ inUse: 0, inFlight: 0, idle: 0 });
  });

  test('refuse what is no connection, or one of another pool', async () => {
    const { finch, connection } = await startShared();
    expect(() => finch.registerH2('https://other.test', connection)).toThrow(InvalidRequestError);
    expect(() => finch.unregisterH2({} as SharedConnection)).toThrow('no HTTP/2 connection');
  });
});

describe('a lease of a shared connection', () => {
  test('is a place on it, beside others', async () => {
    const { finch, pool, ask, server, shard } = await startH2c();
    await using lease = await finch.checkout(pool);
    await using other = await finch.checkoutShared(pool);
    expect(lease.protocol).toBe('http2');
    expect(other.connection).toBe(lease.connection);
    expect((await ask()).status).toBe(200);
    const both = [lease.request('/hold'), lease.request('/hold')];
    await server.holds(2);
    // One of the two on the place of the lease.
    expect(shard.figures).toMatchObject({ inUse: 1, inFlight: 3 });
    server.open();
    await Promise.all(both);
    expect(shard.figures).toMatchObject({ inFlight: 2 });
    expect(server.connections).toBe(1);
  });

  test('is given back once, also while a request is under way', async () => {
    const { finch, pool, server, figures } = await startH2c();
    const lease = await finch.checkout(pool);
    const held = lease.request('/hold');
    await server.holds(1);
    expect(lease.release()).toBe(true);
    expect(lease.release()).toBe(false);
    await figures({ inFlight: 1 });
    expect(await rejection(lease.request('/now'))).toMatchObject({ option: 'lease' });
    server.open();
    expect((await held).status).toBe(200);
    await figures({ inUse: 0, inFlight: 0, idle: 1 });
  });

  test('waits for a place where there is none [H84]', async () => {
    const { finch, pool, server, figures } = await startH2c({ size: 1 }, 1);
    const lease = await finch.checkout(pool);
    expect((await lease.request('/now')).status).toBe(200);
    const next = finch.checkout(pool);
    await figures({ queued: 1 });
    expect(await rejection(finch.checkout(pool, { checkoutTimeout: 20 }))).toMatchObject({
      code: 'ERR_FINCH_POOL_TIMEOUT',
    });
    lease.release();
    (await next).release();
    expect(server.connections).toBe(1);
  });

  test('ends with its holder, and others go on', async () => {
    const { finch, pool, ask, server, figures } = await startH2c();
    const staying = ask('/stay');
    await server.holds(1);
    const holder = spawn(async () => {
      const lease = await finch.checkout(pool);
      await lease.request('/hold');
    });
    await server.holds(2);
    exit(holder, 'kill');
    await figures({ inUse: 1, inFlight: 1 });
    server.open();
    expect((await staying).status).toBe(200);
    expect(server.connections).toBe(1);
  });

  test('of checkoutShared is refused where the server speaks HTTP/1.1', async () => {
    const { finch, pool, shard } = await startPoolApp();
    expect(await rejection(finch.checkoutShared(pool))).toMatchObject({
      code: 'ERR_FINCH_INVALID_REQUEST',
    });
    expect(shard.figures).toMatchObject({ inUse: 0, inFlight: 0 });
  });
});

describe('openStream', () => {
  /** Sends back what comes, with its trailers, once it has begun to come. */
  const echo: Listener = (request, answer) => {
    answer.writeHead(200, { trailer: 'x-sum' });
    request.on('data', (chunk: Buffer) => answer.write(chunk));
    request.on('end', () => {
      answer.addTrailers({
        'x-sum': String(request.headers['x-seed'] ?? '') + String(request.trailers['x-sum']),
      });
      answer.end();
    });
  };

  async function startEcho() {
    const server = await startHttpServer(echo, { http2: {} });
    const finch = await startFinch({ pools: { default: { protocols: ['http2'] } } });
    return { server, finch };
  }

  test('writes and reads at the same time, with trailers both ways [H182] [H183]', async () => {
    const { server, finch } = await startEcho();
    await using _server = server;
    await inProcess(async () => {
      await using lease = await finch.checkoutShared(server.url);
      const stream = lease.openStream('post', '/chat', { 'x-seed': '4' });
      await stream.write('hello');
      const response = await stream.response;
      expect(response.status).toBe(200);
      const reader = response.body[Symbol.asyncIterator]();
      const text = async (): Promise<string> => String((await reader.next()).value);
      expect(await text()).toBe('hello');
      await stream.write(new TextEncoder().encode('again'));
      expect(await text()).toBe('again');
      stream.end({ 'x-sum': '2' });
      expect(await reader.next()).toEqual({ done: true, value: undefined });
      expect((await response.trailers).get('x-sum')).toBe('42');
      expect(() => stream.end()).toThrow(InvalidRequestError);
      expect(await rejection(stream.write('x'))).toMatchObject({ option: 'stream' });
    });
    expect(finch.getStats()).toMatchObject({ inUse: 0, inFlight: 0 });
  });

  test('gives credit as it is read, and takes as much as the server does [H184] [H199] [H202]', async () => {
    const { server, finch } = await startEcho();
    await using _server = server;
    await using lease = await finch.checkoutShared(server.url);
    const stream = lease.openStream('POST', '/echo');
    const [sent, received] = [createHash('sha256'), createHash('sha256')];
    const writing = (async () => {
      for (let index = 0; index < 100; index++) {
        const chunk = Buffer.alloc(40_000, index);
        sent.update(chunk);
        await stream.write(chunk);
      }
      stream.end();
    })();
    let length = 0;
    for await (const chunk of (await stream.response).body) {
      received.update(chunk);
      length += chunk.length;
    }
    await writing;
    expect(length).toBe(4_000_000);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
  });

  test('is given up in both directions by cancel, and by the end of its block [H185]', async () => {
    const { server, finch } = await startEcho();
    await using _server = server;
    await using lease = await finch.checkoutShared(server.url);
    const early = lease.openStream('POST', '/echo');
    const written = early.write('never');
    early.cancel('enough');
    expect(await rejection(early.response)).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
    await written.catch(() => {});
    expect(await rejection(early.write('x'))).toMatchObject({
      code: 'ERR_FINCH_REQUEST_CANCELLED',
    });

    const late = lease.openStream('POST', '/echo');
    {
      await using stream = late;
      await stream.write('hello');
      const { body } = await stream.response;
      await body[Symbol.asyncIterator]().next();
    }
    expect(await rejection(late.write('x'))).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
    expect((await lease.request('/')).status).toBe(200);
  });
});
