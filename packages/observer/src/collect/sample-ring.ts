/** The last measurements of something, and their percentiles. */

const capacity = 1024;

export class SampleRing {
  readonly #samples = new Float64Array(capacity);
  /** Since the last look. */
  #count = 0;

  add(sample: number): void {
    this.#samples[this.#count++ % capacity] = sample;
  }

  /** The percentiles of the samples since the last look, the last 1024 at most; undefined without any. */
  take(): { readonly p50: number; readonly p99: number } | undefined {
    const size = Math.min(this.#count, capacity);
    this.#count = 0;
    if (size === 0) return undefined;
    const sorted = this.#samples.slice(0, size).sort();
    const at = (part: number): number => sorted[Math.ceil(part * size) - 1] ?? 0;
    return { p50: round(at(0.5)), p99: round(at(0.99)) };
  }
}

/** Ms with two digits: enough to see, and less to send. */
export function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
