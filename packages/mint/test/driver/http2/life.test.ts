import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { ConnectionClosedError, StreamResetError, createHttp2Wire } from '../../../src/index.ts';
import type { Fields } from '../../../src/index.ts';
import { ExchangeLog, send } from '../exchange-log.ts';
import { openHttp2Wire, startHttp2Server, watch } from './open-http2-wire.ts';

const answer = (stream: ServerHttp2Stream): void => {
  stream.respond({ ':status': 200 });
  stream.end('ok');
};

describe('abort', () => {
  test('resets the stream with CANCEL, tells the handler at once, and keeps the connection', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    await using server = await startHttp2Server((stream, headers) => {
      if (headers[':path'] === '/slow') stream.on('close', () => resolve(stream.rstCode));
      else answer(stream);
    });
    using open = await openHttp2Wire(server.port);
    const log = send(open.wire, { target: '/slow' });
    await open.wire.ping?.();
    const reason = new Error('enough');
    log.exchange?.abort(reason);
    expect(log.error).toBe(reason);
    expect(await promise).toBe(8);
    log.exchange?.abort(new Error('again'));
    expect(log.endings).toBe(1);
    expect((await send(open.wire).done).body).toBe('ok');
    expect(server.sessions).toHaveLength(1);
  });

  test('before the request has left costs the connection nothing', async () => {
    await using server = await startHttp2Server(answer);
    using open = await openHttp2Wire(server.port);
    const log = send(open.wire, { method: 'POST', body: 'x'.repeat(100_000) });
    log.exchange?.abort(new Error('enough'));
    expect(log.kinds).toEqual(['error']);
    expect((await send(open.wire).done).body).toBe('ok');
  });

  test.each(['onHeaders', 'onData'] as const)('inside of %s is the last call', async (method) => {
    await using server = await startHttp2Server(answer);
    using open = await openHttp2Wire(server.port);
    const log = send(open.wire, { method: 'POST', body: 'a', trailers: () => ['x', 'y'] });
    const enough = (): void => log.exchange?.abort(new Error('enough'));
    if (method === 'onHeaders') log.onHeaders = enough;
    else log.onData = () => (enough(), true);
    await log.done;
    await open.wire.ping?.();
    expect(log.events.at(-1)?.type).toBe('error');
    expect((await send(open.wire).done).body).toBe('ok');
  });
});

describe("the server's SETTINGS", () => {
  test('set the limit; above it nothing is sent', async () => {
    const held: ServerHttp2Stream[] = [];
    await using server = await startHttp2Server((stream) => held.push(stream), {
      settings: { maxConcurrentStreams: 2 },
    });
    using open = await openHttp2Wire(server.port);
    expect(open.wire.limitKnown).toBe(false);
    expect(open.wire.limit).toBe(100);
    await open.until((wire) => wire.limitKnown);
    expect(open.wire.limit).toBe(2);
    const logs = [send(open.wire), send(open.wire)];
    const third = send(open.wire);
    expect(third.error).toBeInstanceOf(StreamResetError);
    expect(third.error).toMatchObject({ http2Code: 'REFUSED_STREAM', requestSent: false });
    await open.wire.ping?.();
    expect(held).toHaveLength(2);
    for (const stream of held) answer(stream);
    for (const log of logs) expect((await log.done).body).toBe('ok');
    expect(open.wire.served).toBe(2);
  });

  test('may change at any time, to nothing, too', async () => {
    await using server = await startHttp2Server(answer);
    using open = await openHttp2Wire(server.port);
    await open.until((wire) => wire.limitKnown);
    expect(open.wire.limit).toBe(2 ** 32 - 1);
    server.sessions[0]?.settings({ maxConcurrentStreams: 0 });
    await open.until((wire) => wire.limit === 0);
    expect(open.wire.usable).toBe(true);
    expect(send(open.wire).error).toMatchObject({ requestSent: false });
    server.sessions[0]?.settings({ maxConcurrentStreams: 1 });
    await open.until((wire) => wire.limit === 1);
    expect((await send(open.wire).done).body).toBe('ok');
    expect(open.changes).toBe(3);
  });
});

describe('ping', () => {
  test('measures a round trip', async () => {
    await using server = await startHttp2Server(answer);
    using open = await openHttp2Wire(server.port);
    expect(await open.wire.ping?.()).toBeGreaterThanOrEqual(0);
  });

  test('[D12] fails when the connection is closed, before and after', async () => {
    await using server = await startHttp2Server(answer);
    using open = await openHttp2Wire(server.port);
    const pong = open.wire.ping?.();
    open.wire.destroy();
    await expect(pong).rejects.toBeInstanceOf(ConnectionClosedError);
    await expect(open.wire.ping?.()).rejects.toBeInstanceOf(ConnectionClosedError);
  });

  test('[D12] too many without an answer are refused', async () => {
    await using server = await startHttp2Server(answer);
    using open = await openHttp2Wire(server.port);
    const pings = Array.from({ length: 100 }, async () => await open.wire.ping?.());
    const settled = await Promise.allSettled(pings);
    const refused = settled.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(100);
    for (const { reason } of refused as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: 'ERR_MINT_INVALID_REQUEST' });
    }
    expect(open.wire.usable).toBe(true);
  });
});

