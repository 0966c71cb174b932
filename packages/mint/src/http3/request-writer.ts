/**
 * Writes the frames of requests (RFC 9114, 4.1 and 7.2), and what this side says
 * of itself: all into one buffer, from which it is taken for its stream at once.
 */
import { RequestEncoder } from '../message/request-encoder.ts';
import type { RequestHead } from '../message/request-encoder.ts';
import { OutputBuffer } from '../output-buffer.ts';
import {
  controlStream,
  dataFrame,
  headersFrame,
  maxHeaderSize,
  writeFrameHeader,
} from './frames.ts';
import { QpackEncoder } from './qpack/encoder.ts';
import { clientSettings, writeSettings } from './settings.ts';
import { writeVarint } from './varint.ts';

/** How much is left out for the header of HEADERS, whose length is known only afterwards. */
const headersGap = 3;
const longestInGap = 0x3fff;

export class RequestWriter {
  readonly out = new OutputBuffer();
  private readonly requests: RequestEncoder;

  /** `altUsed`: the value of `alt-used` in each request, if there is one. */
  constructor(scheme: string, authority: string, altUsed: string | undefined) {
    const common = altUsed === undefined ? [] : ['alt-used', altUsed];
    this.requests = new RequestEncoder(new QpackEncoder(), scheme, authority, common);
  }

  /** The length that the request that was written last declares for its body; -1 without one. */
  get declared(): number {
    return this.requests.declared;
  }

  /** The peer takes no larger sections of fields. */
  limit(maxFieldSectionSize: number): void {
    const { requests } = this;
    requests.maxSize = Math.min(requests.maxSize, maxFieldSectionSize);
  }

  /** Begins the control stream with SETTINGS. */
  greeting(maxFieldSectionSize: number): void {
    const { out } = this;
    out.ensure(1);
    out.at = writeVarint(out.bytes, out.at, controlStream);
    writeSettings(out, clientSettings(maxFieldSectionSize));
  }

  /** The head of a request. @throws InvalidRequestError when a part of it cannot be sent; nothing is written then. */
  head(request: RequestHead, bodyLength: number, expects: boolean): void {
    const mark = this.begin();
    try {
      this.requests.write(this.out, request, bodyLength, expects);
    } catch (error) {
      this.cancel(mark);
      throw error;
    }
    this.end(mark);
  }

  /** The header of DATA, of which so many bytes follow. */
  dataHeader(length: number): void {
    const { out } = this;
    out.ensure(2 * maxHeaderSize);
    out.at = writeFrameHeader(out.bytes, out.at, dataFrame, length);
  }

  /** A piece of a body. */
  data(bytes: Uint8Array): void {
    this.dataHeader(bytes.length);
    const { out } = this;
    out.ensure(bytes.length);
    out.bytes.set(bytes, out.at);
    out.at += bytes.length;
  }

  /** Trailer fields, unless there are none. @throws InvalidRequestError as `head` does. */
  trailers(flat: readonly string[]): void {
    if (flat.length === 0) return;
    const mark = this.begin();
    try {
      this.requests.writeTrailers(this.out, flat);
    } catch (error) {
      this.cancel(mark);
      throw error;
    }
    this.end(mark);
  }

  private begin(): number {
    const { out } = this;
    const mark = out.length;
    out.ensure(headersGap);
    out.at += headersGap;
    return mark;
  }

  private cancel(mark: number): void {
    this.out.at -= this.out.length - mark;
  }

  /** The section is there: writes the header of HEADERS before it. */
  private end(mark: number): void {
    const { out } = this;
    const length = out.length - mark - headersGap;
    const lengthSize = length > longestInGap ? 4 : 2;
    const shift = lengthSize - 2;
    out.ensure(shift);
    const start = out.at - length;
    if (shift > 0) out.bytes.copyWithin(start + shift, start, out.at);
    out.at += shift;
    out.bytes[start - headersGap] = headersFrame;
    writeVarint(out.bytes, start - headersGap + 1, length, lengthSize);
  }
}
