import { startHttp1Server } from '@linnet/mint/testing';
import { exit, spawn } from '@linnet/otp';
import { captureCrashReports, eventually, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RequestCancelledError } from '../../src/index.ts';
import { expectNoConnections, openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { connectionsOf, startPoolApp } from '../support/pool-app.ts';

/** A signal that tells how many listen to it. */
function countingController() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  return { controller, signal, listeners: () => listeners };
}

describe('the time that is told', () => {
  test('is that since the request began, in every phase and whoever cancels [W14]', async () => {
    using _ = captureCrashReports();
    const { finch, server, figures, pool } = await startPoolApp({ size: 2 });
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    await finch.get(`${server.url}/now`);
    const clock = new TestClock(1_000_000).install(onTestFinished);
    const unlimited = { receiveTimeout: 'infinity', requestTimeout: 'infinity' } as const;
    const controller = new AbortController();
    const { signal } = controller;
    const options = { ...unlimited, poolTimeout: 'infinity', signal } as const;
    const sent = new AbortController();
    const inFlight = rejection(
      finch.get(`${server.url}/hold`, { ...unlimited, signal: sent.signal }),
    );
    const opened = await finch.open(`${server.url}/head`, unlimited);
    const lease = rejection(finch.checkout(pool, { signal, checkoutTimeout: 'infinity' }));
    const queued = [5000, 'infinity' as const].map((poolTimeout) =>
      rejection(finch.get(`${server.url}/now`, { ...unlimited, poolTimeout, signal })),
    );
    const connecting = rejection(
      finch.get(`https://127.0.0.1:${silent.port}/`, { ...options, connectTimeout: 'infinity' }),
    );
    let orphaned: Promise<Error> | undefined;
    const caller = spawn(async () => {
      orphaned = rejection(finch.get(`${server.url}/now`, { ...unlimited, poolTimeout: 5000 }));
      await orphaned;
    });
    await silent.peer(0);
    await figures({ queued: 4, inUse: 2 });

    await clock.advance(500);
    controller.abort();
    exit(caller, 'kill');
    opened.cancel();
    sent.abort();

    const outcomes = [inFlight, lease, ...queued, connecting, rejection(opened.text())];
    const errors = (await Promise.all([...outcomes, orphaned])) as RequestCancelledError[];
    expect(errors.map(({ waited }) => waited)).toEqual(errors.map(() => 500));
    expect(errors.map(({ phase }) => phase)).toEqual([
      'receive',
      'queue',
      'queue',
      'queue',
      'connect',
      'receive',
      'queue',
    ]);
    for (const { message } of errors) expect(message).toContain(' after 500 ms');
    server.open();
  });
});

