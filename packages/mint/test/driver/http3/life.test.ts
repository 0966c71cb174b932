import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import {
  createHttp3Wire,
  ConnectionClosedError,
  ProtocolError,
  StreamResetError,
  TlsError,
} from '../../../src/index.ts';
import type { Fields } from '../../../src/index.ts';
import { connectQuic } from '../../support/dial-quic.ts';
import { turn } from '../../support/eventually.ts';
import { describeQuic } from '../../support/quic.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ExchangeLog } from '../exchange-log.ts';
import { meet } from './world.ts';
import type { World } from './world.ts';

const cancelled = 0x10c;

describeQuic('abort', () => {
  test('ends both sides of the stream with H3_REQUEST_CANCELLED, tells the handler at once, and keeps the connection', async () => {
    await using world = await meet();
    const log = world.send({
      method: 'POST',
      body: (async function* () {
        yield 'a';
        await new Promise(() => {});
      })(),
    });
    const { stream } = await world.peer.readRequest();
    await world.peer.next('DATA');
    const reason = new Error('enough');
    log.exchange?.abort(reason);
    expect(log.error).toBe(reason);
    await world.peer.until(() => world.peer.resets.has(stream));
    expect(world.peer.resets.get(stream)).toBe(cancelled);
    world.peer.respond(stream);
    await world.peer.until(() => world.peer.stops.has(stream));
    log.exchange?.abort(new Error('again'));
    expect(log.endings).toBe(1);
    await world.serves();
  });

  test('before the request has left costs the connection nothing, and nothing was sent', async () => {
    await using world = await meet();
    let isAsked = false;
    const log = world.send({
      method: 'POST',
      body: (function* () {
        isAsked = true;
        yield 'x';
      })(),
    });
    log.exchange?.abort(new Error('enough'));
    expect(log.kinds).toEqual(['error']);
    await world.serves();
    expect(isAsked).toBe(false);
  });

  test('in the middle of a body stops it', async () => {
    await using world = await meet();
    const log = world.send();
    const { stream } = await world.peer.readRequest();
    world.peer.respond(stream);
    world.peer.data(stream, Buffer.alloc(3_000_000));
    await log.until(() => log.body.length > 0);
    log.exchange?.abort(new Error('enough'));
    await world.peer.until(() => world.peer.stops.has(stream));
    expect(log.events.at(-1)?.type).toBe('error');
    await world.serves();
  });

  test.each(['onHeaders', 'onData'] as const)('inside of %s is the last call', async (method) => {
    await using world = await meet();
    const log = world.send({ method: 'POST', body: 'a', trailers: () => ['x', 'y'] });
    const enough = (): void => log.exchange?.abort(new Error('enough'));
    if (method === 'onHeaders') log.onHeaders = enough;
    else log.onData = () => (enough(), true);
    const { stream } = await world.peer.readRequest();
    world.peer.answer(stream);
    await log.done;
    await world.serves();
    expect(log.events.at(-1)?.type).toBe('error');
    expect(log.endings).toBe(1);
  });

  test('of very many requests gives the connection up before a server does', async () => {
    await using world = await meet({ resetBurst: 3, resetRate: 0, clock: new ManualClock() });
    const logs = Array.from({ length: 4 }, () => world.send());
    for (let count = 0; count < 4; count++) await world.peer.readRequest();
    for (const log of logs.slice(0, 3)) log.exchange?.abort(new Error('enough'));
    expect(world.wire.usable).toBe(false);
    await world.open.until((wire) => !wire.usable);
    const refused = world.send();
    expect(refused.error).toMatchObject({ reason: 'retired', requestSent: false });
    world.peer.answer(12);
    expect((await logs[3]?.done)?.body).toBe('OK');
    expect(await world.open.closed).toBeUndefined();
    expect(await world.peer.closed).toMatchObject({ by: 'peer', code: 0x100 });
  });
});

