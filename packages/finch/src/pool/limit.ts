/** Limits as options have them, `'infinity'` for none, and as numbers that can be compared. */

export function toNumber(limit: number | 'infinity'): number {
  return limit === 'infinity' ? Number.POSITIVE_INFINITY : limit;
}

export function fromNumber(limit: number): number | 'infinity' {
  return limit === Number.POSITIVE_INFINITY ? 'infinity' : limit;
}
