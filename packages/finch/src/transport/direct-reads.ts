/**
 * Reads of sockets without a fresh buffer for each: all sockets read into one
 * buffer, from which whoever is interested takes the bytes at once. Until
 * somebody is, and while they can take no more, bytes go through the socket's
 * own stream, as ever.
 */
import type { OnReadOpts, Socket } from 'node:net';

/** Takes what a socket reads. */
export interface ReadTarget {
  /**
   * The first `length` bytes of the buffer, which are there during this call
   * only; `false` to have them go through the socket's stream.
   */
  take(buffer: Buffer, length: number): boolean;
}

const readTarget = Symbol('readTarget');

interface DirectSocket extends Socket {
  [readTarget]?: ReadTarget | undefined;
}

/** As much as node:net reads at a time. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** The option `onread` for a socket that is being made. */
export function directReads(socketOf: () => Socket): OnReadOpts {
  return {
    buffer: shared,
    callback(length) {
      const socket: DirectSocket = socketOf();
      const target = socket[readTarget];
      // What is in the stream already comes first.
      if (target !== undefined && socket.readableLength === 0 && target.take(shared, length)) {
        return true;
      }
      return socket.push(copyOf(shared, 0, length));
    },
  };
}

/** Has the target take what the socket reads, if the socket was made with {@link directReads}; undefined: nobody. */
export function readTo(socket: DirectSocket, target: ReadTarget | undefined): void {
  socket[readTarget] = target;
}

/** A copy of a part of the buffer. Small ones share memory, as Node's do. */
export function copyOf(buffer: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  buffer.copy(copy, 0, start, end);
  return copy;
}
