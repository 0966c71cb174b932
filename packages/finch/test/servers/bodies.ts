/** The bodies that servers and clients send one another, and what is known of them. */
import { createHash } from 'node:crypto';

const line = 'The linnet eats flax, and sings from the top of the gorse.\n';

/** The length of the pieces of a body. */
export const piece = 65_536;

/** Each body is the beginning of every longer one: to fill megabytes anew takes as long as to send them. */
let longest = Buffer.alloc(0);

/** The body of a length: the same in every program. Nobody writes to it. */
export function bodyOf(length: number): Buffer {
  if (longest.length < length) {
    longest = Buffer.alloc(length, line);
  }
  return longest.subarray(0, length);
}

/** The body of a length in pieces, of which all are in the memory of one. */
export function* piecesOf(length: number): Generator<Uint8Array> {
  const bytes = bodyOf(piece + line.length);
  for (let at = 0; at < length; at += piece) {
    const from = at % line.length;
    yield bytes.subarray(from, from + Math.min(piece, length - at));
  }
}

/** Whether bytes are the body of a length: tens of megabytes are compared in less time than hashed. */
export const isBody = (bytes: Uint8Array, length: number): boolean =>
  bytes.length === length && bodyOf(length).equals(bytes);

/** Whether what comes is the body of a length, for a reader who takes a turn of the event loop for each piece. */
export async function isBodySlowly(
  pieces: AsyncIterable<Uint8Array>,
  length: number,
): Promise<boolean> {
  const body = bodyOf(length);
  let at = 0;
  for await (const bytes of pieces) {
    if (!body.subarray(at, at + bytes.length).equals(bytes)) return false;
    at += bytes.length;
    await turn();
  }
  return at === length;
}

/** The next turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

interface Digest {
  readonly length: number;
  readonly sha256: string;
}

const digests = new Map<number, Digest>();

/** What a server says that has read the body of a length. */
export function digestOf(length: number): Digest {
  let digest = digests.get(length);
  if (digest === undefined) {
    const hash = createHash('sha256');
    for (const bytes of piecesOf(length)) hash.update(bytes);
    digest = { length, sha256: hash.digest('hex') };
    digests.set(length, digest);
  }
  return digest;
}

/**
 * The lengths of the files that are read whole from every server. The last is more than a server may send
 * ahead over a connection: 16 MiB with HTTP/2 and HTTP/3.
 */
export const fileLengths = [0, 1024, 65_536, 25_165_824] as const;

/**
 * A large body: more than Linux lets the buffers of both ends of a connection grow to by default, 6 MiB and
 * 4 MiB, and than any of the servers and the client let the other side send ahead on a stream.
 */
export const large = 12_582_912;

/** All files that every server has. */
export const servedLengths = [...fileLengths, large];
