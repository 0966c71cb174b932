/**
 * Writes the frames of a client (RFC 9113, 6).
 */
import { noError } from './codes.ts';
import {
  ackFlag,
  clientPreface,
  continuationFrame,
  dataFrame,
  endHeadersFlag,
  endStreamFlag,
  goawayFrame,
  headersFrame,
  headerSize,
  pingFrame,
  resetFrame,
  settingsFrame,
  windowFrame,
  writeFrameHeader,
  writeUint32,
} from './frames.ts';
import { OutputBuffer } from '../output-buffer.ts';

export class FrameWriter {
  readonly out = new OutputBuffer();

  preface(): void {
    const { out } = this;
    out.ensure(clientPreface.length);
    out.at += out.bytes.write(clientPreface, out.at, 'latin1');
  }

  /** DATA with a part of these bytes. */
  data(id: number, bytes: Uint8Array, from: number, to: number, isLast: boolean): void {
    const at = this.frame(dataFrame, isLast ? endStreamFlag : 0, id, to - from);
    const isWhole = to - from === bytes.length;
    this.out.bytes.set(isWhole ? bytes : bytes.subarray(from, to), at);
  }

  /** Begins a header block, which is to be written behind; returns a mark for `endBlock`. */
  beginBlock(): number {
    const { out } = this;
    out.ensure(headerSize);
    out.at += headerSize;
    return out.length;
  }

  /** Nothing was written of a block: it is not to be sent. */
  cancelBlock(): void {
    this.out.at -= headerSize;
  }

  /** Makes HEADERS of the block, and CONTINUATION where it is longer than a frame may be. */
  endBlock(mark: number, id: number, isLast: boolean, maxFrameSize: number): void {
    const { out } = this;
    const length = out.length - mark;
    const start = out.at - length;
    const first = Math.min(length, maxFrameSize);
    const flags = (isLast ? endStreamFlag : 0) | (first === length ? endHeadersFlag : 0);
    writeFrameHeader(out.bytes, start - headerSize, first, headersFrame, flags, id);
    if (first < length) this.continuations(id, start + first, maxFrameSize);
  }

  /** RST_STREAM. */
  reset(id: number, code: number): void {
    // The frame may move the output to a larger buffer.
    const at = this.frame(resetFrame, 0, id, 4);
    writeUint32(this.out.bytes, at, code);
  }

  /** WINDOW_UPDATE. */
  window(id: number, increment: number): void {
    const at = this.frame(windowFrame, 0, id, 4);
    writeUint32(this.out.bytes, at, increment);
  }

  /** The answer to SETTINGS. */
  settingsAck(): void {
    this.frame(settingsFrame, ackFlag, 0, 0);
  }

  /** PING with a number, after four zeros. */
  ping(number: number): void {
    const at = this.frame(pingFrame, 0, 0, 8);
    writeUint32(this.out.bytes, writeUint32(this.out.bytes, at, 0), number);
  }

  /** The answer to a PING with these eight bytes. */
  pong(bytes: Buffer, from: number): void {
    const at = this.frame(pingFrame, ackFlag, 0, 8);
    bytes.copy(this.out.bytes, at, from, from + 8);
  }

  /** GOAWAY: the peer has opened no stream. */
  goaway(code = noError): void {
    const at = this.frame(goawayFrame, 0, 0, 8);
    writeUint32(this.out.bytes, writeUint32(this.out.bytes, at, 0), code);
  }

  /** The header of a frame; returns where its payload goes, for which there is room. */
  private frame(type: number, flags: number, id: number, length: number): number {
    const { out } = this;
    out.ensure(headerSize + length);
    const at = writeFrameHeader(out.bytes, out.at, length, type, flags, id);
    out.at = at + length;
    return at;
  }

  /** Makes frames of what stands behind `start`. */
  private continuations(id: number, start: number, maxFrameSize: number): void {
    const { out } = this;
    const rest = Buffer.from(out.bytes.subarray(start, out.at));
    out.at = start;
    for (let from = 0; from < rest.length; from += maxFrameSize) {
      const to = Math.min(from + maxFrameSize, rest.length);
      const flags = to === rest.length ? endHeadersFlag : 0;
      const at = this.frame(continuationFrame, flags, id, to - from);
      rest.copy(out.bytes, at, from, to);
    }
  }
}
