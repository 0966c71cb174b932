/** Streams after CONNECT: what a duplex stream does, over the windows of HTTP/2. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { turn } from '../../support/eventually.ts';
import { expectBody, meet } from './hostile/world.ts';
import type { World, WorldOptions } from './hostile/world.ts';

/** A tunnel, and the stream that it is to the server. */
async function tunnelIn(world: World): Promise<{ tunnel: Duplex; id: number }> {
  const log = world.send({ method: 'CONNECT', target: 'db.example:5432' });
  const { stream: id } = await world.peer.readRequest();
  world.peer.respond(id);
  await log.done;
  expect(log.kinds).toEqual(['upgrade']);
  return { tunnel: log.socket as Duplex, id };
}

const small: WorldOptions = { streamWindowSize: 65_535, settings: { initialWindowSize: 1000 } };

test('writes no more than the windows take, and all of it in the end', async () => {
  await using world = await meet(small);
  const { tunnel, id } = await tunnelIn(world);
  const written = new Promise((resolve) => {
    tunnel.write('x'.repeat(2500), resolve);
  });
  await world.peer.until(() => world.peer.dataLength(id) === 1000);
  await world.serves();
  expect(world.peer.dataLength(id)).toBe(1000);
  world.peer.windowUpdate(id, 10_000);
  await written;
  await world.peer.until(() => world.peer.dataLength(id) === 2500);
  tunnel.destroy();
  await world.peer.next('RST_STREAM', { stream: id });
});

test('gives credit for what was read, and none for what was not', async () => {
  await using world = await meet(small);
  const { tunnel, id } = await tunnelIn(world);
  const credit = (): number =>
    world.peer.frames
      .filter(({ type, stream }) => type === 'WINDOW_UPDATE' && stream === id)
      .reduce((sum, { increment }) => sum + increment, 0);
  for (let sent = 0; sent < 65_535; sent += 13_107) world.peer.data(id, 'x'.repeat(13_107));
  await world.serves();
  expect(credit()).toBe(0);
  let received = 0;
  tunnel.on('data', (chunk: Buffer) => (received += chunk.length));
  await world.peer.until(() => credit() > 32_000);
  expect(received).toBe(65_535);
  tunnel.destroy();
});

test('may be ended by the server first, and by this side afterwards', async () => {
  await using world = await meet();
  const { tunnel, id } = await tunnelIn(world);
  world.peer.data(id, 'bye', { endStream: true });
  let text = '';
  for await (const chunk of tunnel.iterator({ destroyOnReturn: false })) text += String(chunk);
  expect(text).toBe('bye');
  tunnel.end('bye, too');
  await once(tunnel, 'close');
  await world.peer.until(() => world.peer.dataLength(id) === 8);
  expect(world.peer.came('DATA', { stream: id }).at(-1)?.endStream).toBe(true);
  expect(world.peer.came('RST_STREAM')).toEqual([]);
  await world.serves();
});

test('that the server resets fails with the code, where somebody listens', async () => {
  await using world = await meet();
  const [heard, unheard] = [await tunnelIn(world), await tunnelIn(world)];
  const failed = once(heard.tunnel, 'error');
  world.peer.reset(heard.id, 'CONNECT_ERROR');
  world.peer.reset(unheard.id, 'CONNECT_ERROR');
  expect(await failed).toMatchObject([{ name: 'StreamResetError', http2Code: 'CONNECT_ERROR' }]);
  await world.serves();
  expect(unheard.tunnel.destroyed).toBe(true);
});

test('on which the server sends HEADERS fails', async () => {
  await using world = await meet();
  const { tunnel, id } = await tunnelIn(world);
  const failed = once(tunnel, 'error');
  world.peer.respond(id);
  expect(await failed).toMatchObject([{ name: 'ProtocolError', reason: 'headers_amid_body' }]);
  await world.serves();
});

test('goes on after a GOAWAY that does not exclude it, and fails with one that does', async () => {
  await using world = await meet();
  const [first, second] = [await tunnelIn(world), await tunnelIn(world)];
  const failed = once(second.tunnel, 'error');
  world.peer.goaway(first.id);
  expect(await failed).toMatchObject([{ name: 'ConnectionClosedError', reason: 'goaway' }]);
  first.tunnel.end('last words');
  await world.peer.until(() => world.peer.dataLength(first.id) === 10);
  world.peer.data(first.id, '', { endStream: true });
  first.tunnel.resume();
  // It was the last that was under way.
  await world.closed;
});

test('given up amid a write fails the write', async () => {
  await using world = await meet(small);
  const { tunnel, id } = await tunnelIn(world);
  tunnel.write('x'.repeat(2500));
  await world.peer.until(() => world.peer.dataLength(id) === 1000);
  tunnel.on('error', () => {}).destroy(new Error('enough'));
  const reset = await world.peer.next('RST_STREAM', { stream: id });
  expect(reset.error).toBe('CANCEL');
  world.peer.windowUpdate(0, 10_000);
  await world.serves();
  expect(world.peer.dataLength(id)).toBe(1000);
});

test('is as unread as the window allows while the connection serves others', async () => {
  await using world = await meet(small);
  const { tunnel } = await tunnelIn(world);
  const { log, id } = await world.open();
  world.peer.answer(id, 'other');
  await expectBody(log, 'other');
  await turn(2);
  expect(tunnel.destroyed).toBe(false);
  world.wire.destroy();
  expect(tunnel.destroyed).toBe(true);
});
