/**
 * What a connection has to write: frames one after the other in one buffer,
 * taken as a whole. Bytes that were taken are never written over, since a socket
 * may hold them for a while; those that were lent are, once they are given back.
 */

/** How much is allocated at a time: at first, since many connections have little to say, and at most. */
const firstSlabSize = 1024;
const slabSize = 8192;

/** The same where bodies are written: as much as is written at a time, and a frame more. */
const largeSlabSize = 163_840;

/**
 * Large slabs that are free, for all connections: allocating them anew for each 100 kB of an upload would cost
 * several times what sending costs, most of it in the garbage collector.
 */
const freeSlabs: Buffer[] = [];
const mostFreeSlabs = 8;

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
  /** The slab of each piece that was lent and is not back, the oldest first. */
  private readonly lent: Buffer[] = [];

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

  /** What waits, until it is given back: then its memory may be used again. */
  lend(): Buffer {
    this.lent.push(this.bytes);
    return this.take();
  }

  /** The oldest piece that was lent is not needed any more. */
  giveBack(): void {
    const slab = this.lent.shift();
    if (slab === undefined || this.lent.includes(slab)) return;
    if (slab === this.bytes) {
      if (this.from < this.at) return;
      this.from = this.at = 0;
      if (slab.length < largeSlabSize) return;
      this.bytes = noBytes;
    }
    if (slab.length === largeSlabSize && freeSlabs.length < mostFreeSlabs) freeSlabs.push(slab);
  }

  private grow(count: number): void {
    const { from, at } = this;
    const waiting = at - from;
    const least = count > slabSize ? largeSlabSize : this.nextSize;
    this.nextSize = Math.min(this.nextSize * 2, slabSize);
    const size = Math.max(least, waiting * 2 + count);
    const free = size === largeSlabSize ? freeSlabs.pop() : undefined;
    const bytes = free ?? Buffer.allocUnsafeSlow(size);
    this.bytes.copy(bytes, 0, from, at);
    this.bytes = bytes;
    this.from = 0;
    this.at = waiting;
  }
}
