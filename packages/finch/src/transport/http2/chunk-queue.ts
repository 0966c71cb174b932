/**
 * Pieces of a body that wait for their reader. A server may send a byte at a
 * time, and each piece keeps the buffer that it was read into: so many small
 * ones are copied into one.
 */
const mergedAt = 256;

export class ChunkQueue {
  private chunks: Buffer[] = [];
  private first = 0;
  /** How many of the last chunks were not merged yet. */
  private loose = 0;

  get length(): number {
    return this.chunks.length - this.first;
  }

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.loose += 1;
    if (this.loose < mergedAt) return;
    this.loose = 0;
    if (this.length < mergedAt) return;
    this.chunks.push(Buffer.concat(this.chunks.splice(-mergedAt)));
  }

  /** The oldest piece; there must be one. */
  take(): Buffer {
    const chunk = this.chunks[this.first] as Buffer;
    this.first += 1;
    if (this.first === this.chunks.length) {
      this.chunks = [];
      this.first = 0;
    }
    return chunk;
  }

  takeAll(): Buffer {
    const { chunks, first } = this;
    this.chunks = [];
    this.first = 0;
    return Buffer.concat(chunks.slice(first));
  }
}