describe('GOAWAY', () => {
  test('[M33] [H181] lets what is under way finish, then closes, though the server does not', async () => {
    const held: ServerHttp2Stream[] = [];
    await using server = await startHttp2Server((stream) => held.push(stream));
    using open = await openHttp2Wire(server.port);
    const log = send(open.wire);
    await open.wire.ping?.();
    await open.until((wire) => wire.limitKnown);
    server.sessions[0]?.goaway(0, 1);
    await open.until((wire) => !wire.usable);
    const late = send(open.wire);
    expect(late.error).toMatchObject({ reason: 'goaway', requestSent: false });
    for (const stream of held) answer(stream);
    expect((await log.done).body).toBe('ok');
    expect(await open.closed).toBeUndefined();
    expect(open.closings).toHaveLength(1);
  });
});

describe('a connection', () => {
  test('destroyed fails all that is in flight with the error given, before it returns', async () => {
    await using server = await startHttp2Server(() => {});
    using open = await openHttp2Wire(server.port);
    const logs = [
      send(open.wire),
      send(open.wire, { method: 'POST', body: 'x'.repeat(1_000_000) }),
    ];
    await open.wire.ping?.();
    const reason = new Error('closing');
    open.wire.destroy(reason);
    for (const log of logs) expect(log.error).toBe(reason);
    expect(open.wire.usable).toBe(false);
    expect(open.closings).toEqual([]);
    expect(await open.closed).toBeUndefined();
    open.wire.destroy();
    expect(send(open.wire).error).toMatchObject({ requestSent: false });
    expect(open.closings).toHaveLength(1);
  });

  test('that has no numbers left for streams is not usable any more, and says so before it sends', async () => {
    await using server = await startHttp2Server(answer);
    using open = await openHttp2Wire(server.port, { firstStream: 2 ** 31 - 1 });
    await open.until((wire) => wire.limitKnown);
    const last = send(open.wire);
    const late = await send(open.wire).done;
    expect(late.error).toMatchObject({ requestSent: false });
    expect(open.wire.usable).toBe(false);
    expect((await last.done).body).toBe('ok');
    await open.closed;
  });

  test('runs over any duplex stream, and ends with it', async () => {
    await using server = await startHttp2Server(answer);
    const { connect } = await import('node:net');
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const tunnel = Duplex.from({ readable: socket, writable: socket });
    const open = watch(createHttp2Wire(tunnel, { origin: 'o', scheme: 'http', authority: 'a' }));
    expect((await send(open.wire).done).body).toBe('ok');
    expect((await send(open.wire, { method: 'POST', body: 'x'.repeat(100_000) }).done).body).toBe(
      'ok',
    );
    open.wire.destroy();
    await open.closed;
    socket.destroy();
  });

  test('keeps the program alive only while a request is under way', async () => {
    const active = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const held: ServerHttp2Stream[] = [];
    await using server = await startHttp2Server((stream) => held.push(stream));
    using open = await openHttp2Wire(server.port);
    await open.until((wire) => wire.limitKnown);
    const idle = active();
    const logs = [send(open.wire), send(open.wire)];
    expect(active()).toBe(idle + 1);
    await open.wire.ping?.();
    for (const stream of held.splice(0)) answer(stream);
    await Promise.all(logs.map((log) => log.done));
    // It does not count any more, since the next request makes it count again. Sockets of the tests
    // before may have closed meanwhile.
    const over = active();
    const next = send(open.wire);
    expect(active()).toBe(over + 1);
    await open.wire.ping?.();
    for (const stream of held) answer(stream);
    await next.done;
  });

  test("calls handlers outside of the requester's async context", async () => {
    const storage = new AsyncLocalStorage<string>();
    await using server = await startHttp2Server((stream) => {
      stream.additionalHeaders({ ':status': 103 });
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ x: 'y' }));
      stream.resume().on('end', () => stream.end('ok'));
    });
    using open = await openHttp2Wire(server.port);
    const stores: unknown[] = [];
    const log = new ExchangeLog(open.wire);
    const note = (): void => {
      stores.push(storage.getStore());
    };
    const handler = {
      onInformational: note,
      onHeaders: note,
      onData: () => (note(), true),
      onEnd: (trailers: Fields) => (note(), log.onEnd(trailers)),
      onError: (error: Error) => log.onError(error),
    };
    const body = (async function* source() {
      note();
      await Promise.resolve();
      yield 'a';
    })();
    storage.run('requester', () =>
      open.wire.send({ method: 'POST', target: '/', headers: [], body }, handler),
    );
    await log.done;
    expect(log.error).toBeUndefined();
    expect(stores.length).toBeGreaterThan(3);
    expect(new Set(stores)).toEqual(new Set([undefined]));
  });

  test('tells of each sign of life', async () => {
    await using server = await startHttp2Server(answer);
    using open = await openHttp2Wire(server.port);
    await open.until((wire) => wire.limitKnown);
    let signs = 0;
    open.wire.onActivity = () => (signs += 1);
    await send(open.wire).done;
    expect(signs).toBeGreaterThanOrEqual(2);
    const before = signs;
    await open.wire.ping?.();
    expect(signs).toBe(before + 1);
  });
});