describeQuic('the streams that the server allows', () => {
  test('set the limit; above it nothing is sent', async () => {
    await using world = await meet({ server: { streams: 2 } });
    expect(world.wire.limit).toBe(2);
    const logs = [world.send(), world.send()];
    expect(world.wire.limit).toBe(2);
    const third = world.send();
    expect(third.error).toBeInstanceOf(StreamResetError);
    expect(third.error).toMatchObject({ http3Code: 'H3_REQUEST_REJECTED', requestSent: false });
    const streams = [await world.peer.readRequest(), await world.peer.readRequest()];
    for (const { stream } of streams) world.peer.answer(stream);
    for (const log of logs) expect((await log.done).body).toBe('OK');
    await world.open.until(({ limit }) => limit > 0);
    expect(world.open.changes).toBeGreaterThan(0);
    await world.serves();
  });
});

describeQuic('GOAWAY', () => {
  test('lets requests below it finish, fails those above as not processed, and ends the connection', async () => {
    await using world = await meet();
    const logs = Array.from({ length: 3 }, () => world.send());
    for (let count = 0; count < 3; count++) await world.peer.readRequest();
    world.peer.goaway(8);
    const rejected = await logs[2]?.done;
    expect(rejected?.error).toBeInstanceOf(ConnectionClosedError);
    expect(rejected?.error).toMatchObject({
      reason: 'goaway',
      http3Code: 'H3_NO_ERROR',
      requestSent: false,
    });
    expect(world.wire.usable).toBe(false);
    expect(world.open.changes).toBe(1);
    expect(world.send().error).toMatchObject({ reason: 'goaway', requestSent: false });
    world.peer.goaway(4);
    expect((await logs[1]?.done)?.error).toMatchObject({ requestSent: false });
    world.peer.answer(0, 'the last one');
    expect((await logs[0]?.done)?.body).toBe('the last one');
    expect(await world.open.closed).toBeUndefined();
    expect(await world.peer.closed).toMatchObject({ by: 'peer', isApplication: true, code: 0x100 });
  });

  test('takes no response back that came whole and waits for its reader', async () => {
    await using world = await meet();
    const log = world.send();
    log.greedy = false;
    const { stream } = await world.peer.readRequest();
    world.peer.answer(stream, 'whole');
    await log.until(() => log.body !== '');
    await world.allDelivered();
    world.peer.goaway(0);
    await world.open.until(({ usable }) => !usable);
    log.exchange?.resume();
    expect((await log.done).kinds).toEqual(['headers', 'data', 'end']);
    expect(await world.open.closed).toBeUndefined();
  });

  test('without anything under way ends the connection at once', async () => {
    await using world = await meet();
    world.peer.goaway(0);
    expect(await world.open.closed).toBeUndefined();
    expect(world.open.closings).toHaveLength(1);
  });

  test('before the end of the connection by the server makes that an orderly one', async () => {
    await using world = await meet();
    const log = world.send();
    await world.peer.readRequest();
    world.peer.goaway(4);
    await world.open.until(({ usable }) => !usable);
    world.peer.close();
    expect((await log.done).error).toMatchObject({ reason: 'closed_by_peer', requestSent: true });
    expect(await world.open.closed).toBeUndefined();
  });
});

describeQuic('destroy', () => {
  test('fails what is under way with its error, before it returns', async () => {
    await using world = await meet();
    const log = world.send();
    await world.peer.readRequest();
    const error = new Error('shutting down');
    world.wire.destroy(error);
    expect(log.error).toBe(error);
    expect(world.open.closings).toEqual([]);
    expect(await world.open.closed).toBeUndefined();
    world.wire.destroy();
    expect(await world.peer.closed).toMatchObject({ by: 'peer', code: 0x100 });
    await turn(2);
    expect(world.open.closings).toHaveLength(1);
    expect(world.send().error).toMatchObject({
      code: 'ERR_MINT_CONNECTION_CLOSED',
      requestSent: false,
    });
    await expect(world.wire.ping?.()).rejects.toMatchObject({ code: 'ERR_MINT_CONNECTION_CLOSED' });
  });

  test('without an error is a closed connection to what is under way', async () => {
    await using world = await meet();
    const log = world.send();
    const ping = world.wire.ping?.();
    world.wire.destroy();
    expect(log.error).toBeInstanceOf(ConnectionClosedError);
    expect(log.error).toMatchObject({ requestSent: false });
    await expect(ping).rejects.toBeInstanceOf(ConnectionClosedError);
  });

  test('a session that is closed already has no wire', async () => {
    await using world = await meet();
    const { session } = await connectQuic({ port: world.server.port });
    session.close(0x100, '');
    expect(() => createHttp3Wire(session, { origin: 'o', authority: 'a' })).toThrow(
      ConnectionClosedError,
    );
  });
});

