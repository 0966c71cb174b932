/** What the server's limit on streams lets through, and what gives a stream back to it. */
import { expect, test } from 'vitest';
import { describeQuic } from '../../support/quic.ts';
import { meet } from './world.ts';

/** A body that never ends by itself. */
async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(1000);
}

describeQuic('the limit of the server on streams', () => {
  test.each([
    ['a body that was not taken yet', () => Buffer.alloc(3_000_000)],
    ['a small body that was not taken yet', () => Buffer.alloc(10_000)],
    ['a body that goes on', endless],
  ])('gets a stream back whose response it has reset, from %s', async (_, body) => {
    await using world = await meet({ server: { streams: 2, streamWindow: 1000 } });
    for (let count = 0; count < 5; count++) {
      const log = world.send({ method: 'POST', body: body() });
      const { stream } = await world.peer.readRequest();
      world.peer.pause(stream);
      world.peer.reset(stream);
      expect((await log.done).error).toMatchObject({ http3Code: 'H3_INTERNAL_ERROR' });
      world.peer.resume(stream);
      await world.peer.until(() => world.peer.resets.has(stream), 'RESET_STREAM');
    }
    await world.serves();
  });

  test('holds for upgrades that wait for its SETTINGS, too', async () => {
    await using world = await meet({ server: { streams: 2 }, settings: false });
    const logs = [1, 2, 3].map(() => world.send({ upgrade: 'websocket' }));
    expect(world.wire.limit).toBe(2);
    expect(logs[2]?.error).toMatchObject({
      http3Code: 'H3_REQUEST_REJECTED',
      requestSent: false,
    });
    expect(world.send().error).toMatchObject({ http3Code: 'H3_REQUEST_REJECTED' });
    logs[0]?.exchange?.abort(new Error('enough'));
    expect(world.wire.limit).toBe(2);
    const plain = world.send();
    expect(world.wire.underWay).toBe(2);
    world.peer.answer((await world.peer.readRequest()).stream);
    expect((await plain.done).status).toBe(200);
    world.peer.settings({ enableConnectProtocol: 1 });
    const { stream } = await world.peer.readRequest();
    world.peer.respond(stream);
    expect((await logs[1]?.done)?.kinds).toEqual(['upgrade']);
    logs[1]?.socket?.destroy();
  });
});
