import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '../../../support/eventually.ts';
import { describe, expect, test } from 'vitest';
import { encodeFields, frameFlag } from '../../../../src/testing/index.ts';
import { meet } from './world.ts';
import type { World } from './world.ts';

const halfHead = encodeFields([
  [':status', '200'],
  ['x-field', 'x'.repeat(100)],
]);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Lets the sockets do what is due. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

type End = (world: World) => unknown;

const endings: Record<string, End> = {
  'the server resets it': ({ peer }) => peer.socket.destroy(),
  'this side closes it after another frame': async ({ peer, wire }) => {
    peer.ping();
    await turns();
    wire.destroy();
  },
  'this side closes it': ({ wire }) => wire.destroy(),
};

/** A connection that ends within a head, while the socket takes no more of the request. */
async function endWithinHead(end: End): Promise<WeakRef<object>> {
  await using world = await meet({ settings: { initialWindowSize: 2 ** 31 - 1 } });
  const { peer, wire } = world;
  peer.windowUpdate(0, 2 ** 30);
  const { log, id } = await world.open({ method: 'POST', body: Buffer.alloc(50_000_000) });
  await peer.until(() => peer.dataLength(id) > 100_000);
  peer.socket.pause();
  await turns();
  peer.frame('HEADERS', frameFlag.END_STREAM, id, halfHead);
  // Read before the reset that the unread bytes make of the end.
  await turns();
  await end(world);
  await log.done;
  expect(log.error).toBeInstanceOf(Error);
  await world.closed;
  peer.socket.destroy();
  return new WeakRef(wire);
}

describe('a connection that ends within a head, amid an upload,', () => {
  test.each(Object.entries(endings))(
    'does not abort the process, and leaves nothing behind: %s',
    async (_name, end) => {
      const wires: WeakRef<object>[] = [];
      for (let round = 0; round < 3; round += 1) wires.push(await endWithinHead(end));
      await eventually(() => {
        collect();
        expect(wires.map((wire) => wire.deref())).toEqual([undefined, undefined, undefined]);
      });
    },
  );
});
