/**
 * Reads of sockets without a fresh buffer for each: all sockets read into one
 * buffer, from which the target takes the bytes at once. Without a target, and
 * while it can take no more, bytes go through the socket's own stream.
 */
import type { OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { inCleanContext } from '../clean-context.ts';
import { systemClock } from '../clock.ts';
import { copyBytes } from '../copy-bytes.ts';

/** Takes what a socket reads. */
export interface ReadTarget {
  /**
   * The first `length` bytes of the buffer, which are there during this call
   * only; `false` to have them go through the socket's stream.
   */
  take(buffer: Buffer, length: number): boolean;
}

/**
 * Twice of what node:net reads at a time: a response of 64 kB and its head come in one read. There
 * is one buffer for all sockets of a thread.
 */
const shared = Buffer.allocUnsafeSlow(131_072);

/**
 * How much one socket reads before the clock is asked. What is in tiny pieces (chunks or frames of
 * one byte) takes long to look at, and the system would go on with the same socket for megabytes.
 */
const stretch = 262_144;

/** How long that may take, in ms: else the others have their turn first. */
const longest = 5;

const noBytes = Buffer.alloc(0);

/** Looked up once a connection, when it is taken over. */
const readsOf = new WeakMap<Duplex, DirectReads>();

/**
 * Bun takes `onread` and calls it for the first read only, once the socket has a listener for `readable`
 * (1.4.4): there all bytes go through the socket's stream.
 */
const areReliable = process.versions['bun'] === undefined;

/** The reads of one socket. */
export class DirectReads {
  /** Reads for a socket that is about to be made; undefined where they are not reliable. */
  static create(): DirectReads | undefined {
    return areReliable ? new DirectReads() : undefined;
  }

  target: ReadTarget | undefined = undefined;
  /** Something went through the stream: what is still in it comes first. */
  streamed = false;
  private socket: Socket | undefined = undefined;
  private readonly now: () => number;
  /** How much was read since the clock was asked, and when that was. */
  private length = 0;
  private since: number;
  private isWaiting = false;

  /** The option `onread` for the socket that is about to be made. */
  readonly onread: OnReadOpts = {
    buffer: shared,
    callback: (length) => this.read(length),
  };

  /** The reads of a socket that was made with them. */
  static of(socket: Duplex): DirectReads | undefined {
    return readsOf.get(socket);
  }

  /** `now`: the time in ms. */
  constructor(now: () => number = () => systemClock.now()) {
    this.now = now;
    this.since = now();
  }

  /** Tells whose reads they are. */
  attach(socket: Socket): void {
    this.socket = socket;
    readsOf.set(socket, this);
  }

  private read(length: number): boolean {
    const { target, socket } = this;
    if (this.streamed && socket?.readableLength === 0) this.streamed = false;
    if (target !== undefined && !this.streamed && target.take(shared, length)) {
      this.length += length;
      return this.length < stretch || this.goesOn();
    }
    this.streamed = true;
    return socket?.push(copyBytes(shared, 0, length)) ?? false;
  }

  /** Whether to read on at once, after a stretch; if not, it reads on in the next turn. */
  private goesOn(): boolean {
    const now = this.now();
    const isSlow = now - this.since >= longest;
    this.since = now;
    this.length = 0;
    if (isSlow && !this.isWaiting) {
      this.isWaiting = true;
      inCleanContext(setImmediate, this.readOn);
    }
    return !this.isWaiting;
  }

  private readonly readOn = (): void => {
    this.isWaiting = false;
    const { socket } = this;
    // An empty piece says that the read before is over, and more is wanted.
    if (socket !== undefined && !socket.destroyed && !socket.readableEnded) socket.push(noBytes);
  };
}
