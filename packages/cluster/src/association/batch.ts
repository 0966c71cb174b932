/** Signals as bodies of data frames: those of one turn go in as few frames as possible. */
import { readU32, writeU32 } from './frame.ts';

/** Bytes of the length before each signal. */
export const lengthBytes = 4;

/** Signals in one frame at most. */
const mostSignals = 256;

/** Signals that go in one frame. */
export interface Batch {
  readonly signals: readonly Uint8Array[];
  /** Bytes of the body. */
  readonly length: number;
}

/** Whether a signal is too long for one frame. */
export const isLong = (signal: Uint8Array, frameBytes: number): boolean =>
  lengthBytes + signal.length > frameBytes;

/** Divides signals over bodies of at most `frameBytes`, in their order; none of them is longer than that. */
export function* batchesOf(
  signals: readonly Uint8Array[],
  frameBytes: number,
): Generator<Batch, void> {
  let group: Uint8Array[] = [];
  let length = 0;
  for (const signal of signals) {
    const size = lengthBytes + signal.length;
    if (group.length > 0 && (length + size > frameBytes || group.length === mostSignals)) {
      yield { signals: group, length };
      group = [];
      length = 0;
    }
    group.push(signal);
    length += size;
  }
  if (group.length > 0) yield { signals: group, length };
}

/** Writes signals into a frame, each behind its length. */
export function writeSignals(
  bytes: Uint8Array,
  start: number,
  signals: readonly Uint8Array[],
): void {
  let at = start;
  for (const signal of signals) {
    writeU32(bytes, at, signal.length);
    bytes.set(signal, at + lengthBytes);
    at += lengthBytes + signal.length;
  }
}

/** Whether the body of a data frame is made of signals. */
export function areSignals(body: Uint8Array): boolean {
  let at = 0;
  while (at + lengthBytes <= body.length) at += lengthBytes + readU32(body, at);
  return at === body.length;
}
