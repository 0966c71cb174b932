/** The numbers that were seen last, in bounded memory. */

/** How far behind the highest number one may come: as many frames as a window holds. */
const span = 8192;

export class SeenNumbers {
  readonly #bits = new Uint32Array(span / 32);
  #highest = 0;

  /** Adds a number > 0. False when it was there, or is so far behind that this cannot be told. */
  add(number: number): boolean {
    if (number <= this.#highest - span) return false;
    if (number > this.#highest) this.#advance(number);
    const { index, bit } = placeOf(number);
    const word = this.#bits[index] ?? 0;
    if ((word & bit) !== 0) return false;
    this.#bits[index] = word | bit;
    return true;
  }

  #advance(number: number): void {
    if (number - this.#highest >= span) this.#bits.fill(0);
    else {
      for (let passed = this.#highest + 1; passed <= number; passed++) {
        const { index, bit } = placeOf(passed);
        this.#bits[index] = (this.#bits[index] ?? 0) & ~bit;
      }
    }
    this.#highest = number;
  }
}

function placeOf(number: number): { readonly index: number; readonly bit: number } {
  const at = number % span;
  return { index: at >>> 5, bit: 1 << (at & 31) };
}
