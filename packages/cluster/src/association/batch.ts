/** The signals that were sent within one turn: they go in as few frames as possible. */
import { readU32, writeU32 } from './frame.ts';

const lengthBytes = 4;

/** Signals in one frame at most. */
const mostSignals = 256;

/** What is to be sent next: the body of a frame, or a part of a signal that is too long for one. */
export type Outgoing =
  | { readonly type: 'data'; readonly signals: readonly Uint8Array[]; readonly length: number }
  | { readonly type: 'fragment'; readonly part: Uint8Array; readonly last: boolean };

/** Divides signals over bodies of at most `frameBytes`, in their order. */
export function* bodiesOf(
  signals: readonly Uint8Array[],
  frameBytes: number,
): Generator<Outgoing, void> {
  let group: Uint8Array[] = [];
  let length = 0;
  for (const signal of signals) {
    const size = lengthBytes + signal.length;
    if (group.length > 0 && (length + size > frameBytes || group.length === mostSignals)) {
      yield { type: 'data', signals: group, length };
      group = [];
      length = 0;
    }
    if (size > frameBytes) yield* fragmentsOf(signal, frameBytes);
    else {
      group.push(signal);
      length += size;
    }
  }
  if (group.length > 0) yield { type: 'data', signals: group, length };
}

function* fragmentsOf(signal: Uint8Array, frameBytes: number): Generator<Outgoing, void> {
  for (let at = 0; at < signal.length; at += frameBytes) {
    const part = signal.subarray(at, at + frameBytes);
    yield { type: 'fragment', part, last: at + frameBytes >= signal.length };
  }
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

/** The signals of the body of a data frame, as views; undefined when it is not made of them. */
export function readSignals(body: Uint8Array): Uint8Array[] | undefined {
  const signals: Uint8Array[] = [];
  for (let at = 0; at < body.length;) {
    if (at + lengthBytes > body.length) return undefined;
    const end = at + lengthBytes + readU32(body, at);
    if (end > body.length) return undefined;
    signals.push(body.subarray(at + lengthBytes, end));
    at = end;
  }
  return signals;
}
