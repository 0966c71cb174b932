/** Signals as bodies of data frames: those of one turn go in as few frames as possible. */
import { headerLength, readU32, writeU32 } from './frame.ts';

/** Bytes of the length before each signal. */
export const lengthBytes = 4;

/** Signals in one frame at most. */
const mostSignals = 256;

/** Bytes for which there is room at first. */
const firstBytes = 4096;

/** Whether a signal is too long for one frame. */
export const isLong = (signal: Uint8Array, frameBytes: number): boolean =>
  lengthBytes + signal.length > frameBytes;

/** A frame that is being filled with signals, each behind its length. */
export class Batch {
  readonly #mostBytes: number;
  #bytes = new Uint8Array(firstBytes);
  #length = 0;
  #signals = 0;

  /** @param mostBytes Of the body. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get isEmpty(): boolean {
    return this.#signals === 0;
  }

  /** Copies a signal into the frame. False when that is full. */
  add(signal: Uint8Array): boolean {
    const start = this.#length + lengthBytes;
    const end = start + signal.length;
    if (this.#signals === mostSignals || end > this.#mostBytes) return false;
    if (end > this.#bytes.length) this.#grow(end);
    writeU32(this.#bytes, this.#length, signal.length);
    this.#bytes.set(signal, start);
    this.#length = end;
    this.#signals++;
    return true;
  }

  /** Takes the frame, whose header is still to be written. */
  take(): Uint8Array<ArrayBuffer> {
    // A carrier may post it to another thread with all of its buffer: it has one of its own.
    const frame = Buffer.allocUnsafeSlow(headerLength + this.#length);
    frame.set(this.#bytes.subarray(0, this.#length), headerLength);
    this.#length = this.#signals = 0;
    return frame;
  }

  #grow(length: number): void {
    const bytes = new Uint8Array(Math.min(this.#mostBytes, 2 * length));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

/** Whether the body of a data frame is made of signals. */
export function areSignals(body: Uint8Array): boolean {
  let at = 0;
  while (at + lengthBytes <= body.length) at += lengthBytes + readU32(body, at);
  return at === body.length;
}
