/**
 * Encoded field sections that came before, byte for byte, and what they were
 * decoded to: most servers say nearly the same in each response.
 */

/** How many blocks are kept, at most this long. */
const keptBlocks = 16;
const longestKept = 512;

interface Kept<T> {
  readonly block: Buffer;
  readonly value: T;
}

export class BlockCache<T> {
  private readonly kept: (Kept<T> | undefined)[] = Array.from<undefined>({ length: keptBlocks });

  /** What is kept of the block from `from` to `to`. */
  find(bytes: Buffer, from: number, to: number): T | undefined {
    const place = placeOf(bytes, from, to);
    if (place < 0) return undefined;
    const known = this.kept[place];
    return known !== undefined && isSame(known.block, bytes, from, to) ? known.value : undefined;
  }

  /** Keeps a value for a block, unless that is too long; in place of another, perhaps. */
  keep(bytes: Buffer, from: number, to: number, value: T): void {
    const place = placeOf(bytes, from, to);
    if (place < 0) return;
    const block = Buffer.allocUnsafeSlow(to - from);
    bytes.copy(block, 0, from, to);
    this.kept[place] = { block, value };
  }
}

/** Where a block has its place; -1 for none. */
function placeOf(bytes: Buffer, from: number, to: number): number {
  const length = to - from;
  if (length === 0 || length > longestKept) return -1;
  const last = bytes[to - 1] as number;
  const middle = bytes[from + (length >> 1)] as number;
  return (length * 7 + last * 3 + middle) % keptBlocks;
}

function isSame(block: Buffer, bytes: Buffer, from: number, to: number): boolean {
  const { length } = block;
  if (length !== to - from) return false;
  for (let index = 0; index < length; index++) {
    if (block[index] !== bytes[from + index]) return false;
  }
  return true;
}
