/**
 * A queue of which an entry is taken in constant time, however long it is: what
 * `Array.shift` moves all others for.
 */

/** From how many taken entries on their places are given up. */
const fewTaken = 32;

export class Fifo<T> {
  private entries: T[] = [];
  private taken = 0;

  get length(): number {
    return this.entries.length - this.taken;
  }

  push(entry: T): void {
    this.entries.push(entry);
  }

  /** Takes the oldest one; undefined when there is none. */
  shift(): T | undefined {
    const { entries, taken } = this;
    if (taken === entries.length) return undefined;
    const entry = entries[taken];
    // Not held any longer than it is wanted.
    entries[taken] = undefined as T;
    this.taken++;
    if (this.taken === entries.length) this.clear();
    else if (this.taken >= fewTaken && this.taken * 2 >= entries.length) this.compact();
    return entry;
  }

  /** Takes all of them. */
  drain(): readonly T[] {
    const all = this.entries.slice(this.taken);
    this.clear();
    return all;
  }

  clear(): void {
    this.entries.length = 0;
    this.taken = 0;
  }

  private compact(): void {
    this.entries = this.entries.slice(this.taken);
    this.taken = 0;
  }
}