describeQuic('the end of the connection', () => {
  test.each([
    ['H3_NO_ERROR', ConnectionClosedError, { reason: 'closed_by_peer', http3Code: 'H3_NO_ERROR' }],
    [
      'H3_VERSION_FALLBACK',
      ConnectionClosedError,
      { reason: 'closed_by_peer', http3Code: 'H3_VERSION_FALLBACK' },
    ],
  ] as const)('by the server with %s is told so', async (code, type, fields) => {
    await using world = await meet();
    const log = world.send();
    await world.peer.readRequest();
    world.peer.close(code, 'bye');
    const { error } = await log.done;
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ ...fields, requestSent: true, bytesReceived: 0 });
    expect(error).toMatchObject({ detail: 'bye' });
    expect(error?.message).toContain(`the server closed the connection with ${code}: "bye"`);
    expect(await world.open.closed).toMatchObject(fields);
  });

  test.each([
    [0x1, 'no more\nmemory', 'INTERNAL_ERROR', 'INTERNAL_ERROR: "no more\\nmemory"'],
    [0x3, '', 'FLOW_CONTROL_ERROR', 'FLOW_CONTROL_ERROR'],
    [0x1f, '', '0x1f', '0x1f'],
  ])('by QUIC with %i and %j is told with code and reason', async (code, said, name, told) => {
    await using world = await meet();
    const log = world.send();
    await world.peer.readRequest();
    world.peer.closeTransport(code, said);
    const { error } = await log.done;
    expect(error).toMatchObject({
      code: 'ERR_MINT_CONNECTION_CLOSED',
      reason: 'closed_by_peer',
      quicCode: name,
    });
    expect((error as ConnectionClosedError).detail ?? '').toBe(said);
    expect(error?.message).toContain(`the server closed the connection with ${told} (`);
  });

  test('by an alert of TLS is one of TLS: a certificate that is missing is found after the handshake', async () => {
    await using world = await meet();
    const log = world.send();
    await world.peer.readRequest();
    world.peer.closeTransport(0x100 + 116);
    expect((await log.done).error).toBeInstanceOf(TlsError);
    expect(log.error).toMatchObject({ reason: 'CERTIFICATE_REQUIRED' });
  });

  test('by a long silence is one of an idle connection', async () => {
    await using world = await meet({ dial: { idleTimeout: 100 } });
    world.peer.vanish();
    expect(await world.open.closed).toMatchObject({ reason: 'idle_timeout' });
  });

  test('by a server that was killed is found soon', async () => {
    await using world = await meet({ dial: { keepAliveInterval: 50 } });
    const log = world.send();
    await world.peer.readRequest();
    await world.server.kill();
    expect((await log.done).error).toMatchObject({
      code: 'ERR_MINT_CONNECTION_CLOSED',
      reason: 'ECONNREFUSED',
      requestSent: true,
    });
  });

  test.each([
    ['by the server', (world: World) => world.peer.close()],
    ['by a long silence', (world: World) => world.peer.vanish()],
  ])('%s leaves a paused response whose rest was not read yet whole', async (_, close) => {
    await using world = await meet({ dial: { idleTimeout: 300, keepAliveInterval: Infinity } });
    const logs = [world.send(), world.send()];
    for (const log of logs) log.greedy = false;
    await world.peer.readRequest();
    await world.peer.readRequest();
    const body = Buffer.alloc(500_000, 'x');
    world.peer.respond(0);
    world.peer.data(0, 'x');
    world.peer.respond(4);
    world.peer.data(4, 'x');
    for (const log of logs) await log.until(() => log.body === 'x');
    world.peer.data(0, body, { endStream: true });
    world.peer.data(4, body);
    await world.peer.until(() => world.peer.unsent(0) + world.peer.unsent(4) === 0, 'the windows');
    await world.allDelivered();
    expect(logs.map((log) => log.body)).toEqual(['x', 'x']);
    close(world);
    await Promise.all(logs.map(({ done }) => done));
    expect(logs[0]?.kinds).toEqual(['headers', 'data', 'end']);
    expect(logs[0]?.body.length).toBe(1 + body.length);
    expect(logs[1]?.error).toBeInstanceOf(ConnectionClosedError);
  });

  test('fails a response of which a part came, and delivers one that came whole', async () => {
    await using world = await meet();
    const logs = [world.send(), world.send()];
    for (const log of logs) log.greedy = false;
    await world.peer.readRequest();
    await world.peer.readRequest();
    world.peer.answer(0, 'whole');
    world.peer.respond(4, 200, [['content-length', '10']]);
    world.peer.data(4, 'half');
    for (const log of logs) await log.until(() => log.body !== '');
    world.peer.close();
    await Promise.all(logs.map(({ done }) => done));
    expect(logs[0]?.kinds).toEqual(['headers', 'data', 'end']);
    expect(logs[1]?.error).toMatchObject({ reason: 'closed_by_peer' });
  });
});

