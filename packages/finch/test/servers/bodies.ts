/** The bodies that servers and clients send one another, and what is known of them. */
import { createHash } from 'node:crypto';

/** Each body is the beginning of every longer one: to fill megabytes anew takes as long as to send them. */
let longest = Buffer.alloc(0);

/** The body of a length: the same in every program. Nobody writes to it. */
export function bodyOf(length: number): Buffer {
  if (longest.length < length) {
    longest = Buffer.alloc(length, 'The linnet eats flax, and sings from the top of the gorse.\n');
  }
  return longest.subarray(0, length);
}

export const digestOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** The lengths of the files that every server has. */
export const fileLengths = [0, 1024, 65_536, 25_165_824] as const;

/** A large body, as a server of files has it. */
export const large = 25_165_824;
