import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { DirectReads } from '../../../src/driver/socket/direct-reads.ts';
import type { ReadTarget } from '../../../src/driver/socket/direct-reads.ts';
import { eventually } from '../../support/eventually.ts';
import { createSelfSigned, startHttp1Server } from '../../../src/testing/index.ts';

/** Keeps what it takes, as text, while it is willing. */
class Taker implements ReadTarget {
  text = '';
  willing = true;
  private onTaken = (): void => {};

  take(buffer: Buffer, length: number): boolean {
    if (!this.willing) return false;
    this.text += buffer.toString('latin1', 0, length);
    this.onTaken();
    return true;
  }

  async until(text: string): Promise<void> {
    while (this.text !== text) {
      await new Promise<void>((resolve) => {
        this.onTaken = resolve;
      });
    }
  }
}

/** Has the target take what the socket reads. */
function readTo(socket: Socket, target: ReadTarget): void {
  const reads = DirectReads.of(socket);
  if (reads === undefined) throw new Error('a socket without direct reads');
  reads.target = target;
}

async function connected(
  port: number,
  ca?: string,
  reads: DirectReads = new DirectReads(),
): Promise<Socket> {
  const where = { port, host: '127.0.0.1', onread: reads.onread };
  const socket =
    ca === undefined ? connect(where) : connectTls({ ...where, ca, servername: 'localhost' });
  reads.attach(socket);
  await once(socket, ca === undefined ? 'connect' : 'secureConnect');
  return socket;
}

test('what nobody takes goes through the stream of the socket', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.write('hello');
    peer.end();
  });
  const socket = await connected(server.port);
  const chunks = await socket.toArray();
  expect(Buffer.concat(chunks as Buffer[]).toString()).toBe('hello');
});

test('what came before somebody took it is still in the stream, and comes first', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.write('one');
    await peer.readUntil('go');
    await peer.write('two');
    await peer.readUntil('go');
    await peer.write('three');
  });
  const socket = await connected(server.port);
  const taker = new Taker();
  await once(socket, 'readable');
  readTo(socket, taker);
  socket.write('go');
  await eventually(() => expect(socket.readableLength).toBe('onetwo'.length));
  expect(taker.text).toBe('');
  expect(String(socket.read('onetwo'.length))).toBe('onetwo');
  socket.write('go');
  await taker.until('three');
  socket.destroy();
});

test('what is refused goes through the stream, which holds the peer back when nobody reads', async () => {
  const piece = Buffer.alloc(65_536, 'x');
  await using server = await startHttp1Server(async (peer) => {
    for (let i = 0; i < 64; i++) await peer.write(piece);
    peer.end();
  });
  const socket = await connected(server.port);
  const taker = new Taker();
  taker.willing = false;
  readTo(socket, taker);
  await once(socket, 'readable');
  let length = 0;
  for await (const chunk of socket) length += (chunk as Buffer).length;
  expect(length).toBe(64 * piece.length);
});

test('what is taken is lent only: the next read, of any socket, overwrites it', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.write(await peer.read(1));
  });
  const lent: Buffer[] = [];
  const read = async (text: string): Promise<void> => {
    const socket = await connected(server.port);
    const taken = new Promise<void>((resolve) => {
      readTo(socket, {
        take(buffer) {
          lent.push(buffer.subarray(0, 1));
          resolve();
          return true;
        },
      });
    });
    socket.resume();
    socket.write(text);
    await taken;
    socket.destroy();
  };
  await read('a');
  await read('b');
  expect(lent.map(String)).toEqual(['b', 'b']);
});

test('what comes before it is known whose reads they are is refused', () => {
  expect(new DirectReads().onread.callback(5, Buffer.alloc(0))).toBe(false);
});

test.each([
  ['a socket', undefined],
  ['a TLS socket', createSelfSigned(['localhost'])],
])('%s that is slow to look at lets others have their turn, and reads on', async (_what, tls) => {
  const size = 8 * 1024 * 1024;
  await using server = await startHttp1Server(
    async (peer) => {
      await peer.write(Buffer.alloc(size, 'x'));
      peer.end();
    },
    tls === undefined ? {} : { tls },
  );
  let time = 0;
  const slow = new DirectReads(() => (time += 5));
  const socket = await connected(server.port, tls?.cert, slow);
  let [read, inTurn, most] = [0, 0, 0];
  let turn: NodeJS.Immediate | undefined;
  const newTurn = (): void => {
    inTurn = 0;
    turn = setImmediate(newTurn);
  };
  newTurn();
  const done = Promise.withResolvers<void>();
  readTo(socket, {
    take(_buffer, length) {
      read += length;
      inTurn += length;
      most = Math.max(most, inTurn);
      if (read === size) done.resolve();
      return true;
    },
  });
  socket.read(0);
  await done.promise;
  clearImmediate(turn);
  expect(read).toBe(size);
  // A stretch, and at most one read of the system beyond it.
  expect(most).toBeLessThanOrEqual(262_144 + 131_072);
  socket.destroy();
});
