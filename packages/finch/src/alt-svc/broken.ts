/**
 * Alternatives that could not be reached while their origin could: they are set aside, at first for
 * five minutes, then for twice as long each time, up to two days; as Chromium does it. A connection
 * that opens ends the count.
 */
import { BoundedCache } from '../identity/index.ts';

/** The first time, in ms. */
const shortest = 300_000;

/** At most, in ms. */
const longest = 172_800_000;

interface Failures {
  readonly count: number;
  /** When it may be tried again, in ms. */
  readonly until: number;
}

const none: Failures = { count: 0, until: 0 };

export class BrokenAlternatives {
  private readonly failures: BoundedCache<string, Failures>;
  private readonly now: () => number;

  constructor(now: () => number, limit: number) {
    this.now = now;
    this.failures = new BoundedCache(limit);
  }

  has(key: string): boolean {
    return this.now() < this.of(key).until;
  }

  /** It failed. Several failures at the same time count once; returns whether this one does. */
  add(key: string): boolean {
    if (this.has(key)) return false;
    const count = this.of(key).count + 1;
    const pause = Math.min(longest, shortest * 2 ** (count - 1));
    this.failures.set(key, { count, until: this.now() + pause });
    return true;
  }

  /** It works. */
  clear(key: string): void {
    if (this.failures.get(key) !== undefined) this.failures.set(key, none);
  }

  private of(key: string): Failures {
    return this.failures.get(key) ?? none;
  }
}
