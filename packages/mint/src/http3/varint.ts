/**
 * Integers of QUIC (RFC 9000, 16): one, two, four or eight bytes, of which the
 * first two bits say how many. Those beyond 2^53 lose their lowest bits here:
 * nothing that this side acts on is as large.
 */

/** The most bytes that one takes. */
export const maxVarintSize = 8;

/** The largest one. */
export const maxVarint = 2 ** 62 - 1;

/** How many bytes the one that begins with this byte takes. */
export function varintSizeOf(first: number): number {
  return 1 << (first >>> 6);
}

/** How many bytes a value takes. */
export function varintSize(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x4000) return 2;
  return value < 0x4000_0000 ? 4 : 8;
}

/** Reads the one at `at`, of which all bytes are there. */
export function readVarint(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  const end = at + varintSizeOf(first);
  let value = first & 0x3f;
  for (let index = at + 1; index < end; index++) value = value * 256 + (bytes[index] as number);
  return value;
}

/**
 * Writes a value, in as few bytes as it takes or in `size` of them; returns where it ends.
 *
 * @example
 * const bytes = new Uint8Array(2);
 * writeVarint(bytes, 0, 15_293); // 7b bd
 */
export function writeVarint(
  out: Uint8Array,
  at: number,
  value: number,
  size = varintSize(value),
): number {
  let rest = value;
  for (let index = at + size - 1; index > at; index--) {
    out[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  out[at] = rest | (Math.log2(size) << 6);
  return at + size;
}
