/** The few statistics that the benchmarks need. */

/** The value below which the fraction `p` of the values lies, interpolated; NaN of nothing. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * p;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/**
 * The median of the ratios of the same round: what the machine did to one turn of a round it did
 * to the others as well, so ratios stand firmer than rates.
 */
export function pairedRatio(values: readonly number[], peer: readonly number[]): number {
  const rounds = Math.min(values.length, peer.length);
  return median(
    Array.from({ length: rounds }, (_, i) => (values[i] as number) / (peer[i] as number)),
  );
}
