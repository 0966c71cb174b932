/**
 * Requests over HTTP/3 through a pool: bodies, ends, limits, and what is sent again. The defects of
 * hackney's HTTP/3 (its H1 to H5) must not be here: connections that no figure counts, requests without
 * `receiveTimeout`, resets that no caller hears of, the end of a connection that only the last one is told,
 * and callers that die where UDP does not get through.
 */
import { exit, spawn } from '@linnet/otp';
import { captureCrashReports, eventually, TestClock } from '@linnet/otp/testing';
import type { Http3Peer } from '@linnet/mint/testing';
import { expect, onTestFinished, test } from 'vitest';
import { subscribeTelemetry } from '../../src/index.ts';
import { openSlots } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { connectionsOf } from '../support/pool-app.ts';
import { answering, startH3App } from '../support/h3-app.ts';
import { describeQuic } from '../../../mint/test/support/quic.ts';

/** A script that answers nothing. */
const silent = async (peer: Http3Peer): Promise<void> => {
  await peer.closed;
};

/** The code of the error that a promise rejects with, and what more is to be known of it. */
const failure = async (promise: Promise<unknown>) => {
  const { code, requestSent, http3Code, reason } = (await rejection(promise)) as {
    code?: string;
    requestSent?: boolean;
    http3Code?: string;
    reason?: unknown;
  };
  return { code, requestSent, http3Code, reason };
};