describe('an AbortSignal', () => {
  test('that is aborted already: nothing is opened', async () => {
    const { ask, finch, pool, server, figures } = await startPoolApp();
    const reason = new Error('not wanted');

    const error = await rejection(ask('/now', { signal: AbortSignal.abort(reason) }));
    const lease = await rejection(finch.checkout(pool, { signal: AbortSignal.abort(reason) }));

    for (const each of [error, lease]) {
      expect(each).toBeInstanceOf(RequestCancelledError);
      expect(each).toMatchObject({ pool: pool.key, phase: 'queue', reason, cause: reason });
    }
    await figures({ inUse: 0, idle: 0, connecting: 0 });
    expect(server.connections).toBe(0);
  });

  test('takes a request out of the queue', async () => {
    const { ask, server, figures, pool } = await startPoolApp({ size: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const { controller, signal, listeners } = countingController();
    const waiting = rejection(ask('/now', { signal }));
    await figures({ queued: 1 });
    expect(listeners()).toBe(1);

    controller.abort();

    const error = await waiting;
    expect(error).toMatchObject({
      code: 'ERR_FINCH_REQUEST_CANCELLED',
      pool: pool.key,
      phase: 'queue',
    });
    expect((error as RequestCancelledError).waited).toBeGreaterThanOrEqual(0);
    expect(listeners()).toBe(0);
    await figures({ queued: 0 });
    server.release();
    await first;
    expect(server.requests).toEqual(['/hold']);
  });

  test('ends a request that waits for its connection to be opened', async () => {
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const { finch } = await startApp({ pools: { default: { connOpts: { connectTimeout: 100 } } } });
    const { controller, signal, listeners } = countingController();
    const waiting = rejection(finch.get(`https://127.0.0.1:${silent.port}/`, { signal }));
    await silent.peer(0);

    controller.abort();

    expect(await waiting).toMatchObject({ phase: 'connect', code: 'ERR_FINCH_REQUEST_CANCELLED' });
    expect(listeners()).toBe(0);
    await eventually(() => expect(openSlots(finch)).toBe(0));
    await expectNoConnections(silent.server);
  });

  test.each(['/hold', '/head'])(
    'ends a request in flight (%s), and its connection',
    async (path) => {
      const { ask, server, figures, pool } = await startPoolApp();
      const { controller, signal, listeners } = countingController();
      const waiting = rejection(ask(path, { signal }));
      await server.holds(1);

      controller.abort(new DOMException('enough', 'TimeoutError'));

      expect(await waiting).toMatchObject({
        code: 'ERR_FINCH_REQUEST_CANCELLED',
        pool: pool.key,
        phase: 'receive',
        reason: { name: 'TimeoutError' },
      });
      expect(listeners()).toBe(0);
      await figures({ inUse: 0, idle: 0 });
      await eventually(async () => expect(await server.sockets()).toBe(0));
    },
  );

  test('after the end does nothing, and nobody listens any more', async () => {
    const { ask, finch, pool, figures, server } = await startPoolApp();
    const { controller, signal, listeners } = countingController();
    await ask('/now', { signal });
    const lease = await finch.checkout(pool, { signal });
    expect(listeners()).toBe(0);

    controller.abort();
    await settle();

    await figures({ inUse: 1 });
    expect((await lease.request('/now')).status).toBe(200);
    lease.release();
    await figures({ inUse: 0, idle: 1 });
    expect(server.connections).toBe(1);
  });

  test('of one request does not reach another on the same signal’s siblings', async () => {
    const { ask, server } = await startPoolApp({ size: 2 });
    const controller = new AbortController();
    const aborted = rejection(ask('/hold/1', { signal: controller.signal }));
    const other = ask('/hold/2');
    await server.holds(2);

    controller.abort();
    await aborted;
    server.release();

    expect((await other).status).toBe(200);
  });

  test('shared by many requests ends them all', async () => {
    const { ask, server, figures } = await startPoolApp({ size: 2 });
    const { controller, signal, listeners } = countingController();
    const all = Array.from({ length: 10 }, () => rejection(ask('/hold', { signal })));
    await server.holds(2);
    await figures({ queued: 8 });

    controller.abort();

    const codes = (await Promise.all(all)).map((error) => (error as { code?: string }).code);
    expect(new Set(codes)).toEqual(new Set(['ERR_FINCH_REQUEST_CANCELLED']));
    expect(listeners()).toBe(0);
    // Connections that were opened for those next in the queue are idle now.
    await figures({ inUse: 0, queued: 0, connecting: 0 });
  });
});

describe('the death of the calling process', () => {
  test('takes its requests out of the queue', async () => {
    using _ = captureCrashReports();
    const { finch, ask, server, figures } = await startPoolApp({ size: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const caller = spawn(async () => {
      await Promise.allSettled([finch.get(`${server.url}/a`), finch.checkout(server.url)]);
    });
    await figures({ queued: 2 });

    exit(caller, 'kill');

    await figures({ queued: 0 });
    server.release();
    await first;
    expect(server.requests).toEqual(['/hold']);
  });

  test.each(['normal', 'killed'])('(%s) ends what it has in flight', async (how) => {
    using _ = captureCrashReports();
    const { finch, server, figures } = await startPoolApp();
    let ended: Promise<Error> | undefined;
    const caller = spawn(async () => {
      ended = rejection(finch.get(`${server.url}/hold`));
      if (how === 'killed') await ended;
      else await server.holds(1);
    });
    await server.holds(1);
    if (how === 'killed') exit(caller, 'kill');

    await figures({ inUse: 0, idle: 0 });

    expect(await ended).toMatchObject({
      code: 'ERR_FINCH_REQUEST_CANCELLED',
      reason: 'the calling process ended',
    });
    await eventually(async () => expect(await server.sockets()).toBe(0));
  });

  test('closes a connection that it has leased [H13]', async () => {
    using _ = captureCrashReports();
    const { finch, server, figures, pool } = await startPoolApp();
    const caller = spawn(async () => {
      await finch.checkout(pool);
      await new Promise(() => {});
    });
    await figures({ inUse: 1 });

    exit(caller, 'kill');

    await figures({ inUse: 0, idle: 0 });
    expect(await connectionsOf(finch, pool.key)).toEqual([]);
    await eventually(async () => expect(await server.sockets()).toBe(0));
  });

  test('does not close a connection that it has given back [H14]', async () => {
    using _ = captureCrashReports();
    const { finch, server, figures, pool } = await startPoolApp();
    const caller = spawn(async () => {
      const lease = await finch.checkout(pool);
      lease.release();
      await finch.get(`${server.url}/now`);
      await new Promise(() => {});
    });
    await figures({ idle: 1, inUse: 0 });
    await eventually(() => expect(server.requests).toHaveLength(1));

    exit(caller, 'kill');
    await settle();

    await figures({ idle: 1, inUse: 0 });
    expect(server.connections).toBe(1);
  });

  test('does not matter to connections that it had opened first [E4]', async () => {
    using _ = captureCrashReports();
    const { finch, ask, server, figures } = await startPoolApp();
    const caller = spawn(async () => {
      await finch.get(`${server.url}/now`);
      await new Promise(() => {});
    });
    await figures({ idle: 1 });
    const second = ask('/hold');
    await server.holds(1);

    exit(caller, 'kill');
    await settle();
    server.release();

    expect((await second).status).toBe(200);
    expect(server.connections).toBe(1);
  });
});
