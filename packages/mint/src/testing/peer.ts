/**
 * One connection as its script sees it: what both protocols have in common.
 */
import type { Socket } from 'node:net';
import { Arrivals } from './arrivals.ts';

/** The other end of one connection: a socket whose every byte the script decides on. */
export abstract class Peer {
  /** The socket, for what has no method here: `pause()`, `setNoDelay(false)`. */
  readonly socket: Socket;
  /** Fulfilled when the connection is gone, whichever side ended it. */
  readonly closed: Promise<void>;
  /** Fulfilled when the client has ended its side (FIN), all of which was read. */
  readonly ended: Promise<void>;
  /** What its script waits for. */
  protected readonly arrivals = new Arrivals(this);

  constructor(socket: Socket) {
    this.socket = socket;
    // How a connection ends is told by `closed`; a reset by the client is no failure of the script.
    socket.on('error', () => {});
    this.ended = new Promise((resolve) => {
      socket.once('end', resolve);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
        this.arrivals.wake();
      });
    });
  }

  /** Sends bytes, or text of which each character is a byte (latin1), as they are. */
  send(data: string | Uint8Array): void {
    if (!this.socket.writable) return;
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** Waits until the system has taken all that was sent, or the connection is gone. */
  async flush(): Promise<void> {
    const { socket } = this;
    if (!socket.writable) return;
    const taken = new Promise<void>((resolve) => {
      socket.write('', () => resolve());
    });
    await Promise.race([taken, this.closed]);
  }

  /** {@link send} and {@link flush}. */
  write(data: string | Uint8Array): Promise<void> {
    this.send(data);
    return this.flush();
  }

  /** Ends this side in order (FIN), behind what was sent. */
  end(): void {
    this.socket.end();
  }

  /** Breaks the connection (RST): the client gets `ECONNRESET`. */
  resetConnection(): void {
    this.socket.resetAndDestroy();
  }

  /**
   * Waits until a condition holds; it is asked again whenever something comes.
   *
   * Rejects when the connection is gone before: the message says what was awaited, and what came.
   */
  until(condition: () => boolean, what = 'more'): Promise<void> {
    return this.arrivals.until(condition, what);
  }

  /** Whether the connection is gone. */
  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  /** What came so far, in short. */
  abstract get summary(): string;
}
