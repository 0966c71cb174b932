/**
 * A long text of ASCII as bytes, slice by slice in the same memory: to make all of its bytes at once costs
 * more than to send them.
 */
export class TextSlices {
  private readonly text: string;
  private readonly memory: Buffer;
  private at = 0;

  /** Of a text in which each character is one byte of UTF-8. */
  constructor(text: string, sliceSize: number) {
    this.text = text;
    this.memory = Buffer.allocUnsafeSlow(sliceSize);
  }

  /** How many bytes there are. */
  get length(): number {
    return this.text.length;
  }

  /** Whether the slice that was given last is the last one. */
  get isOver(): boolean {
    return this.at === this.text.length;
  }

  /** The next slice, whose bytes are there until the one after it is asked for; undefined when there is none. */
  next(): Uint8Array | undefined {
    if (this.isOver) return undefined;
    const { text, memory, at } = this;
    const slice = text.slice(at, at + memory.length);
    this.at = at + slice.length;
    memory.write(slice, 'latin1');
    return memory.subarray(0, slice.length);
  }
}
