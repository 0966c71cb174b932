/**
 * Where the frames of Zstandard end (RFC 8878, 3.1). A body may be several of them (RFC 8878, 3), of which
 * node:zlib decodes the first alone before Node.js 26; and a frame that is cut off it takes for an empty one
 * before Node.js 24. So each frame is found here, and decoded by itself.
 */

/** What is read next of a frame. */
type Step = 'magic' | 'skippable_size' | 'descriptor' | 'block';

const lengthOf: Readonly<Record<Step, number>> = {
  magic: 4,
  skippable_size: 4,
  descriptor: 1,
  block: 3,
};

/** Goes through the bytes of frames, however they are cut into pieces. */
class FrameScanner {
  #step: Step = 'magic';
  /** The bytes of the step that have come. */
  #value = 0;
  #bytes = 0;
  /** How many bytes are passed over before the next step. */
  #skip = 0;
  #hasChecksum = false;
  /** Whether the frame ends after what is passed over. */
  #isLast = false;

  /**
   * Where the frame ends in these bytes; undefined when it goes on after them.
   *
   * @throws Error for what is no frame.
   */
  endIn(bytes: Uint8Array): number | undefined {
    for (let at = 0; at < bytes.length;) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, bytes.length - at);
        this.#skip -= passed;
        at += passed;
      } else {
        // Little-endian, as all numbers of a frame.
        this.#value += (bytes[at++] ?? 0) * 2 ** (8 * this.#bytes++);
        if (this.#bytes === lengthOf[this.#step]) this.#take(this.#value);
      }
      if (this.#isLast && this.#skip === 0) {
        this.#begin('magic');
        this.#isLast = false;
        return at;
      }
    }
    return undefined;
  }

  #begin(step: Step): void {
    this.#step = step;
    this.#value = 0;
    this.#bytes = 0;
  }

  #take(value: number): void {
    switch (this.#step) {
      case 'magic':
        if (value === 0xfd2fb528) return this.#begin('descriptor');
        if (value >= 0x184d2a50 && value <= 0x184d2a5f) return this.#begin('skippable_size');
        throw new Error('what follows is no frame of Zstandard');
      case 'skippable_size':
        this.#skip = value;
        this.#isLast = true;
        return;
      case 'descriptor':
        this.#hasChecksum = (value & 4) !== 0;
        this.#skip = headerLength(value);
        return this.#begin('block');
      case 'block':
        this.#takeBlock(value);
    }
  }

  #takeBlock(header: number): void {
    const type = (header >> 1) & 3;
    if (type === 3) throw new Error('a block of Zstandard has a reserved type');
    // One byte that is repeated, or so many.
    this.#skip = type === 1 ? 1 : header >> 3;
    this.#isLast = (header & 1) === 1;
    if (this.#isLast && this.#hasChecksum) this.#skip += 4;
    this.#begin('block');
  }
}

/** How long the header of a frame is after its descriptor (RFC 8878, 3.1.1.1). */
function headerLength(descriptor: number): number {
  const isSingle = (descriptor & 0x20) !== 0;
  const contentSize = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  return (isSingle ? 0 : 1) + dictionary + contentSize;
}

/** The frames of a body. @throws Error when the last one is cut off, or is none */
export function framesIn(bytes: Uint8Array): Uint8Array[] {
  const scanner = new FrameScanner();
  const frames: Uint8Array[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const end = scanner.endIn(rest);
    if (end === undefined) throw cutOff();
    frames.push(rest.subarray(0, end));
    rest = rest.subarray(end);
  }
  return frames;
}

/** The frames of a body as they come: each is read to its end before the next one is asked for. */
export async function* framesOf(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<AsyncGenerator<Uint8Array, void, undefined>, void, undefined> {
  const scanner = new FrameScanner();
  const pieces = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();

  /** Whether there are bytes in `rest`. */
  async function hasMore(): Promise<boolean> {
    while (rest.length === 0) {
      const next = await pieces.next();
      if (next.done === true) return false;
      rest = next.value;
    }
    return true;
  }

  async function* frame(): AsyncGenerator<Uint8Array, void, undefined> {
    while (await hasMore()) {
      const piece = rest;
      const end = scanner.endIn(piece) ?? Number.POSITIVE_INFINITY;
      rest = piece.subarray(end);
      yield piece.subarray(0, end);
      if (end <= piece.length) return;
    }
    throw cutOff();
  }

  try {
    while (await hasMore()) yield frame();
  } finally {
    // Not waited for: a piece that was asked for may never come.
    pieces.return?.().catch(() => {});
  }
}

function cutOff(): Error {
  return new Error('the last frame of Zstandard is cut off');
}
