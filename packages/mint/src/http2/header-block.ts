/**
 * A header block that comes in several frames: HEADERS, and CONTINUATION until
 * one of them ends it (RFC 9113, 4.3). How many, and how large they are
 * together, is bounded (CVE-2024-27316 and its kind).
 */
import { Fault } from '../errors/fault.ts';

/** No block is being gathered. */
export const noStream = 0;

const noBytes = Buffer.alloc(0);

export class HeaderBlock {
  /** The stream that the block is of; {@link noStream} between blocks. */
  stream = noStream;
  /** How many bytes there are. */
  length = 0;
  private readonly maxSize: number;
  private readonly maxContinuations: number;
  private bytes: Buffer = noBytes;
  private continuations = 0;

  constructor(maxSize: number, maxContinuations: number) {
    this.maxSize = maxSize;
    this.maxContinuations = maxContinuations;
  }

  /** The fragment of a HEADERS frame, which does not end the block. */
  begin(stream: number, bytes: Buffer, from: number, to: number): void {
    this.stream = stream;
    this.length = 0;
    this.continuations = 0;
    this.add(bytes, from, to);
  }

  /** The fragment of a CONTINUATION frame. */
  continue(bytes: Buffer, from: number, to: number): void {
    if (++this.continuations > this.maxContinuations) throw calm('too many CONTINUATION frames');
    this.add(bytes, from, to);
  }

  /** The block is whole. */
  end(): Buffer {
    const { bytes } = this;
    this.stream = noStream;
    this.bytes = noBytes;
    return bytes;
  }

  private add(bytes: Buffer, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.maxSize) throw calm('a header block far beyond maxHeaderSize');
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    bytes.copy(this.bytes, this.length, from, to);
    this.length = length;
  }
}

function calm(detail: string): Fault {
  return new Fault('ENHANCE_YOUR_CALM', detail);
}
