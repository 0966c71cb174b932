/** Differences from nghttp2, as node:http2 drives it, that are as they should be. */

interface KnownDifference {
  readonly difference: string | RegExp;
  readonly reason: string;
}

const known: readonly KnownDifference[] = [];

/** Why a difference is as it should be; undefined if nobody knows. */
export function reasonFor(difference: string, _bytes: Buffer): string | undefined {
  return known.find((each) =>
    typeof each.difference === 'string'
      ? each.difference === difference
      : each.difference.test(difference),
  )?.reason;
}