describeQuic('requests over HTTP/3', () => {
  test('share one connection, whose figures are those of the other protocols', async () => {
    const opened: unknown[] = [];
    onTestFinished(subscribeTelemetry('connection.opened', (event) => opened.push(event)));
    const app = await startH3App({ script: silent });
    const all = Array.from({ length: 20 }, () => app.ask());
    await app.figures({ inUse: 1, inFlight: 20, idle: 0, connecting: 0, queued: 0 });
    const peer = await app.server.peer();
    await peer.until(() => peer.came('HEADERS').length === 20);
    expect(app.finch.getStats()).toMatchObject({ inUse: 1, inFlight: 20 });
    expect(app.finch.hostStats('localhost', app.server.port)).toMatchObject({ inUse: 1 });
    expect(openSlots(app.finch)).toBe(1);
    expect(app.finch.getPoolStatus(app.pool)).toMatchObject([{ protocol: 'http3', limit: 100 }]);
    for (const { stream } of peer.came('HEADERS')) peer.answer(stream);
    expect((await Promise.all(all)).map((answer) => answer.text())).toEqual(all.map(() => 'OK'));
    await app.figures({ inUse: 0, inFlight: 0, idle: 1 });
    expect(app.server.peers).toHaveLength(1);
    expect(opened).toMatchObject([{ protocol: 'http3', remotePort: app.server.port }]);
  });

  test('wait for a stream when the server allows no more of them', async () => {
    let underWay = 0;
    let most = 0;
    const app = await startH3App({
      size: 1,
      server: { streams: 4 },
      script: answering(async (peer, { stream }) => {
        most = Math.max(most, ++underWay);
        await peer.roundTrip();
        underWay--;
        peer.answer(stream);
      }),
    });
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.ask()));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(app.server.peers).toHaveLength(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  test('carry bodies in both directions, with their trailers', async () => {
    const app = await startH3App({
      script: answering(async (peer, { stream, fields }) => {
        const body = await peer.readBody(stream);
        const [trailers] = peer.came('HEADERS', stream);
        peer.respond(stream, 200, [['x-path', fields.get(':path') ?? '']]);
        peer.data(stream, body);
        peer.headers(stream, [['x-trailer', trailers?.fields.get('x-sum') ?? '']], {
          endStream: true,
        });
      }),
    });
    const body = Buffer.alloc(1_000_000, 'body ');
    const answer = await app.finch.post(`${app.url}/echo?a=1`, body, {
      trailers: () => ({ 'x-sum': '42' }),
    });
    expect(answer.headers.get('x-path')).toBe('/echo?a=1');
    expect(Buffer.compare(answer.body, body)).toBe(0);
    expect(answer.trailers.get('x-trailer')).toBe('42');
  });

  test('read no faster than their reader', async () => {
    const total = 4_000_000;
    const app = await startH3App({
      http3: { streamWindowSize: 65_535 },
      script: answering((peer, { stream }) => {
        peer.respond(stream, 200);
        peer.data(stream, Buffer.alloc(total), { endStream: true });
      }),
    });
    const response = await app.finch.open(app.url);
    const peer = await app.server.peer();
    await peer.roundTrip();
    await peer.roundTrip();
    expect(peer.unsent(0)).toBeGreaterThan(total / 2);
    let read = 0;
    for await (const chunk of response.body) read += chunk.length;
    expect(read).toBe(total);
  });
});

describeQuic('a request over HTTP/3 that is given up', () => {
  test('by its signal, its limits or the death of its caller, resets its stream at once', async () => {
    const clock = new TestClock().install(onTestFinished);
    const app = await startH3App({ script: silent });
    const controller = new AbortController();
    const byCaller = spawn(() => app.ask('/dies').catch(() => {}));
    const aborted = failure(app.ask('/aborts', { signal: controller.signal }));
    const late = failure(app.ask('/is-late', { receiveTimeout: 50 }));
    const limited = failure(app.ask('/is-limited', { requestTimeout: 50 }));
    const peer = await app.server.peer();
    await peer.until(() => peer.came('HEADERS').length === 4);
    await clock.advance(50);
    controller.abort();
    exit(byCaller, 'kill');
    expect(await aborted).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
    expect(await late).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT' });
    expect(await limited).toMatchObject({ code: 'ERR_FINCH_REQUEST_TIMEOUT' });
    await peer.until(() => [0, 4, 8, 12].every((id) => peer.ended.has(id) || peer.resets.has(id)));
    await app.figures({ inUse: 0, idle: 1, inFlight: 0 });
    expect(app.server.peers).toHaveLength(1);
  });

  test('in the middle of its body, leaves the others alone', async () => {
    const app = await startH3App({
      script: answering((peer, { stream }) => {
        peer.respond(stream, 200);
        peer.data(stream, 'first');
      }),
    });
    const other = await app.finch.open(app.url);
    const given = await app.finch.open(app.url);
    for await (const _chunk of given.body) break;
    const peer = await app.server.peer();
    await peer.until(() => peer.stops.has(4) || peer.resets.has(4) || peer.ended.has(4));
    peer.data(0, ' last', { endStream: true });
    expect(await other.text()).toBe('first last');
    await app.figures({ inUse: 0, idle: 1 });
  });
});

describeQuic('a server that ends requests over HTTP/3', () => {
  test('by a reset: each of them is told, by its code', async () => {
    const app = await startH3App({
      script: answering((peer, { stream }) => peer.reset(stream, 'H3_INTERNAL_ERROR')),
    });
    const all = await Promise.all([app.ask(), app.ask(), app.ask()].map(failure));
    for (const one of all) {
      expect(one).toMatchObject({
        code: 'ERR_FINCH_STREAM_RESET',
        http3Code: 'H3_INTERNAL_ERROR',
      });
    }
    await app.figures({ inUse: 0, idle: 1 });
  });

  test('by H3_REQUEST_REJECTED: they are sent again, whatever their method', async () => {
    let seen = 0;
    const app = await startH3App({
      script: answering((peer, { stream }) => {
        if (++seen < 3) peer.reset(stream, 'H3_REQUEST_REJECTED');
        else peer.answer(stream);
      }),
    });
    expect((await app.finch.post(app.url, 'body')).status).toBe(200);
    expect(seen).toBe(3);
  });

  test('by H3_REQUEST_REJECTED for ever: after four attempts the caller is told', async () => {
    let seen = 0;
    const app = await startH3App({
      script: answering((peer, { stream }) => {
        seen++;
        peer.reset(stream, 'H3_REQUEST_REJECTED');
      }),
    });
    expect(await failure(app.ask())).toMatchObject({
      http3Code: 'H3_REQUEST_REJECTED',
      requestSent: false,
    });
    expect(seen).toBe(4);
  });

  test('by GOAWAY: those that it took finish, the others go over another connection', async () => {
    const app = await startH3App({
      script: async (peer, index) => {
        if (index > 0) {
          await answering()(peer);
          return;
        }
        await peer.until(() => peer.came('HEADERS').length === 3);
        peer.goaway(4);
        await peer.roundTrip();
        peer.answer(0, 'finished');
        await peer.closed;
      },
    });
    const all = [app.ask('/0'), app.ask('/1'), app.finch.post(`${app.url}/2`, 'body')];
    const answers = await Promise.all(all);
    expect(answers.map((answer) => answer.text()).sort()).toEqual(['OK', 'OK', 'finished']);
    expect(app.server.peers).toHaveLength(2);
    await app.figures({ inUse: 0, idle: 1 });
    expect(await connectionsOf(app.finch, app.pool.key)).toHaveLength(1);
  });

  test('by the end of the connection: every one of them is told at once', async () => {
    const app = await startH3App({
      script: async (peer) => {
        await peer.until(() => peer.came('HEADERS').length === 3);
        peer.close('H3_EXCESSIVE_LOAD', 'enough');
      },
    });
    const all = await Promise.all(
      ['a', 'b', 'c'].map((path) => failure(app.finch.post(`${app.url}/${path}`, 'body'))),
    );
    for (const one of all) {
      expect(one).toMatchObject({
        code: 'ERR_FINCH_CONNECTION_CLOSED',
        http3Code: 'H3_EXCESSIVE_LOAD',
        requestSent: true,
      });
    }
    await app.figures({ inUse: 0, idle: 0, connecting: 0 });
    expect(openSlots(app.finch)).toBe(0);
  });

  test('by silence: a PING finds it, and idempotent requests go over another connection', async () => {
    const app = await startH3App({
      http3: { pingInterval: 50, pingTimeout: 1000 },
      script: async (peer, index) => {
        if (index > 0) {
          await answering()(peer);
          return;
        }
        await peer.readRequest();
        peer.vanish();
      },
    });
    expect((await app.ask()).text()).toBe('OK');
    expect(app.server.peers).toHaveLength(2);
  });

  test('by its death: the connection ends, and the next request fails as on other protocols', async () => {
    const app = await startH3App({ script: silent, http3: { idleTimeout: 1000 } });
    const held = failure(app.finch.post(app.url, 'body'));
    const peer = await app.server.peer();
    await peer.readRequest();
    await app.server.kill();
    expect(await held).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED', requestSent: true });
    await app.figures({ inUse: 0, idle: 0 });
    expect(await failure(app.ask())).toMatchObject({ code: 'ERR_FINCH_CONNECT' });
  });
});

describeQuic('an HTTP/3 connection', () => {
  test('ends after so many requests, and another one takes over', async () => {
    const app = await startH3App({ http3: { maxRequestsPerConnection: 3 } });
    for (let count = 0; count < 7; count++) expect((await app.ask()).status).toBe(200);
    expect(app.server.peers).toHaveLength(3);
    await app.figures({ idle: 1 });
  });

  test('ends when it was idle, or is too old', async () => {
    const clock = new TestClock().install(onTestFinished);
    const idle = await startH3App({ connMaxIdleTime: 5000 });
    await idle.ask();
    await idle.figures({ idle: 1 });
    await clock.advance(5000);
    await idle.figures({ idle: 0 });

    const old = await startH3App({ http3: { maxConnectionAge: 1000 } });
    await old.ask();
    await clock.advance(1100);
    await old.figures({ idle: 0 });
  });

  test('whose server gives further credit in time is idle for as long as any other', async () => {
    const clock = new TestClock().install(onTestFinished);
    const app = await startH3App({ connMaxIdleTime: 30_000, server: { streams: 1 } });
    for (let count = 0; count < 3; count++) {
      expect((await app.ask()).status).toBe(200);
      await eventually(() => expect(app.finch.checkoutH3(app.pool)?.limit).toBe(1));
      // Longer than one is kept whose server takes no requests.
      await clock.advance(10_000);
    }
    await app.figures({ idle: 1 });
    expect(app.server.peers).toHaveLength(1);
  });

  test('that is not trusted is not opened', async () => {
    const app = await startH3App({ connOpts: { tls: {} } });
    expect(await failure(app.ask())).toMatchObject({ code: 'ERR_FINCH_TLS' });
    expect(openSlots(app.finch)).toBe(0);
  });

  test('is not opened where nothing answers, within the limit', async () => {
    const app = await startH3App();
    await app.server.kill();
    const { connOpts } = app.shard.options;
    expect(connOpts.connectTimeout).toBe(5000);
    expect(await failure(app.ask())).toMatchObject({
      code: 'ERR_FINCH_CONNECT',
      reason: 'ECONNREFUSED',
      requestSent: false,
    });
  });

  test('that is killed leaves nothing behind, whenever that is', async () => {
    using _crashes = captureCrashReports();
    const app = await startH3App({ script: silent });
    // While it is being opened:
    const early = app.ask('/', { requestTimeout: 5000 });
    await app.figures({ connecting: 1 });
    const [opening] = await connectionsOf(app.finch, app.pool.key);
    if (opening !== undefined) exit(opening, 'kill');
    // Another one is begun for the caller. While that is in use:
    await eventually(async () => expect(app.server.peers.length).toBeGreaterThan(0));
    await app.figures({ inUse: 1, connecting: 0 });
    const [used] = await connectionsOf(app.finch, app.pool.key);
    if (used !== undefined) exit(used, 'kill');
    await early.catch(() => {});
    await app.figures({ queued: 0 });
    app.finch.setTimeout(0);
  });
});
