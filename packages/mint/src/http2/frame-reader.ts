/**
 * Takes frames apart (RFC 9113, 4.1), however the bytes come: `next` gives the
 * header of a frame, and its reader says what is to become of the payload.
 */
import { headerSize, readUint31 } from './frames.ts';

/** All of the range is taken; more bytes are needed. */
export const more = 0;
/** A header: `type`, `flags`, `id`, `length`. Say `whole`, `pieces` or `skip` before the next call. */
export const header = 1;
/** A payload, or the part of it that was asked for: the bytes of `bytes` from `from` to `to`. */
export const payload = 2;
/** A piece of a payload: the same, and whether it `isLast`. */
export const piece = 3;

export type ReaderEvent = 0 | 1 | 2 | 3;

// What the next byte belongs to.
const inHeader = 0;
const inWhole = 1;
const inPieces = 2;
const inSkipped = 3;

const noBytes = Buffer.alloc(0);

export class FrameReader {
  /** Where it stopped. */
  at = 0;
  type = 0;
  flags = 0;
  /** The stream. */
  id = 0;
  length = 0;
  bytes: Buffer = noBytes;
  from = 0;
  to = 0;
  isLast = false;

  private state = inHeader;
  /** How many bytes of what was asked for are still to come. */
  private rest = 0;
  /** A header, or a payload, of which a part has come. */
  private readonly head = Buffer.alloc(headerSize);
  private body: Buffer = noBytes;
  private gathered = 0;
  /** To be skipped after the pieces. */
  private padding = 0;

  /** Give so many bytes of the payload as one. */
  whole(length: number): void {
    this.state = inWhole;
    this.rest = length;
  }

  /** Give so many bytes of the payload as they come, and skip the padding behind them. */
  pieces(length: number, padding: number): void {
    this.padding = padding;
    this.state = inPieces;
    this.rest = length;
    if (length === 0) this.skip(padding);
  }

  /** Skips the rest of the frame, which is this long. */
  skip(length: number): void {
    this.state = length === 0 ? inHeader : inSkipped;
    this.rest = length;
  }

  /** Looks at the bytes from `at` to `limit`. */
  next(bytes: Buffer, start: number, limit: number): ReaderEvent {
    let at = start;
    if (this.state === inSkipped) {
      const length = Math.min(this.rest, limit - at);
      at += length;
      this.rest -= length;
      if (this.rest === 0) this.state = inHeader;
    }
    this.at = at;
    switch (this.state) {
      case inHeader:
        return this.readHeader(bytes, limit) ? header : more;
      case inWhole:
        return this.readWhole(bytes, limit) ? payload : more;
      case inPieces:
        return at < limit ? this.readPiece(bytes, limit) : more;
      default:
        return more;
    }
  }

  private readHeader(bytes: Buffer, limit: number): boolean {
    let { at } = this;
    let from = bytes;
    if (this.gathered > 0 || limit - at < headerSize) {
      from = this.head;
      while (at < limit && this.gathered < headerSize)
        from[this.gathered++] = bytes[at++] as number;
      this.at = at;
      if (this.gathered < headerSize) return false;
      this.gathered = 0;
      at = 0;
    } else {
      this.at = at + headerSize;
    }
    this.length =
      ((from[at] as number) << 16) | ((from[at + 1] as number) << 8) | (from[at + 2] as number);
    this.type = from[at + 3] as number;
    this.flags = from[at + 4] as number;
    this.id = readUint31(from, at + 5);
    return true;
  }

  private readWhole(bytes: Buffer, limit: number): boolean {
    const { at, rest } = this;
    if (this.gathered > 0 || limit - at < rest) return this.gather(bytes, limit);
    this.bytes = bytes;
    this.from = at;
    this.to = this.at = at + rest;
    this.rest = 0;
    this.state = inHeader;
    return true;
  }

  /** Copies what there is of a payload; returns whether that is all of it. */
  private gather(bytes: Buffer, limit: number): boolean {
    const { at, rest, gathered } = this;
    if (gathered === 0 && this.body.length < rest) this.body = Buffer.allocUnsafeSlow(rest);
    const length = Math.min(rest, limit - at);
    bytes.copy(this.body, gathered, at, at + length);
    this.at = at + length;
    this.gathered = gathered + length;
    this.rest = rest - length;
    if (this.rest > 0) return false;
    this.bytes = this.body;
    this.from = 0;
    this.to = this.gathered;
    this.gathered = 0;
    this.state = inHeader;
    return true;
  }

  private readPiece(bytes: Buffer, limit: number): ReaderEvent {
    const { at } = this;
    this.bytes = bytes;
    this.from = at;
    this.to = this.at = Math.min(at + this.rest, limit);
    this.rest -= this.to - at;
    this.isLast = this.rest === 0;
    if (this.isLast) this.skip(this.padding);
    return piece;
  }
}
