/**
 * What a connection has to write: frames one after the other in one buffer,
 * taken as a whole. Bytes that were taken are never written over, since a socket
 * may hold them for a while.
 */

/** How much is allocated at a time: at first, since many connections have little to say, and at most. */
const firstSlabSize = 1024;
const slabSize = 8192;

/** The same where bodies are written. */
const largeSlabSize = 131_072;

const noBytes = Buffer.alloc(0);

/**
 * Bytes that wait to be written, appended at `at` after `ensure`.
 *
 * @example
 * const out = new OutputBuffer();
 * out.ensure(2);
 * out.at += out.bytes.write('hi', out.at);
 * socket.write(out.take());
 */
export class OutputBuffer {
  bytes: Buffer = noBytes;
  /** Where the next byte goes; call `ensure` before. */
  at = 0;
  private from = 0;
  private nextSize = firstSlabSize;

  /** How many bytes wait. */
  get length(): number {
    return this.at - this.from;
  }

  /** Makes room for so many bytes. */
  ensure(count: number): void {
    if (this.bytes.length - this.at < count) this.grow(count);
  }

  /** What waits; it is the caller's. */
  take(): Buffer {
    const { from, at } = this;
    this.from = at;
    return this.bytes.subarray(from, at);
  }

  private grow(count: number): void {
    const { from, at } = this;
    const waiting = at - from;
    const least = count > slabSize ? largeSlabSize : this.nextSize;
    this.nextSize = Math.min(this.nextSize * 2, slabSize);
    const bytes = Buffer.allocUnsafeSlow(Math.max(least, waiting * 2 + count));
    this.bytes.copy(bytes, 0, from, at);
    this.bytes = bytes;
    this.from = 0;
    this.at = waiting;
  }
}
