/** HTTP/3 connections in the hands of callers: seeing them, taking them out of the pool, leases on them. */
import { exit, isAlive, resume, suspend } from '@linnet/otp';
import { captureCrashReports, eventually } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { InvalidRequestError, Pool, type SharedConnection } from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { connectionsOf } from '../support/pool-app.ts';
import { answering, startH3App, trusting, type H3AppOptions } from '../support/h3-app.ts';
import { describeQuic } from '../../../mint/test/support/quic.ts';

/** The connection of a pool that has one. */
async function startShared(options: H3AppOptions = {}) {
  const app = await startH3App(options);
  await app.ask();
  const connection = app.finch.checkoutH3(app.pool) as SharedConnection;
  return { ...app, connection };
}

describeQuic('checkoutH3', () => {
  test('gives nothing where there is no connection, and opens none [H60]', async () => {
    const { finch, pool, server } = await startH3App();
    expect(finch.checkoutH3(pool)).toBeUndefined();
    expect(finch.checkoutH3('https://nowhere.test')).toBeUndefined();
    expect(server.peers).toHaveLength(0);
  });

  test('gives the open one, which is the same each time [H61] [H66]', async () => {
    const { finch, pool, connection } = await startShared();
    expect(finch.checkoutH3(pool)).toBe(connection);
    expect(finch.checkoutH3(pool)).toBe(connection);
    expect(await connectionsOf(finch, pool.key)).toEqual([connection.pid]);
    expect(connection).toMatchObject({ protocol: 'http3', inFlight: 0, limit: 99, usable: true });
    // The siblings of HTTP/2 do not know it.
    expect(finch.checkoutH2(pool)).toBeUndefined();
    expect(finch.unregisterH2All(pool)).toEqual([]);
    expect(() => finch.unregisterH2(connection)).toThrow(InvalidRequestError);
    expect(() => finch.registerH2(pool, connection)).toThrow('no HTTP/2 connection');
  });

  test('gives each server, and each tag with its own TLS options, its own [H8] [H64] [H65] [H67]', async () => {
    const { finch, server, connection, pool } = await startShared();
    const tagged = Pool.new(server.url, { tag: 'tagged' });
    expect(finch.checkoutH3(tagged)).toBeUndefined();
    const tls = { ...trusting.connOpts.tls, rejectUnauthorized: false };
    await finch.startPool(tagged, { protocols: ['http3'], connOpts: { tls } });
    await finch.prewarm(tagged, 1);
    const other = finch.checkoutH3(tagged);
    expect(other?.pid).toBeDefined();
    expect(other?.pid).not.toBe(connection.pid);
    expect(finch.checkoutH3(pool)).toBe(connection);
    expect(finch.checkoutH3(tagged)).toBe(other);
  });

  test('gives none whose process is dead, and requests on that one say so [H58] [H63] [H143]', async () => {
    using _crashes = captureCrashReports();
    const { finch, pool, connection, ask } = await startShared();
    exit(connection.pid, 'kill');
    expect(finch.checkoutH3(pool)).toBeUndefined();
    await eventually(() => expect(isAlive(connection.pid)).toBe(false));
    expect(connection.usable).toBe(false);
    expect(await rejection(connection.request('/now'))).toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
      requestSent: false,
    });
    expect(await rejection(connection.ping())).toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
    });
    expect((await ask()).status).toBe(200);
  });

  test('does not ask the process, so that a suspended one keeps no caller waiting [H59]', async () => {
    const { finch, pool, connection, ask } = await startShared();
    await suspend(connection.pid);
    expect(finch.checkoutH3(pool)).toBe(connection);
    expect((await ask()).status).toBe(200);
    expect(finch.getStats()).toMatchObject({ inUse: 0 });
    await resume(connection.pid);
  });
});

describeQuic('unregisterH3 and registerH3', () => {
  test('take a connection out of the pool and put it back; requests on it go on [H61] [H62]', async () => {
    const { finch, pool, connection, ask, server } = await startShared();
    expect(finch.unregisterH3(connection)).toBe(true);
    expect(finch.unregisterH3(connection)).toBe(false);
    expect(finch.checkoutH3(pool)).toBeUndefined();
    expect(connection.registered).toBe(false);
    expect((await connection.request('/own')).status).toBe(200);
    expect((await ask()).status).toBe(200);
    expect(server.peers).toHaveLength(2);

    expect(finch.registerH3(pool, connection)).toBe(true);
    expect(finch.registerH3(pool, connection)).toBe(false);
    expect(connection.registered).toBe(true);
    const all = finch.unregisterH3All(pool);
    expect(all).toHaveLength(2);
    expect(finch.unregisterH3All()).toEqual([]);
    expect(finch.checkoutH3(pool)).toBeUndefined();
    // A pool that stops waits for those that callers have.
    for (const each of all) expect(finch.registerH3(pool, each)).toBe(true);
  });

  test('refuse what is no such connection, or one of another pool', async () => {
    const { finch, connection } = await startShared();
    expect(() => finch.registerH3('https://other.test', connection)).toThrow('belongs to the pool');
    expect(() => finch.unregisterH3({} as SharedConnection)).toThrow('no HTTP/3 connection');
  });
});

describeQuic('a lease of an HTTP/3 connection', () => {
  test('is a place beside others, given back without closing it [H29]', async () => {
    const { finch, pool, ask, shard, server } = await startShared();
    const lease = await finch.checkout(pool);
    expect(lease.protocol).toBe('http3');
    expect((await lease.request('/')).text()).toBe('OK');
    expect((await ask()).text()).toBe('OK');
    expect(shard.figures).toMatchObject({ inUse: 1, inFlight: 1 });
    expect(lease.release()).toBe(true);
    expect(shard.figures).toMatchObject({ inUse: 0, idle: 1 });
    await using shared = await finch.checkoutShared(pool);
    expect(shared.protocol).toBe('http3');
    expect(server.peers).toHaveLength(1);
  });

  test('writes a request while it reads the response', async () => {
    const { finch, pool } = await startH3App({
      script: answering(async (peer, { stream }) => {
        peer.respond(stream, 200);
        await peer.until(() => peer.came('DATA', stream).length > 0);
        peer.data(stream, `echo ${String((await peer.next('DATA', stream)).payload)}`);
        await peer.readBody(stream);
        peer.headers(stream, [['x-sum', '1']], { endStream: true });
      }),
    });
    await using lease = await finch.checkoutShared(pool);
    await using stream = lease.openStream('POST', '/');
    await stream.write('one');
    const response = await stream.response;
    const reader = response.body[Symbol.asyncIterator]();
    const first = await reader.next();
    expect(Buffer.from(first.value as Uint8Array).toString()).toBe('echo one');
    stream.end();
    expect(await reader.next()).toMatchObject({ done: true });
  });
});

describeQuic('a PING on HTTP/3', () => {
  test('measures a round trip, of a pool and of a connection', async () => {
    const { finch, pool, connection } = await startShared();
    expect(await finch.ping(pool)).toBeGreaterThanOrEqual(0);
    expect(await connection.ping()).toBeGreaterThanOrEqual(0);
  });
});
