/** The signals of which parts have come in, until they are whole: bounded. */
import type { Fragment } from './fragment.ts';

/** What a sender has under way at the same time, at most. */
export const mostLongSignals = 16;

interface Partial {
  readonly signal: Uint8Array;
  filled: number;
}

export class Reassembly {
  readonly #partial = new Map<number, Partial>();
  readonly #mostBytes: number;
  readonly #mostSignalBytes: number;
  #bytes = 0;

  /** @param mostBytes Of all signals together. */
  constructor(mostBytes: number, mostSignalBytes: number) {
    this.#mostBytes = Math.max(mostBytes, mostSignalBytes);
    this.#mostSignalBytes = mostSignalBytes;
  }

  /**
   * Takes a part, which is copied.
   * @returns The whole signal with its last part; `'refused'` for a part that its signal does not have,
   *   and for signals of more bytes, or more at a time, than are allowed.
   */
  add({ number, length, part }: Fragment): Uint8Array | 'incomplete' | 'refused' {
    const partial = this.#partial.get(number) ?? this.#begin(number, length);
    if (partial === undefined) return 'refused';
    const { signal, filled } = partial;
    if (length !== signal.length || filled + part.length > length) return 'refused';
    signal.set(part, filled);
    partial.filled += part.length;
    if (partial.filled < length) return 'incomplete';
    this.#partial.delete(number);
    this.#bytes -= length;
    return signal;
  }

  #begin(number: number, length: number): Partial | undefined {
    if (length > this.#mostSignalBytes || this.#bytes + length > this.#mostBytes) return undefined;
    if (this.#partial.size === mostLongSignals) return undefined;
    const partial = { signal: new Uint8Array(length), filled: 0 };
    this.#partial.set(number, partial);
    this.#bytes += length;
    return partial;
  }
}
