/** The random numbers of a cluster; tests bring their own. */
import { randomBytes } from 'node:crypto';

export interface Randomness {
  /** Random bytes, which cannot be guessed. */
  bytes(count: number): Uint8Array;
}

/** That of the system. */
export const systemRandomness: Randomness = { bytes: (count) => randomBytes(count) };

/** A random unsigned 32-bit number other than 0. */
export function randomU32(randomness: Randomness): number {
  for (;;) {
    const [a = 0, b = 0, c = 0, d = 0] = randomness.bytes(4);
    const value = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (value !== 0) return value;
  }
}
