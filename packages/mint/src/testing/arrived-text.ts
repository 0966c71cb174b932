/**
 * Text that comes in pieces. It is put together only for those who ask for all of it: to do so for each
 * piece takes seconds where megabytes come.
 */
export class ArrivedText {
  private pieces: string[] = [];
  /** Where each of the pieces begins. */
  private starts: number[] = [];
  private total = 0;

  /** How many characters came. */
  get length(): number {
    return this.total;
  }

  /** A piece came, which is not empty. */
  add(piece: string): void {
    this.pieces.push(piece);
    this.starts.push(this.total);
    this.total += piece.length;
  }

  /** All that came. */
  all(): string {
    if (this.pieces.length > 1) {
      this.pieces = [this.pieces.join('')];
      this.starts = [0];
    }
    return this.pieces[0] ?? '';
  }

  /** What lies between two places. */
  slice(from: number, to: number): string {
    let text = '';
    for (const [piece, start] of this.since(from)) {
      if (start >= to) break;
      text += piece.slice(Math.max(0, from - start), to - start);
    }
    return text;
  }

  /** Where a mark is, from some place on; -1 if it did not come. */
  indexOf(mark: string, from: number): number {
    // The end of the pieces before, where the mark may begin.
    let before = '';
    for (const [piece, start] of this.since(from)) {
      const text = before + piece;
      const first = start - before.length;
      const at = text.indexOf(mark, from - first);
      if (at >= 0) return first + at;
      before = mark.length > 1 ? text.slice(1 - mark.length) : '';
    }
    return -1;
  }

  /** The pieces from that on which has that place, and where they begin. */
  private *since(place: number): Generator<[piece: string, start: number]> {
    const first = this.starts.findLastIndex((start) => start <= place);
    for (let index = Math.max(0, first); index < this.pieces.length; index += 1) {
      yield [this.pieces[index] ?? '', this.starts[index] ?? 0];
    }
  }
}
