/** How long things took, counted in buckets of a fixed number: adding one allocates nothing. */

/** Buckets of each doubling: what is told is off by 3 % at most. */
const steps = 16;

/** From 1 µs up to 2³¹ µs, which is more than half an hour. */
const size = 28 * steps;

const longest = 2 ** 31 - 1;

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

export class Histogram {
  readonly #counts = new Uint32Array(size);
  #total = 0;

  /** `ms` from 0 on. */
  add(ms: number): void {
    const bucket = bucketOf(ms);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total++;
  }

  /** The percentiles of what was added since the last look; undefined when that is nothing. */
  take(): Percentiles | undefined {
    if (this.#total === 0) return undefined;
    const percentiles = { p50: this.#at(0.5), p99: this.#at(0.99) };
    this.#counts.fill(0);
    this.#total = 0;
    return percentiles;
  }

  #at(part: number): number {
    let left = Math.ceil(part * this.#total);
    for (let bucket = 0; bucket < size; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return middleOf(bucket);
    }
    return 0;
  }
}

/** The first ones have a width of 1 µs; from there on there are as many in each doubling. */
function bucketOf(ms: number): number {
  const us = Math.trunc(Math.min(longest, ms * 1000));
  if (us < steps) return us;
  const shift = 27 - Math.clz32(us);
  return (shift + 1) * steps + (us >> shift) - steps;
}

function middleOf(bucket: number): number {
  if (bucket < steps) return bucket / 1000;
  const shift = Math.floor(bucket / steps) - 1;
  const from = ((bucket % steps) + steps) * 2 ** shift;
  return Math.round((from + 2 ** shift / 2) / 10) / 100;
}
