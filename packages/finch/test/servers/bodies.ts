/** The bodies that servers and clients send one another, and what is known of them. */
import { createHash } from 'node:crypto';

/** The body of a length: the same in every program. */
export function bodyOf(length: number): Buffer {
  return Buffer.alloc(length, 'The linnet eats flax, and sings from the top of the gorse.\n');
}

export const digestOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** The lengths of the files that every server has. */
export const fileLengths = [0, 1024, 65_536, 12_582_912] as const;

/** A large body, as a server of files has it: more than the buffers of a socket hold. */
export const large = 12_582_912;

/** More than all buffers on the way hold, those of a server in between included. */
export const huge = 75_497_472;
