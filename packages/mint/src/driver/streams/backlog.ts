/**
 * Pieces of a body that wait for their reader. A server may send a byte at a
 * time: so many small pieces are made one.
 */
const mergedAt = 256;

export class Backlog {
  private pieces: Buffer[] = [];
  private first = 0;
  /** How many of the last pieces were not merged yet. */
  private loose = 0;

  get isEmpty(): boolean {
    return this.first === this.pieces.length;
  }

  add(piece: Buffer): void {
    this.pieces.push(piece);
    this.loose += 1;
    if (this.loose < mergedAt) return;
    this.loose = 0;
    if (this.pieces.length - this.first < mergedAt) return;
    this.pieces.push(Buffer.concat(this.pieces.splice(-mergedAt)));
  }

  /** The oldest piece; there must be one. */
  take(): Buffer {
    const piece = this.pieces[this.first] as Buffer;
    this.first += 1;
    if (this.first === this.pieces.length) {
      this.pieces = [];
      this.first = 0;
    }
    return piece;
  }
}
