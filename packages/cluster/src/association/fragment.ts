/**
 * Signals in parts: what is too long for one frame. The body of such a frame is the number of the signal
 * u32, its whole length u32, and the part; the parts of one signal come in order, those of several mixed.
 */
import { readU32, writeU32 } from './frame.ts';

/** Bytes before the part. */
export const fragmentHeader = 8;

/** The next part of a signal. */
export interface Fragment {
  readonly number: number;
  /** Bytes of the whole signal. */
  readonly length: number;
  readonly part: Uint8Array;
}

export function writeFragment(
  bytes: Uint8Array,
  start: number,
  { number, length, part }: Fragment,
): void {
  writeU32(bytes, start, number);
  writeU32(bytes, start + 4, length);
  bytes.set(part, start + fragmentHeader);
}

/** Reads the body of such a frame, of which the part is a view; undefined when it holds none. */
export function readFragment(body: Uint8Array): Fragment | undefined {
  if (body.length <= fragmentHeader) return undefined;
  const part = body.subarray(fragmentHeader);
  return { number: readU32(body, 0), length: readU32(body, 4), part };
}
