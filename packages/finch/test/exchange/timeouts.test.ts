/** The limits of a request, each with its own error, filled in. The runtime's timers are virtual. */
import { response, startHttp1Server } from '@linnet/mint/testing';
import { exit, Supervisor, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, processSnapshot, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  ConnectTimeoutError,
  Finch,
  Pool,
  PoolTimeoutError,
  ReceiveTimeoutError,
  RequestTimeoutError,
  type PoolOptions,
  type RequestOptions,
} from '../../src/index.ts';
import { expectNoConnections, openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import type { GateServer } from '../support/gate-server.ts';
import { connectionsOf, startPoolApp } from '../support/pool-app.ts';

async function startTimedApp(pool: PoolOptions = {}) {
  const clock = new TestClock().install(onTestFinished);
  return { clock, ...(await startPoolApp({ connMaxIdleTime: 'infinity', ...pool })) };
}

describe('poolTimeout', () => {
  test('ends the waiting, with figures, and not sooner [F32] [F146]', async () => {
    const { clock, ask, server, figures, pool } = await startTimedApp({ size: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const waiting = rejection(ask('/now', { poolTimeout: 1000 }));
    await figures({ queued: 1 });

    await clock.advance(999);
    await figures({ queued: 1 });
    await clock.advance(1);

    const error = await waiting;
    expect(error).toBeInstanceOf(PoolTimeoutError);
    expect(error).toMatchObject({
      pool: pool.key,
      origin: pool.origin,
      phase: 'queue',
      waited: 1000,
      limit: 1000,
      size: 1,
      inUse: 1,
      idle: 0,
      connecting: 0,
      queued: 1,
    });
    expect(error.message).toContain('(size 1, in use 1, idle 0, connecting 0, queued 1)');
    server.release();
    await first;
    await figures({ idle: 1, queued: 0 });
  });

  test('is 5000 ms by default', async () => {
    const { clock, ask, server } = await startTimedApp({ size: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const waiting = rejection(ask('/now'));
    await clock.advance(5000);

    expect(await waiting).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT', limit: 5000 });
    server.release();
    await first;
  });

  test('covers the waiting only: opening a connection has its own limit', async () => {
    const { clock, ask } = await startTimedApp();
    const answer = ask('/now', { poolTimeout: 0, receiveTimeout: 'infinity' });

    await clock.advance(100_000);

    expect((await answer).status).toBe(200);
  });

  test('goes on with what is left when the pool goes down meanwhile', async () => {
    using _ = captureCrashReports();
    const { clock, finch, server } = await startTimedApp();
    const pool = Pool.new(server.url, { tag: 'mine' });
    const owner = await Supervisor.startLink(
      [Pool.childSpec({ finch: finch.name, pool, size: 1, restart: 'temporary' })],
      { strategy: 'one_for_one' },
    );
    onTestFinished(() => owner.stop());
    const lease = await finch.checkout(pool);
    const request = Finch.build('GET', `${server.url}/now`, undefined, undefined, {
      poolTag: 'mine',
    });
    const waiting = rejection(finch.request(request, { poolTimeout: 1000 }));
    await clock.advance(600);

    exit(finch.findPool(pool) as Pid, 'kill');
    await clock.advance(400);

    expect(await waiting).toMatchObject({ code: 'ERR_FINCH_POOL_DOWN', waited: 1000, limit: 1000 });
    lease.release();
  });
});

describe('connectTimeout', () => {
  test.each([
    ['of the request', { connectTimeout: 50 }, {}],
    ['of the pool', {}, { connectTimeout: 50 }],
    ['of the request comes first', { connectTimeout: 50 }, { connectTimeout: 60_000 }],
  ])('%s ends the wait for a connection that is being opened', async (_, request, connOpts) => {
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const url = `https://127.0.0.1:${silent.port}`;
    const { finch } = await startApp({
      pools: { default: { connOpts: { ...connOpts, tls: { rejectUnauthorized: false } } } },
    });

    const error = await rejection(finch.get(url, request));

    expect(error).toBeInstanceOf(ConnectTimeoutError);
    expect(error).toMatchObject({
      pool: url,
      origin: url,
      phase: 'connect',
      limit: 50,
      requestSent: false,
    });
    expect((error as ConnectTimeoutError).waited).toBeGreaterThanOrEqual(49);
    // The dial is the pool's: only the pool's limit ends it.
    const left = 'connectTimeout' in request ? 1 : 0;
    expect(finch.getPoolStatus(url)[0]).toMatchObject({ connecting: left });
    expect(openSlots(finch)).toBe(left);
    await finch.stopPool(url);
    await expectNoConnections(silent.server);
  });

  test('of a request does not count while it waits for a connection that is in use', async () => {
    const clock = new TestClock().install(onTestFinished);
    const { ask, server, figures } = await startPoolApp({ size: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const waiting = ask('/now', { connectTimeout: 100 });
    await figures({ queued: 1 });
    await clock.advance(1000);
    await figures({ queued: 1 });

    server.release();

    expect((await waiting).status).toBe(200);
    await first;
  });

  test('of a request counts from the moment at which the connection is begun', async () => {
    const clock = new TestClock().install(onTestFinished);
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const url = `https://127.0.0.1:${silent.port}`;
    const { finch } = await startApp({
      maxConnections: 1,
      pools: { default: { connOpts: { connectTimeout: 'infinity' } } },
    });
    const other = `https://localhost:${silent.port}`;
    const ahead = rejection(finch.get(other, { requestTimeout: 250 }));
    const waiting = rejection(finch.get(url, { connectTimeout: 100, poolTimeout: 'infinity' }));
    await eventually(() => expect(finch.getPoolStatus(url)[0]).toMatchObject({ queued: 1 }));
    await clock.advance(250);
    expect(await ahead).toMatchObject({ code: 'ERR_FINCH_REQUEST_TIMEOUT', phase: 'connect' });

    await finch.stopPool(other, { grace: 0 });
    await eventually(() => expect(finch.getPoolStatus(url)[0]).toMatchObject({ connecting: 1 }));
    await clock.advance(99);
    expect(finch.getPoolStatus(url)[0]).toMatchObject({ connecting: 1, queued: 0 });
    await clock.advance(1);

    expect(await waiting).toMatchObject({ code: 'ERR_FINCH_CONNECT_TIMEOUT', waited: 100 });
    await finch.stopPool(url, { grace: 0 });
  });

  test('is covered by poolTimeout: the error says that a connection is being opened', async () => {
    const clock = new TestClock().install(onTestFinished);
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const url = `https://127.0.0.1:${silent.port}`;
    const { finch } = await startApp();
    const waiting = rejection(finch.get(url, { poolTimeout: 30 }));
    await silent.peer(0);
    await clock.advance(30);
    const error = await waiting;

    expect(error).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT', limit: 30, connecting: 1 });
    expect(error.message).toContain('being opened');
  });

  test('of a checkout, inside checkoutTimeout', async () => {
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const url = `https://127.0.0.1:${silent.port}`;
    const { finch } = await startApp();

    expect(await rejection(finch.checkout(url, { connectTimeout: 30 }))).toMatchObject({
      code: 'ERR_FINCH_CONNECT_TIMEOUT',
      limit: 30,
    });
    const late = await rejection(finch.checkout(url, { checkoutTimeout: 30 }));
    expect(late).toMatchObject({
      code: 'ERR_FINCH_POOL_TIMEOUT',
      limit: 30,
      connecting: 1,
      inUse: 0,
    });
  });
});

describe('receiveTimeout', () => {
  test('ends a request whose server says nothing, and the connection with it [F29]', async () => {
    const { clock, ask, server, pool, figures } = await startTimedApp();
    const waiting = rejection(ask('/hold', { receiveTimeout: 100 }));
    await server.holds(1);

    await clock.advance(100);

    const error = await waiting;
    expect(error).toBeInstanceOf(ReceiveTimeoutError);
    expect(error).toMatchObject({
      pool: pool.key,
      origin: pool.origin,
      phase: 'receive',
      waited: 100,
      limit: 100,
      bytesReceived: 0,
    });
    await figures({ inUse: 0, idle: 0 });
    await eventually(async () => expect(await server.sockets()).toBe(0));
  });

  test('counts anew with each chunk [F30]', async () => {
    const clock = new TestClock().install(onTestFinished);
    const server = await startHttp1Server();
    onTestFinished(() => server.close());
    const { finch } = await startApp();
    let received = '';
    const answer = finch.stream(
      `http://127.0.0.1:${server.port}/`,
      undefined,
      (part) => {
        if (part.type === 'data') received += String(part.data);
      },
      { receiveTimeout: 100 },
    );
    const peer = await server.peer(0);
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    for (let chunk = 1; chunk <= 5; chunk++) {
      await peer.write('5\r\nchunk\r\n');
      await eventually(() => expect(received).toBe('chunk'.repeat(chunk)));
      await clock.advance(90);
    }
    await peer.write('0\r\n\r\n');
    await answer;

    expect(received).toBe('chunk'.repeat(5));
  });

  test('ends a response that stops halfway', async () => {
    const { clock, finch, server, pool } = await startTimedApp();
    const [waiting, begun] = readHead(finch, server, { receiveTimeout: 100 });
    await begun;
    await clock.advance(100);

    expect(await waiting).toMatchObject({
      code: 'ERR_FINCH_RECEIVE_TIMEOUT',
      pool: pool.key,
      bytesReceived: 'first '.length,
    });
  });

  test('does not run while the caller’s own body keeps the request waiting', async () => {
    const { clock, finch, server } = await startTimedApp();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    async function* body() {
      yield 'one ';
      await gate;
      yield 'two';
    }
    const answer = finch.post(`${server.url}/hold`, body(), { receiveTimeout: 100 });
    await server.holds(1);
    await clock.advance(1000);
    open();
    server.release();

    expect((await answer).status).toBe(200);
  });

  test('ends an upload that the server does not take [D2]', async () => {
    const clock = new TestClock().install(onTestFinished);
    const server = await startHttp1Server((peer) => peer.socket.pause());
    onTestFinished(() => server.close());
    const { finch } = await startApp();
    let pulled = 0;
    function* body() {
      for (;;) {
        pulled++;
        yield Buffer.alloc(65_536);
      }
    }
    const waiting = rejection(
      finch.post(`http://127.0.0.1:${server.port}/`, body(), { receiveTimeout: 100 }),
    );
    let before = -1;
    await eventually(async () => {
      [before] = [pulled, await turn()];
      expect(pulled).toBe(before);
      expect(pulled).toBeGreaterThan(1);
    });
    await clock.advance(100);

    expect(await waiting).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT', limit: 100 });
    expect(openSlots(finch)).toBe(0);
    server.peers[0]?.socket.resume();
  });

  test('does not stick to the connection: the next request has its own [E16]', async () => {
    const { clock, ask, server } = await startTimedApp();
    await ask('/now', { receiveTimeout: 50 });
    const second = ask('/hold', { receiveTimeout: 'infinity' });
    await server.holds(1);

    await clock.advance(60_000);
    server.release();

    expect((await second).status).toBe(200);
    expect(server.connections).toBe(1);
  });
});

describe('requestTimeout', () => {
  test('ends it in the queue, with figures', async () => {
    const { clock, ask, server, pool } = await startTimedApp({ size: 1 });
    const first = ask('/hold', { receiveTimeout: 'infinity' });
    await server.holds(1);
    const waiting = rejection(ask('/now', { requestTimeout: 300, poolTimeout: 'infinity' }));
    await clock.advance(300);

    const error = await waiting;
    expect(error).toBeInstanceOf(RequestTimeoutError);
    expect(error).toMatchObject({
      phase: 'queue',
      pool: pool.key,
      waited: 300,
      limit: 300,
      size: 1,
      inUse: 1,
      idle: 0,
      queued: 1,
    });
    server.release();
    await first;
  });

  test('ends it while connecting; the connection goes to the idle ones or nowhere', async () => {
    const clock = new TestClock().install(onTestFinished);
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const url = `https://127.0.0.1:${silent.port}`;
    const { finch } = await startApp({ pools: { default: { connOpts: { connectTimeout: 100 } } } });
    const waiting = rejection(finch.get(url, { requestTimeout: 20 }));
    await silent.peer(0);
    await clock.advance(20);

    expect(await waiting).toMatchObject({
      code: 'ERR_FINCH_REQUEST_TIMEOUT',
      phase: 'connect',
      connecting: 1,
      limit: 20,
    });
    await clock.advance(80);
    await eventually(() => expect(openSlots(finch)).toBe(0));
  });

  test('ends it while receiving, however steadily the chunks come [F30]', async () => {
    const { clock, finch, server } = await startTimedApp();
    const limits = { requestTimeout: 600, receiveTimeout: 'infinity' } as const;
    const [waiting, begun] = readHead(finch, server, limits);
    await begun;
    await clock.advance(600);

    expect(await waiting).toMatchObject({
      code: 'ERR_FINCH_REQUEST_TIMEOUT',
      phase: 'receive',
      waited: 600,
    });
    await eventually(async () => expect(await server.sockets()).toBe(0));
  });

  test('ends it while its pool is down', async () => {
    const { clock, finch, server } = await startTimedApp();
    const pool = Pool.new(server.url, { tag: 'mine' });
    const owner = await Supervisor.startLink(
      [Pool.childSpec({ finch: finch.name, pool, id: 'mine' })],
      { strategy: 'one_for_one' },
    );
    onTestFinished(() => owner.stop());
    await owner.terminateChild('mine');
    const request = Finch.build('GET', `${server.url}/now`, undefined, undefined, {
      poolTag: 'mine',
    });
    const waiting = rejection(
      finch.request(request, { requestTimeout: 250, poolTimeout: 'infinity' }),
    );
    await clock.advance(250);

    expect(await waiting).toMatchObject({ code: 'ERR_FINCH_REQUEST_TIMEOUT', phase: 'queue' });
  });

  test('leaves room for a response that comes in time [F29] [F30]', async () => {
    const { clock, ask, server } = await startTimedApp();
    const answer = ask('/hold', { requestTimeout: 6000, receiveTimeout: 200 });
    await server.holds(1);
    await clock.advance(199);
    server.release();

    expect((await answer).status).toBe(200);
  });
});

test('checkoutTimeout covers waiting and opening together [H19]', async () => {
  const { clock, finch, pool, figures } = await startTimedApp({ size: 1 });
  const lease = await finch.checkout(pool);
  const waiting = rejection(finch.checkout(pool, { checkoutTimeout: 100 }));
  await figures({ queued: 1 });
  await clock.advance(100);

  expect(await waiting).toMatchObject({
    code: 'ERR_FINCH_POOL_TIMEOUT',
    limit: 100,
    waited: 100,
    inUse: 1,
    queued: 1,
  });
  lease.release();
});

test('after a request no timer is left, whichever of its limits were set', async () => {
  const { ask, finch, pool } = await startTimedApp();
  const before = processSnapshot().timers;
  await ask('/now', {
    poolTimeout: 10_000,
    connectTimeout: 10_000,
    receiveTimeout: 10_000,
    requestTimeout: 10_000,
  });
  const lease = await finch.checkout(pool, { checkoutTimeout: 10_000 });
  lease.release();

  expect(processSnapshot().timers).toBe(before);
  expect(await connectionsOf(finch, pool.key)).toHaveLength(1);
});

test('a response after the deadline goes to nobody: its connection is closed', async () => {
  const clock = new TestClock().install(onTestFinished);
  const server = await startHttp1Server();
  onTestFinished(() => server.close());
  const { finch } = await startApp();
  const url = `http://127.0.0.1:${server.port}/`;
  const late = rejection(finch.get(url, { receiveTimeout: 10 }));
  const first = await server.peer(0);
  await first.readRequest();
  await clock.advance(10);
  await late;

  const next = finch.get(url);
  await first.closed;
  const second = await server.peer(1);
  await second.readRequest();
  await second.write(response('mine'));

  expect((await next).text()).toBe('mine');
});

/** Some turns of the event loop. */
async function turn(): Promise<void> {
  for (let left = 10; left > 0; left--) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** A request whose response stops after a first piece: its failure, and the arrival of that piece. */
function readHead(
  finch: Finch,
  server: GateServer,
  options: RequestOptions,
): [failure: Promise<Error>, begun: Promise<void>] {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const url = `${server.url}/head`;
  const failure = finch.stream(
    url,
    undefined,
    (part) => {
      if (part.type === 'data') resolve();
    },
    options,
  );
  return [rejection(failure), begun];
}
