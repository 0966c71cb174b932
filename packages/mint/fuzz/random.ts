/** Random numbers that can be had again: all of a run follows from its seed. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** From 0 up to, but not, `limit`. */
  below(limit: number): number {
    // mulberry32
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** A text in random pieces, most of them short. */
  cut(text: string): string[] {
    const pieces: string[] = [];
    for (let at = 0; at < text.length;) {
      const size = 1 + this.below(this.once(4) ? text.length : 8);
      pieces.push(text.slice(at, at + size));
      at += size;
    }
    return pieces;
  }
}
