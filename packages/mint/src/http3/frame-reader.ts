/**
 * Takes the frames of one stream apart (RFC 9114, 7.1), however the bytes come:
 * `next` gives the type and the length of a frame, and its user says what is to
 * become of the payload.
 */
import { maxVarintSize, readVarint, varintSizeOf } from './varint.ts';

/** All of the range is taken; more bytes are needed. */
export const more = 0;
/** A header: `type`, `length`. Say `whole`, `pieces` or `skip` before the next call. */
export const header = 1;
/** A payload as a whole: the bytes of `bytes` from `from` to `to`. */
const payload = 2;
/** A piece of a payload: the same. */
export const piece = 3;

export type ReaderEvent = 0 | 1 | 2 | 3;

// What the next byte belongs to.
const inType = 0;
const inLength = 1;
const inWhole = 2;
const inPieces = 3;
const inSkipped = 4;

const noBytes = Buffer.alloc(0);

/** How much is allocated at first for a payload that comes in parts; more as more of it has come. */
const firstSize = 1024;

export class FrameReader {
  /** Where it stopped. */
  at = 0;
  type = 0;
  length = 0;
  bytes: Buffer = noBytes;
  from = 0;
  to = 0;

  private state = inType;
  /** How many bytes of what was asked for are still to come. */
  private rest = 0;
  /** An integer, or a payload, of which a part has come. */
  private partial: Buffer = noBytes;
  private gathered = 0;

  /** Whether the last frame has come to its end, and no further one has begun. */
  get isBetweenFrames(): boolean {
    return this.state === inType && this.gathered === 0;
  }

  /** Give the payload as one. */
  whole(): void {
    this.state = inWhole;
    this.rest = this.length;
  }

  /** Give the payload as it comes. */
  pieces(): void {
    this.state = this.length === 0 ? inType : inPieces;
    this.rest = this.length;
  }

  /** Skip the payload. */
  skip(): void {
    this.state = this.length === 0 ? inType : inSkipped;
    this.rest = this.length;
  }

  /** Looks at the bytes from `start` to `limit`. */
  next(bytes: Buffer, start: number, limit: number): ReaderEvent {
    this.at = start;
    if (this.state === inSkipped && !this.readSkipped(limit)) return more;
    if (this.state === inType) {
      if (!this.hasInteger(bytes, limit)) return more;
      this.type = this.takeInteger(bytes);
      this.state = inLength;
    }
    switch (this.state) {
      case inLength:
        if (!this.hasInteger(bytes, limit)) return more;
        this.length = this.takeInteger(bytes);
        return header;
      case inWhole:
        return this.readWhole(bytes, limit) ? payload : more;
      default:
        return this.at < limit ? this.readPiece(bytes, limit) : more;
    }
  }

  /** Whether all bytes of the next integer are there; keeps those that are. */
  private hasInteger(bytes: Buffer, limit: number): boolean {
    const { at } = this;
    if (at >= limit) return false;
    if (this.gathered === 0) {
      if (at + varintSizeOf(bytes[at] as number) <= limit) return true;
      if (this.partial.length < maxVarintSize) this.partial = Buffer.allocUnsafeSlow(maxVarintSize);
      this.partial[this.gathered++] = bytes[this.at++] as number;
    }
    const size = varintSizeOf(this.partial[0] as number);
    while (this.gathered < size && this.at < limit) {
      this.partial[this.gathered++] = bytes[this.at++] as number;
    }
    return this.gathered === size;
  }

  private takeInteger(bytes: Buffer): number {
    if (this.gathered > 0) {
      this.gathered = 0;
      return readVarint(this.partial, 0);
    }
    const { at } = this;
    this.at = at + varintSizeOf(bytes[at] as number);
    return readVarint(bytes, at);
  }

  private readSkipped(limit: number): boolean {
    const length = Math.min(this.rest, limit - this.at);
    this.at += length;
    this.rest -= length;
    if (this.rest > 0) return false;
    this.state = inType;
    return true;
  }

  private readWhole(bytes: Buffer, limit: number): boolean {
    const { at, rest } = this;
    if (this.gathered > 0 || limit - at < rest) return this.gather(bytes, limit);
    this.bytes = bytes;
    this.from = at;
    this.to = this.at = at + rest;
    this.state = inType;
    return true;
  }

  /** Copies what there is of a payload; returns whether that is all of it. */
  private gather(bytes: Buffer, limit: number): boolean {
    const { at, rest, gathered } = this;
    const length = Math.min(rest, limit - at);
    const total = gathered + length;
    if (this.partial.length < total) this.grow(total, gathered + rest);
    bytes.copy(this.partial, gathered, at, at + length);
    this.at = at + length;
    this.gathered = total;
    this.rest = rest - length;
    if (this.rest > 0) return false;
    this.bytes = this.partial;
    this.from = 0;
    this.to = total;
    this.partial = noBytes;
    this.gathered = 0;
    this.state = inType;
    return true;
  }

  /** No more than twice of what has come: the length of a frame is only what the peer says. */
  private grow(needed: number, most: number): void {
    const size = Math.min(most, Math.max(firstSize, 2 * needed));
    const larger = Buffer.allocUnsafeSlow(size);
    this.partial.copy(larger, 0, 0, this.gathered);
    this.partial = larger;
  }

  private readPiece(bytes: Buffer, limit: number): ReaderEvent {
    const { at } = this;
    this.bytes = bytes;
    this.from = at;
    this.to = this.at = Math.min(at + this.rest, limit);
    this.rest -= this.to - at;
    if (this.rest === 0) this.state = inType;
    return piece;
  }
}
