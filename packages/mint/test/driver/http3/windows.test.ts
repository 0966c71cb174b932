/** What responses that are not read cost others on their connection. */
import { expect, test } from 'vitest';
import type { ExchangeLog } from '../exchange-log.ts';
import { describeQuic } from '../../support/quic.ts';
import { meet } from './world.ts';
import type { World } from './world.ts';

const large = 700_000;

async function download(world: World): Promise<number> {
  const log = world.send();
  const { stream } = await world.peer.readRequest();
  world.peer.answer(stream, Buffer.alloc(large, 'b'));
  return (await log.done).body.length;
}

/** A response of which all has come, and next to nothing was read. */
async function unread(world: World): Promise<{ log: ExchangeLog; stream: number }> {
  const log = world.send();
  log.greedy = false;
  const { stream } = await world.peer.readRequest();
  world.peer.respond(stream);
  world.peer.data(stream, 'b');
  await log.until(() => log.body === 'b');
  world.peer.data(stream, Buffer.alloc(large, 'b'));
  await world.peer.until(() => world.peer.unsent(stream) === 0, 'the window');
  await world.allDelivered();
  return { log, stream };
}

describeQuic('a response that is not read', () => {
  test('holds no other up, however much the connection carries and has carried', async () => {
    await using world = await meet();
    for (let count = 0; count < 30; count++) expect(await download(world)).toBe(large);
    for (let count = 0; count < 30; count++) await unread(world);
    expect(await download(world)).toBe(large);
  });

  test('takes nothing from others when it is aborted', async () => {
    await using world = await meet();
    for (let count = 0; count < 30; count++) {
      const { log, stream } = await unread(world);
      log.exchange?.abort(new Error('enough'));
      await world.peer.until(() => world.peer.stops.has(stream), 'STOP_SENDING');
    }
    expect(await download(world)).toBe(large);
  });
});
