/** The parts of the signal that is coming in, until it is whole. */
export class Reassembly {
  #parts: Uint8Array[] = [];
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Keeps a part; the frame that it is in may be used again by its carrier. */
  add(part: Uint8Array): void {
    this.#parts.push(part.slice());
    this.#length += part.length;
  }

  /** The whole signal; the next one begins. */
  take(): Uint8Array {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#length = 0;
    return whole;
  }
}
