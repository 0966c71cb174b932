/**
 * What is to be sent: short signals, which go with the next flush, and long ones, which go in parts.
 *
 * A long signal holds up those that its sender has sent after it, and no others: the order of signals is
 * one of pairs of processes. The parts of several long ones take turns.
 *
 * Source: fragments of Erlang's distribution protocol, which do the same since OTP 22.
 */
import { Batch, isLong } from './batch.ts';
import type { Fragment } from './fragment.ts';
import { mostLongSignals } from './reassembly.ts';

/** A long signal of one sender, and what that has sent after it. */
interface LongSignal {
  readonly sender: number;
  /** The number of the signal on the wire; undefined until its first part goes. */
  number: number | undefined;
  signal: Uint8Array;
  /** Bytes of it that have gone. */
  sent: number;
  readonly after: Uint8Array[];
}

export class Outbox {
  readonly #frameBytes: number;
  readonly #bySender = new Map<number, LongSignal>();
  /** Those of which parts go, the next one first. */
  readonly #turns: LongSignal[] = [];
  /** Those that begin when one of the others is over. */
  readonly #later: LongSignal[] = [];
  readonly #batch: Batch;
  /** Frames of short signals that are full. */
  #full: Array<Uint8Array<ArrayBuffer>> = [];
  #shortBytes = 0;
  #longBytes = 0;
  #lastNumber = 0;

  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes;
    this.#batch = new Batch(frameBytes);
  }

  /** Bytes that have not been taken. */
  get bytes(): number {
    return this.#shortBytes + this.#longBytes;
  }

  /** Takes a signal of a sender, which is copied. */
  push(signal: Uint8Array, sender: number): void {
    const before = this.#bySender.get(sender);
    if (before === undefined && !isLong(signal, this.#frameBytes)) {
      this.#pushShort(signal);
      return;
    }
    const copy = new Uint8Array(signal);
    this.#longBytes += copy.length;
    if (before === undefined) this.#begin({ sender, signal: copy, after: [] });
    else before.after.push(copy);
  }

  /** The frames of the short signals that may go now; their headers are still to be written. */
  takeFrames(): ReadonlyArray<Uint8Array<ArrayBuffer>> {
    const frames = this.#full;
    if (!this.#batch.isEmpty) frames.push(this.#batch.take());
    if (frames.length > 0) this.#full = [];
    this.#shortBytes = 0;
    return frames;
  }

  /** The next part of a long signal. With the last one, short signals may have become free. */
  takeFragment(mostBytes: number): Fragment | undefined {
    const turn = this.#turns.shift();
    if (turn === undefined) return undefined;
    const { signal, sent } = turn;
    const part = signal.subarray(sent, sent + mostBytes);
    turn.number ??= this.#lastNumber = (this.#lastNumber + 1) >>> 0;
    turn.sent += part.length;
    this.#longBytes -= part.length;
    if (turn.sent < signal.length) this.#turns.push(turn);
    else this.#finish(turn);
    return { number: turn.number, length: signal.length, part };
  }

  #pushShort(signal: Uint8Array): void {
    this.#shortBytes += signal.length;
    if (this.#batch.add(signal)) return;
    this.#full.push(this.#batch.take());
    this.#batch.add(signal);
  }

  #begin({ sender, signal, after }: Pick<LongSignal, 'sender' | 'signal' | 'after'>): void {
    const long: LongSignal = { sender, number: undefined, signal, sent: 0, after };
    this.#bySender.set(sender, long);
    (this.#turns.length < mostLongSignals ? this.#turns : this.#later).push(long);
  }

  #finish({ sender, after }: LongSignal): void {
    this.#bySender.delete(sender);
    const next = this.#later.shift();
    if (next !== undefined) this.#turns.push(next);
    const long = after.findIndex((signal) => isLong(signal, this.#frameBytes));
    const [free, rest] = long < 0 ? [after, []] : [after.slice(0, long), after.slice(long)];
    for (const signal of free) {
      this.#longBytes -= signal.length;
      this.#pushShort(signal);
    }
    const [signal, ...others] = rest;
    if (signal !== undefined) this.#begin({ sender, signal, after: others });
  }
}
