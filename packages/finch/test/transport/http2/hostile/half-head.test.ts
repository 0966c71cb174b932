import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { flag } from '../../../support/h2-frames.ts';
import { literals } from '../../../support/hpack.ts';
import { failure, meet } from './world.ts';

const halfHead = literals([
  [':status', '200'],
  ['x-field', 'x'.repeat(100)],
]);

/** Has the garbage collected that a closed connection leaves behind. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 10; turn += 1) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Lets the sockets do what is due. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A connection that breaks within a head, while the socket takes no more of the request. */
async function breakWithinHead(): Promise<void> {
  await using world = await meet({ settings: { initialWindowSize: 2 ** 31 - 1 } });
  world.peer.windowUpdate(0, 2 ** 30);
  const { log, id } = await world.open({ method: 'POST', body: Buffer.alloc(50_000_000) });
  await world.peer.until(() => world.peer.dataLength(id) > 100_000);
  world.peer.socket.pause();
  await turns();
  world.peer.frame('HEADERS', flag.END_STREAM, id, halfHead);
  // Read before the reset that the unread bytes make of the end.
  await turns();
  world.peer.socket.destroy();
  expect((await failure(log)).name).toMatch(/^(ProtocolError|ConnectionClosedError)$/);
}

test('half a head amid an upload, and the end of the connection, do not abort the process', async () => {
  for (let round = 0; round < 3; round += 1) await breakWithinHead();
  await collect();
});
