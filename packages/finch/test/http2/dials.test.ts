/** Who waits for which connection that is being opened, and for how long. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createAuthority } from '@linnet/mint/testing';
import { eventually, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pool, type PoolOptions } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startH2App } from '../support/h2-app.ts';
import { shardOf, startPoolApp } from '../support/pool-app.ts';

const authority = createAuthority();
const tls = authority.issue(['localhost']);
const trusting = { connOpts: { tls: { ca: authority.ca } } };

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** A server that accepts and says nothing, so that no TLS handshake ends. */
async function startSilent(options: PoolOptions = {}) {
  const clock = new TestClock().install(onTestFinished);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {}).resume()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const pool = Pool.new(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { finch } = await startApp({ pools: [[pool, options]] });
  const url = `https://127.0.0.1:${pool.port}/`;
  return { clock, finch, sockets, url, shard: shardOf(finch, pool.key) };
}

describe('a connectTimeout of one request', () => {
  test('ends its own wait; the others go on waiting for the same connection', async () => {
    const { clock, finch, url, sockets } = await startSilent();
    const short = rejection(finch.get(url, { connectTimeout: 100 }));
    const others = times(3, () => rejection(finch.get(url, { poolTimeout: 'infinity' })));
    await eventually(() => expect(sockets.size).toBe(1));

    await clock.advance(100);
    expect(await short).toMatchObject({ code: 'ERR_FINCH_CONNECT_TIMEOUT', limit: 100 });

    await clock.advance(4900);
    for (const error of await Promise.all(others)) {
      expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECT_TIMEOUT', limit: 5000 });
    }
    expect(sockets.size).toBe(1);
  });

  test('is one connection for all who have one', async () => {
    const { clock, finch, url, sockets } = await startSilent();
    const errors = times(10, () => rejection(finch.get(url, { connectTimeout: 100 })));
    await eventually(() => expect(sockets.size).toBe(1));
    await clock.advance(100);
    for (const error of await Promise.all(errors)) {
      expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECT_TIMEOUT', limit: 100 });
    }
    expect(sockets.size).toBe(1);
  });

  test('does not keep those who have one from connections side by side, where it is HTTP/1.1', async () => {
    const { ask, server } = await startPoolApp({ ...trusting, size: 5 }, {}, { tls });
    const answers = times(5, (index) => ask('/hold', { connectTimeout: 1000 + index }));
    await server.holds(5);
    server.release();
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
    expect(server.connections).toBe(5);
  });
});

test('many requests that met the end of their connection go over one new one', async () => {
  const { ask, peer, server } = await startH2App();
  const first = ask('/first');
  const old = await peer(0);
  old.answer((await old.readRequest()).stream);
  await first;
  const answers = times(20, () => ask());
  for (let count = 0; count < 20; count += 1) await old.readRequest();
  old.socket.destroy();

  const next = await peer(1);
  for (let count = 0; count < 20; count += 1) next.answer((await next.readRequest()).stream);
  for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  expect(server.peers).toHaveLength(2);
});

describe('a burst to a server that turns out to speak HTTP/1.1', () => {
  const burst = async (options: PoolOptions) => {
    const app = await startPoolApp({ ...trusting, size: 1, ...options }, {}, { tls });
    const answers = times(4, () => app.ask('/hold').catch((error: unknown) => error));
    return { ...app, answers };
  };

  test('waits as far as maxQueue allows; the newest are refused', async () => {
    const { server, answers, shard } = await burst({ maxQueue: 1 });
    const late = await Promise.all(answers.slice(2));
    for (const error of late) expect(error).toMatchObject({ code: 'ERR_FINCH_QUEUE_FULL' });
    expect(shard.figures).toMatchObject({ inUse: 1, queued: 1 });
    for (const answer of answers.slice(0, 2)) {
      await server.holds(1);
      server.release();
      expect(await answer).toMatchObject({ status: 200 });
    }
  });

  test("is refused but for what there are connections for, with whenFull 'fail'", async () => {
    const { server, answers, shard } = await burst({ whenFull: 'fail' });
    const late = await Promise.all(answers.slice(1));
    for (const error of late) expect(error).toMatchObject({ code: 'ERR_FINCH_QUEUE_FULL' });
    expect(shard.figures).toMatchObject({ inUse: 1, queued: 0 });
    await server.holds(1);
    server.release();
    expect(await answers[0]).toMatchObject({ status: 200 });
  });

  test("gets connections beyond the size, with whenFull 'overflow'", async () => {
    const { server, answers, shard } = await burst({ whenFull: 'overflow' });
    await server.holds(4);
    expect(shard.figures).toMatchObject({ inUse: 4, queued: 0 });
    server.release();
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200 });
  });
});

test('an overflow connection that drains does not count twice against the size', async () => {
  const { ask, peer, server, shard } = await startH2App({
    size: 1,
    whenFull: 'overflow',
    settings: { maxConcurrentStreams: 1 },
  });
  const first = ask('/first');
  const one = await peer(0);
  const { stream } = await one.readRequest();
  const second = ask('/second');
  const two = await peer(1);
  const request = await two.readRequest();
  two.goaway(request.stream);
  await eventually(() => expect(shard.shared).toHaveLength(1));
  expect(shard.available).toBe(0);
  two.answer(request.stream);
  one.answer(stream);
  for (const { status } of await Promise.all([first, second])) expect(status).toBe(200);
  expect(server.peers).toHaveLength(2);
});