describeQuic('a stream that the server resets', () => {
  test.each([
    ['H3_REQUEST_REJECTED', false],
    ['H3_REQUEST_CANCELLED', true],
    ['H3_INTERNAL_ERROR', true],
    [0x1234, true],
  ] as const)('with %s fails its request alone', async (code, requestSent) => {
    await using world = await meet();
    const log = world.send();
    const { stream } = await world.peer.readRequest();
    world.peer.reset(stream, code);
    const { error } = await log.done;
    expect(error).toBeInstanceOf(StreamResetError);
    const http3Code = typeof code === 'number' ? 'UNKNOWN_0x1234' : code;
    expect(error).toMatchObject({ http3Code, requestSent, reused: false });
    expect(error?.message).toContain(http3Code);
    await world.serves();
  });

  test('after its head is processed, whatever the code says', async () => {
    await using world = await meet();
    const log = world.send();
    const { stream } = await world.peer.readRequest();
    world.peer.respond(stream);
    await log.until(() => log.status === 200);
    world.peer.reset(stream, 'H3_REQUEST_REJECTED');
    expect((await log.done).error).toMatchObject({ requestSent: true });
  });
});

test('handlers run outside of the async context of their requester', async () => {
  await using world = await meet();
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  class Spy extends ExchangeLog {
    override onHeaders(status: number, headers: Fields): void {
      seen.push(storage.getStore());
      super.onHeaders(status, headers);
    }

    override onData(bytes: Buffer, from: number, to: number): boolean {
      seen.push(storage.getStore());
      super.onData(bytes, from, to);
      return false;
    }
  }
  const log = new Spy(world.wire);
  const exchange = storage.run('the requester', () =>
    world.wire.send({ method: 'GET', target: '/', headers: [] }, log),
  );
  const { stream } = await world.peer.readRequest();
  world.peer.respond(stream);
  world.peer.data(stream, 'one');
  await log.until(() => log.body === 'one');
  world.peer.data(stream, 'two', { endStream: true });
  while (log.endings === 0) {
    storage.run('the requester', () => exchange.resume());
    await turn();
  }
  expect(new Set(seen)).toEqual(new Set([undefined]));
});

describeQuic('the memory of a wire', () => {
  test('holds no stream that is over', async () => {
    await using world = await meet();
    for (let count = 0; count < 20; count++) await world.serves();
    expect(world.wire).toMatchObject({ underWay: 0, served: 20 });
    expect(world.wire.limit).toBeGreaterThan(0);
    expect(ProtocolError.code).toBe('ERR_MINT_PROTOCOL');
  });
});
