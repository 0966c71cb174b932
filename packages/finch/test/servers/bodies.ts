/** The bodies that servers and clients send one another, and what is known of them. */
import { createHash } from 'node:crypto';

/** The body of a length: the same in every program. */
export function bodyOf(length: number): Buffer {
  return Buffer.alloc(length, 'The linnet eats flax, and sings from the top of the gorse.\n');
}

export const digestOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** The lengths of the files that every server has. */
export const fileLengths = [0, 1024, 65_536, 25_165_824] as const;

/** A large body, as a server of files has it. */
export const large = 25_165_824;
