/**
 * The only part of a connection that touches its socket: reads without a buffer
 * for each, writes, the end of either side, and whether the socket keeps the
 * program running.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ignoreSocketError } from '../clean-context.ts';
import { copyBytes } from '../copy-bytes.ts';
import { DirectReads } from './direct-reads.ts';
import type { ReadTarget } from './direct-reads.ts';

/** Whose socket it is. */
export interface SocketUser {
  /**
   * Takes the bytes from `from` to `to`, which are there during this call only;
   * returns where it stopped, which is before `to` only if it has paused the
   * reading meanwhile. An empty range asks it to go on
   * after a pause.
   */
  onBytes(bytes: Buffer, from: number, to: number): number;
  /** The peer ended its side. */
  onEnd(): void;
  /** The socket takes more again, after `write` returned false. */
  onDrain(): void;
  /** The socket is gone; with the error that ended it, if one did. Called once, and not after `detach`. */
  onClose(error: Error | undefined): void;
}

const noBytes = Buffer.alloc(0);

export class SocketDriver implements ReadTarget {
  readonly socket: Duplex & Partial<Pick<Socket, 'ref' | 'unref'>>;
  private readonly user: SocketUser;
  private readonly reads: DirectReads | undefined;
  private paused = false;
  private detached = false;
  private referenced = false;
  private error: Error | undefined = undefined;

  /** Takes the socket over; call it in a clean async context. The socket is unreferenced until `ref`. */
  constructor(socket: Duplex, user: SocketUser) {
    this.socket = socket;
    this.user = user;
    this.reads = DirectReads.of(socket);
    socket
      .on('readable', this.onReadable)
      .on('end', this.onEnd)
      .on('drain', this.onDrain)
      .on('error', this.onError)
      .on('close', this.onClose);
    if (this.reads !== undefined) this.reads.target = this;
    this.socket.unref?.();
    // What came before, during a dial or from a proxy, is looked at like everything else.
    if (socket.readableLength > 0) queueMicrotask(this.onReadable);
  }

  /** Whether the socket has ended, by an error perhaps: `onClose` is about to follow. */
  get isGone(): boolean {
    return this.socket.destroyed;
  }

  /** Whether written bytes are not looked at any more once their write is done: a stream that is no socket may pass them on. */
  get copiesWrites(): boolean {
    return this.reads !== undefined;
  }

  /**
   * Writes; `false` when the socket has more to send than it should: `onDrain` says when to go on.
   * `done` is called when all of it is with the system, or with the error that kept it from there.
   */
  write(data: Uint8Array, done?: (error?: Error | null) => void): boolean {
    return this.socket.write(data, done);
  }

  /** The same with text, in which each character is a byte. */
  writeLatin1(text: string): boolean {
    return this.socket.write(text, 'latin1');
  }

  /** Holds back what is written until `uncork`, to have it leave together. */
  cork(): void {
    this.socket.cork();
  }

  uncork(): void {
    this.socket.uncork();
  }

  /** Keeps the program running as long as the socket is open. */
  ref(): void {
    if (this.referenced) return;
    this.referenced = true;
    this.socket.ref?.();
  }

  unref(): void {
    if (!this.referenced) return;
    this.referenced = false;
    this.socket.unref?.();
  }

  /** Takes no bytes until `resume`; the peer has to wait once the socket's own buffer is full. */
  pause(): void {
    this.paused = true;
  }

  /** Goes on in a later microtask. */
  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    queueMicrotask(this.goOn);
  }

  /** Closes the socket at once. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Sends what is written, then the end of this side. */
  end(): void {
    this.socket.end();
  }

  /** Lets go of the socket, from which `rest` is read first. It is referenced, and has no listeners. */
  detach(rest: Buffer): Duplex {
    const { socket, reads } = this;
    this.detached = true;
    if (reads !== undefined) reads.target = undefined;
    socket
      .off('readable', this.onReadable)
      .off('end', this.onEnd)
      .off('drain', this.onDrain)
      .off('error', this.onError)
      .off('close', this.onClose)
      .off('error', ignoreSocketError);
    this.socket.ref?.();
    if (rest.length > 0) this.putBack(rest);
    return socket;
  }

  // From the socket ---------------------------------------------------------------

  take(buffer: Buffer, length: number): boolean {
    if (this.paused) return false;
    const at = this.user.onBytes(buffer, 0, length);
    if (at < length) this.putBack(copyBytes(buffer, at, length));
    return true;
  }

  private readonly onReadable = (): void => {
    while (!this.paused && !this.detached) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk === null) return;
      const at = this.user.onBytes(chunk, 0, chunk.length);
      if (at < chunk.length) this.putBack(chunk.subarray(at));
    }
  };

  private readonly goOn = (): void => {
    if (this.paused || this.detached) return;
    this.user.onBytes(noBytes, 0, 0);
    this.onReadable();
  };

  private putBack(bytes: Buffer): void {
    const { socket, reads } = this;
    if (socket.destroyed) return;
    if (reads !== undefined) reads.streamed = true;
    socket.unshift(bytes);
  }

  private readonly onEnd = (): void => {
    // After an alert of TLS the end is no orderly one; `close` tells of it.
    if (this.error === undefined) this.user.onEnd();
  };

  private readonly onDrain = (): void => {
    this.user.onDrain();
  };

  private readonly onError = (error: Error): void => {
    this.error ??= error;
  };

  private readonly onClose = (): void => {
    this.user.onClose(this.error);
  };
}
