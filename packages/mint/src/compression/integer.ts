/**
 * Integers with a prefix (RFC 7541, 5.1), as they are written. The decoder reads
 * them itself.
 */

/** The most bytes that an integer below 2^32 takes. */
export const maxIntegerSize = 6;

/** Writes an integer below the bits of `pattern`, with a prefix of so many bits; returns where it ends. */
export function writeInteger(
  out: Uint8Array,
  start: number,
  value: number,
  prefix: number,
  pattern: number,
): number {
  let at = start;
  const mask = (1 << prefix) - 1;
  if (value < mask) {
    out[at++] = pattern | value;
    return at;
  }
  out[at++] = pattern | mask;
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) | 0x80;
  out[at++] = rest;
  return at;
}
