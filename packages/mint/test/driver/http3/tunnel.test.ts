/** Streams after CONNECT and extended CONNECT. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { InvalidRequestError, StreamResetError } from '../../../src/index.ts';
import { turn } from '../../support/eventually.ts';
import { describeQuic } from '../../support/quic.ts';
import { ExchangeLog } from '../exchange-log.ts';
import { meet } from './world.ts';
import type { World } from './world.ts';

/** A tunnel, and the stream that it is to the server. */
async function tunnelIn(world: World): Promise<{ tunnel: Duplex; id: number }> {
  const log = world.send({ method: 'CONNECT', target: 'db.example:5432' });
  const { stream: id, fields } = await world.peer.readRequest();
  expect([...fields]).toEqual([
    [':method', 'CONNECT'],
    [':authority', 'db.example:5432'],
  ]);
  world.peer.respond(id);
  await log.done;
  expect(log.kinds).toEqual(['upgrade']);
  return { tunnel: log.socket as Duplex, id };
}

function dataOf(world: World, id: number): string {
  return Buffer.concat(world.peer.came('DATA', id).map(({ payload }) => payload)).toString();
}

describeQuic('a tunnel', () => {
  test('carries bytes both ways, and each side ends by itself', async () => {
    await using world = await meet();
    const { tunnel, id } = await tunnelIn(world);
    expect(world.wire.underWay).toBe(1);
    tunnel.write('hello');
    await world.peer.until(() => dataOf(world, id) === 'hello');
    world.peer.data(id, 'bye', { endStream: true });
    let text = '';
    for await (const chunk of tunnel.iterator({ destroyOnReturn: false })) text += String(chunk);
    expect(text).toBe('bye');
    tunnel.end(', too');
    await once(tunnel, 'close');
    await world.peer.until(() => world.peer.ended.has(id));
    expect(dataOf(world, id)).toBe('hello, too');
    expect(world.peer.resets.has(id)).toBe(false);
    expect(world.wire.underWay).toBe(0);
    await world.serves();
  });

  test('writes no more than the windows take, and all of it in the end', async () => {
    await using world = await meet({ server: { streamWindow: 10_000 } });
    const { tunnel, id } = await tunnelIn(world);
    world.peer.pause(id);
    let isWritten = false;
    tunnel.write('x'.repeat(100_000), () => (isWritten = true));
    await world.allDelivered();
    expect(isWritten).toBe(false);
    world.peer.resume(id);
    await world.peer.until(() => dataOf(world, id).length === 100_000);
    while (!isWritten) await turn();
    tunnel.destroy();
  });

  test('holds the server up when it is not read', async () => {
    await using world = await meet({ dial: { streamWindowSize: 100_000 } });
    const { tunnel, id } = await tunnelIn(world);
    world.peer.data(id, 'x'.repeat(1_000_000), { endStream: true });
    await world.serves();
    await world.allDelivered();
    expect(world.peer.unsent(id)).toBeGreaterThan(500_000);
    let length = 0;
    for await (const chunk of tunnel) length += (chunk as Buffer).length;
    expect(length).toBe(1_000_000);
  });

  test('that is destroyed ends both sides of its stream', async () => {
    await using world = await meet();
    const { tunnel, id } = await tunnelIn(world);
    tunnel.destroy();
    await world.peer.until(() => world.peer.resets.has(id));
    expect(world.peer.resets.get(id)).toBe(0x10c);
    await world.serves();
  });

  test('that the server resets fails with the code, where somebody listens', async () => {
    await using world = await meet();
    const { tunnel, id } = await tunnelIn(world);
    const failed = once(tunnel, 'error');
    world.peer.reset(id, 'H3_CONNECT_ERROR');
    const [error] = (await failed) as [Error];
    expect(error).toBeInstanceOf(StreamResetError);
    expect(error).toMatchObject({ http3Code: 'H3_CONNECT_ERROR' });
    await world.serves();
  });

  test('into which the server wants nothing more fails at the next write', async () => {
    await using world = await meet();
    const { tunnel, id } = await tunnelIn(world);
    const failed = once(tunnel, 'error');
    world.peer.stopSending(id, 'H3_CONNECT_ERROR');
    while (!tunnel.destroyed) {
      tunnel.write('x');
      await turn();
    }
    expect((await failed)[0]).toMatchObject({ http3Code: 'H3_CONNECT_ERROR' });
    await world.serves();
  });

  test('that GOAWAY excludes ends', async () => {
    await using world = await meet();
    const { tunnel } = await tunnelIn(world);
    const failed = once(tunnel, 'error');
    world.peer.goaway(0);
    expect((await failed)[0]).toMatchObject({ reason: 'goaway' });
    expect(await world.open.closed).toBeUndefined();
  });

  test('without a taker is an error', async () => {
    await using world = await meet();
    const log = new ExchangeLog(world.wire);
    Object.assign(log, { onUpgrade: undefined });
    world.wire.send({ method: 'CONNECT', target: 'db.example:5432', headers: [] }, log);
    const { stream } = await world.peer.readRequest();
    world.peer.respond(stream);
    expect((await log.done).error?.message).toContain('no taker');
  });
});

describeQuic('an upgrade', () => {
  test('is an extended CONNECT', async () => {
    await using world = await meet({ settings: { enableConnectProtocol: 1 } });
    const log = world.send({ target: '/chat', upgrade: 'websocket' });
    const { stream, fields } = await world.peer.readRequest();
    expect(fields.get(':method')).toBe('CONNECT');
    expect(fields.get(':protocol')).toBe('websocket');
    expect(fields.get(':path')).toBe('/chat');
    world.peer.respond(stream);
    expect((await log.done).kinds).toEqual(['upgrade']);
    log.socket?.write('frame');
    await world.peer.until(() => dataOf(world, stream) === 'frame');
  });

  test('waits until the server has said whether it allows any', async () => {
    await using world = await meet({ settings: false });
    const log = world.send({ upgrade: 'websocket' });
    const aborted = world.send({ upgrade: 'websocket' });
    aborted.exchange?.abort(new Error('enough'));
    await world.allDelivered();
    expect(world.peer.summary).toBe('SETTINGS/2');
    expect(world.wire.underWay).toBe(1);
    world.peer.settings({ enableConnectProtocol: 1 });
    const { stream } = await world.peer.readRequest();
    world.peer.respond(stream);
    expect((await log.done).kinds).toEqual(['upgrade']);
  });

  test.each([
    ['has said', {}],
    ['says later', false],
  ] as const)('is refused when the server %s that it allows none', async (_, settings) => {
    await using world = await meet({ settings });
    const log = world.send({ upgrade: 'websocket' });
    if (settings === false) world.peer.settings({});
    await log.done;
    expect(log.error).toBeInstanceOf(InvalidRequestError);
    expect(log.error?.message).toContain('on HTTP/3');
    expect(world.wire.served).toBe(0);
    await world.serves();
  });

  test('that waits fails with the connection, and was not sent', async () => {
    await using world = await meet({ settings: false });
    const log = world.send({ upgrade: 'websocket' });
    world.peer.close();
    expect((await log.done).error).toMatchObject({ requestSent: false });
  });

  test('may be answered with another status', async () => {
    await using world = await meet({ settings: { enableConnectProtocol: 1 } });
    const log = world.send({ upgrade: 'websocket' });
    const { stream } = await world.peer.readRequest();
    world.peer.respond(stream, 403);
    world.peer.data(stream, 'no', { endStream: true });
    expect((await log.done).kinds).toEqual(['headers', 'data', 'end']);
  });
});
