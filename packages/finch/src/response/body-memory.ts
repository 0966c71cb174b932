/**
 * Memory for bodies from some 10 kB on, which serves the next response once a body was read as text and
 * no code can get at its bytes any more. Fresh memory for each body costs as much as receiving it: the
 * system clears each page before it hands it out, and the garbage collector has to find out that it is free.
 */

/** Smaller bodies share memory, as Node's do. */
const smallest = 8192;

/** Only so much is allocated before it has come. */
const largest = 1024 * 1024;

/** How much is kept for the next responses, in bytes. */
const mostKept = 4 * 1024 * 1024;

/** The unit in which the system hands memory out. */
const page = 4096;

export class BodyMemory {
  private readonly kept: ArrayBuffer[] = [];
  private keptSize = 0;

  /** Whether a body of this length gets its memory here. */
  isFor(length: number): boolean {
    return length >= smallest && length <= largest;
  }

  /** So many bytes, which hold anything. */
  take(length: number): Buffer<ArrayBuffer> {
    const known = this.kept.pop();
    if (known !== undefined) {
      this.keptSize -= known.byteLength;
      const isFit = known.byteLength >= length && known.byteLength <= length * 1.25 + page;
      // Else bodies are of another size by now, and it is dropped.
      if (isFit) return Buffer.from(known, 0, length);
    }
    const size = Math.ceil(length / page) * page;
    return Buffer.allocUnsafeSlow(size).subarray(0, length);
  }

  /** Takes back what `take` gave, which is not looked at any more. */
  giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (this.keptSize + buffer.byteLength > mostKept) return;
    this.kept.push(buffer);
    this.keptSize += buffer.byteLength;
  }
}

/** That of all instances of a thread. */
export const bodyMemory = new BodyMemory();
