/** Limits: `'infinity'` in options, `Number.POSITIVE_INFINITY` where they are compared. */

export function toNumber(limit: number | 'infinity'): number {
  return limit === 'infinity' ? Number.POSITIVE_INFINITY : limit;
}

export function fromNumber(limit: number): number | 'infinity' {
  return limit === Number.POSITIVE_INFINITY ? 'infinity' : limit;
}
