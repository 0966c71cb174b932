/**
 * The client's side of an HTTP/2 connection (RFC 9113), without I/O, clocks or
 * callbacks. `next` looks at a range of bytes and says what comes next in it;
 * the details are in the connection's fields until the next call. The other
 * methods append frames to what is to be written, which `take` gives.
 *
 * What is wrong with one response ends its stream (`broken`); what is wrong with
 * the connection is thrown, and `close` tells the peer.
 *
 * One state table, and therefore one file: how a frame is taken apart, and what
 * each type does to the streams.
 */
import { Fault } from '../errors/fault.ts';
import { Fields } from '../fields.ts';
import { fieldOverhead, maxFieldCount, maxInterimResponses } from '../syntax.ts';
import {
  cancel,
  codeOf,
  flowControlError,
  frameSizeError,
  noError,
  protocolError,
  streamClosed,
} from './codes.ts';
import {
  ackFlag,
  clientPreface,
  continuationFrame,
  dataFrame,
  defaultWindow,
  endHeadersFlag,
  endStreamFlag,
  goawayFrame,
  headersFrame,
  headerSize,
  maxStreamId,
  maxWindow,
  minMaxFrameSize,
  paddedFlag,
  pingFrame,
  priorityFlag,
  priorityFrame,
  pushFrame,
  readUint31,
  readUint32,
  resetFrame,
  settingsFrame,
  windowFrame,
  writeFrameHeader,
  writeUint32,
} from './frames.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import { OutputBuffer } from './output.ts';
import { RequestEncoder } from './request-encoder.ts';
import type { RequestHead } from './request-encoder.ts';
import { SectionReader } from './section.ts';
import type { Section } from './section.ts';
import { PeerSettings, settingSize, writeClientSettings } from './settings.ts';
import { Http2Stream } from './stream.ts';

/** All of the range is taken; more bytes are needed. */
export const more = 0;
/** The head of an interim response: `stream`, `status`, `fields`. */
export const interim = 1;
/** The head of the final response: `stream`, `status`, `fields`, `isLast`. */
export const head = 2;
/** A piece of the body: `stream`, the bytes from `from` to `to`. */
export const data = 3;
/** The end of the response: `stream`, and its trailers as `fields`. */
export const end = 4;
/** The peer ended the stream: `stream`, `code`. */
export const reset = 5;
/** The response cannot be taken, and its stream was reset: `stream`, `fault`. */
export const broken = 6;
/** The peer said something of itself: `peer`. Windows may be larger. */
export const settings = 7;
/** The peer takes no further streams: `code`, `lastStream`. */
export const goaway = 8;
/** The answer to a PING: its `number`. */
export const pong = 9;
/** The peer takes more of the request of `stream`, or of any if that is undefined. */
export const window = 10;

export type ConnectionEvent = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** Limits, windows, and where requests go. */
export interface Http2ConnectionOptions {
  /** The `:scheme` of requests. */
  readonly scheme: string;
  /** The `:authority` of requests that bring no `host`. */
  readonly authority: string;
  /** The most bytes of names and values in a response's header section, and in its trailer section. Default 262144. */
  readonly maxHeaderSize?: number | undefined;
  /** The most fields of a section. Default 1000. */
  readonly maxFields?: number | undefined;
  /** How many bytes of one response the server may send before they are read. Default 1 MiB. */
  readonly streamWindowSize?: number | undefined;
  /** How many bytes of all responses together may be on their way. Default 16 MiB. */
  readonly connectionWindowSize?: number | undefined;
  /**
   * How many frames that move nothing on (PING, SETTINGS, PRIORITY, unknown ones, empty DATA,
   * WINDOW_UPDATE, frames of closed streams) may come until `rest` is called. Default 10,000.
   */
  readonly maxStrain?: number | undefined;
  /** How many CONTINUATION frames a header block may have. Default 128. */
  readonly maxContinuations?: number | undefined;
  /** How many answers (to PING and SETTINGS, and resets) may wait to be written. Default 1000. */
  readonly maxAnswers?: number | undefined;
  /** The identifier of the first stream: 3 after an upgrade from HTTP/1.1. Default 1. */
  readonly firstStream?: number | undefined;
}

/** How many streams that this side has reset are remembered: what still comes for them is no error. */
const rememberedResets = 1000;

// States: what the next byte belongs to.
const inHeader = 0;
const inPayload = 1;
const inPadLength = 2;
const inData = 3;
const inSkipped = 4;

/** No frame has to follow. */
const noBlock = 0;

const noBytes = Buffer.alloc(0);

export class Http2Connection<User> {
  // What `next` tells -------------------------------------------------------------

  /** Where it stopped. */
  at = 0;
  stream: Http2Stream<User> | undefined = undefined;
  status = 0;
  fields: Fields = Fields.none;
  /** The size of the section that `fields` are of, as HPACK counts it. */
  size = 0;
  /** The head is all of the response. */
  isLast = false;
  from = 0;
  to = 0;
  fault: Fault | undefined = undefined;
  code = noError;
  lastStream = maxStreamId;
  number = 0;

  /** What the peer says of itself. */
  readonly peer = new PeerSettings();
  /** The streams that are open, by their identifiers. */
  readonly streams = new Map<number, Http2Stream<User>>();
  /** How many answers to the peer wait to be written. */
  answers = 0;
  /** How many frames came, since `rest`, that moved nothing on. */
  strain = 0;

  private readonly maxHeaderSize: number;
  private readonly maxFields: number;
  private readonly maxBlockSize: number;
  private readonly maxStrain: number;
  private readonly maxContinuations: number;
  private readonly maxAnswers: number;
  private readonly streamWindow: number;
  private readonly connectionWindow: number;
  private readonly out = new OutputBuffer();
  private readonly hpack = new HpackEncoder();
  private readonly encoder: RequestEncoder;
  private readonly reader: SectionReader;
  private nextStream: number;

  // Reading: the frame at hand.
  private state = inHeader;
  private readonly header = Buffer.alloc(headerSize);
  private headerAt = 0;
  private type = 0;
  private flags = 0;
  private id = 0;
  /** How much of the frame's payload is still to come, but for padding. */
  private remaining = 0;
  private padding = 0;
  /** A payload that came in pieces. */
  private payload: Buffer = noBytes;
  private payloadAt = 0;
  /** The stream of the DATA at hand; undefined if nobody wants it. */
  private dataStream: Http2Stream<User> | undefined = undefined;
  /** The stream whose response ended with what was told last. */
  private ended: Http2Stream<User> | undefined = undefined;
  /** The stream of a header block that goes on in CONTINUATION frames. */
  private blockStream = noBlock;
  private blockEnds = false;
  private block: Buffer = noBytes;
  private blockAt = 0;
  private continuations = 0;

  private isGreeted = false;
  /** The peer has acknowledged what this side says of itself. */
  private isAcknowledged = false;
  private sendWindow = defaultWindow;
  private receiveWindow: number;
  /** How much of what came the peer was not given back yet. */
  private credit = 0;
  /** The window of new streams: before the peer has heard of it, it may use the default. */
  private initialWindow: number;
  private readonly resets = new Set<number>();

  constructor(options: Http2ConnectionOptions) {
    this.maxHeaderSize = options.maxHeaderSize ?? 262_144;
    this.maxFields = options.maxFields ?? maxFieldCount;
    // An honest encoder needs less than what the fields take; the rest is for those that are refused.
    this.maxBlockSize = 4 * this.maxHeaderSize + 65_536;
    this.maxStrain = options.maxStrain ?? 10_000;
    this.maxContinuations = options.maxContinuations ?? 128;
    this.maxAnswers = options.maxAnswers ?? 1000;
    this.streamWindow = options.streamWindowSize ?? 1_048_576;
    this.connectionWindow = Math.max(options.connectionWindowSize ?? 16_777_216, defaultWindow);
    this.nextStream = options.firstStream ?? 1;
    this.encoder = new RequestEncoder(this.hpack, options.scheme, options.authority);
    this.reader = new SectionReader(this.maxHeaderSize, this.maxFields);
    this.initialWindow = Math.max(this.streamWindow, defaultWindow);
    this.receiveWindow = this.connectionWindow;
    this.greet();
  }

  // What is to be written -----------------------------------------------------------

  /** How many bytes wait to be written. */
  get waiting(): number {
    return this.out.length;
  }

  /** What is to be written now. */
  take(): Buffer {
    this.answers = 0;
    return this.out.take();
  }

  /** Whether there are identifiers for further streams. */
  get hasStreams(): boolean {
    return this.nextStream <= maxStreamId;
  }

  /** The length that the request that was opened last declares for its body; -1 without one. */
  get declaredLength(): number {
    return this.encoder.declared;
  }

  /**
   * Opens a stream with a request.
   *
   * @param bodyLength 0 for no body, -1 when the length is not known.
   * @param isSent the head is all of it.
   * @param expects say `expect: 100-continue`.
   * @throws InvalidRequestError when a part of the request cannot be sent; nothing is changed then.
   */
  open(
    user: User,
    request: RequestHead,
    bodyLength: number,
    isSent: boolean,
    expects: boolean,
  ): Http2Stream<User> {
    const { out } = this;
    const id = this.nextStream;
    out.ensure(headerSize);
    out.at += headerSize;
    const waiting = out.length;
    try {
      this.encoder.write(out, request, bodyLength, expects);
    } catch (error) {
      out.at -= headerSize;
      throw error;
    }
    this.frameBlock(id, out.length - waiting, isSent);
    this.nextStream += 2;
    const stream = new Http2Stream(
      id,
      user,
      request.method === 'HEAD',
      request.method === 'CONNECT' || request.upgrade !== undefined,
      this.peer.initialWindowSize,
      this.initialWindow,
    );
    stream.isSent = isSent;
    this.streams.set(id, stream);
    return stream;
  }

  /** How many bytes of a body the peer takes now. */
  room(stream: Http2Stream<User>): number {
    return Math.min(stream.sendWindow, this.sendWindow);
  }

  /**
   * Writes a piece of a body, as much of it as one frame and the windows take; returns how much.
   * `isLast`: the body ends with it.
   */
  send(
    stream: Http2Stream<User>,
    bytes: Uint8Array,
    from: number,
    to: number,
    isLast: boolean,
  ): number {
    const length = Math.min(to - from, this.peer.maxFrameSize, Math.max(this.room(stream), 0));
    const ends = isLast && length === to - from;
    if (length === 0 && !ends) return 0;
    const { out } = this;
    out.ensure(headerSize + length);
    const flags = ends ? endStreamFlag : 0;
    const at = writeFrameHeader(out.bytes, out.at, length, dataFrame, flags, stream.id);
    out.bytes.set(length === bytes.length ? bytes : bytes.subarray(from, from + length), at);
    out.at = at + length;
    this.sendWindow -= length;
    stream.sendWindow -= length;
    // What the peer says of its windows moves this on.
    this.strain = 0;
    if (ends) this.sent(stream);
    return length;
  }

  /** Ends a request with trailer fields. @throws InvalidRequestError as `open` does. */
  sendTrailers(stream: Http2Stream<User>, flat: readonly string[]): void {
    if (flat.length === 0) {
      this.send(stream, noBytes, 0, 0, true);
      return;
    }
    const { out } = this;
    out.ensure(headerSize);
    out.at += headerSize;
    const waiting = out.length;
    try {
      this.encoder.writeTrailers(out, flat);
    } catch (error) {
      out.at -= headerSize;
      throw error;
    }
    this.frameBlock(stream.id, out.length - waiting, true);
    this.sent(stream);
  }

  /** Gives a stream up. Returns whether the peer is told: not, if it is over for both. */
  reset(stream: Http2Stream<User>, code = cancel): boolean {
    if (stream.isClosed) return false;
    this.writeReset(stream.id, code);
    this.forget(stream);
    return true;
  }

  /** Forgets a stream that the peer has said it never looked at: nobody is told. */
  drop(stream: Http2Stream<User>): void {
    this.remember(stream.id);
    this.forget(stream);
  }

  /** So much of a body was read: the peer may send as much again. */
  consume(stream: Http2Stream<User>, length: number): void {
    if (stream.isComplete || stream.isClosed) return;
    stream.credit += length;
    if (stream.credit * 2 < this.streamWindow) return;
    stream.receiveWindow += stream.credit;
    this.writeWindow(stream.id, stream.credit);
    stream.credit = 0;
  }

  ping(number: number): void {
    const at = this.writeFrame(pingFrame, 0, 0, 8);
    writeUint32(this.out.bytes, at, 0);
    writeUint32(this.out.bytes, at + 4, number);
  }

  /** Says that the connection ends: because of this fault, if there is one. */
  close(reason = 'NO_ERROR'): void {
    const at = this.writeFrame(goawayFrame, 0, 0, 8);
    // The peer opened no stream.
    writeUint32(this.out.bytes, at, 0);
    writeUint32(this.out.bytes, at + 4, reason === 'NO_ERROR' ? noError : codeOf(reason));
  }

  /** Some time went by: what came before is no flood. */
  rest(): void {
    this.strain = 0;
  }

  // Reading -------------------------------------------------------------------------

  /**
   * Looks at the bytes from `at` to `limit`.
   *
   * @throws {Fault} when the connection cannot go on; its reason is the name of the code to `close` with.
   */
  next(bytes: Buffer, at: number, limit: number): ConnectionEvent {
    this.at = at;
    if (this.ended !== undefined) {
      const event = this.finish(this.ended);
      if (event !== more) return event;
    }
    for (;;) {
      switch (this.state) {
        case inHeader: {
          if (!this.readHeader(bytes, limit)) return more;
          const event = this.beginFrame();
          if (event !== more) return event;
          break;
        }
        case inPayload: {
          if (this.payloadAt > 0 || limit - this.at < this.remaining) {
            if (!this.gather(bytes, limit)) return more;
            const event = this.endFrame(this.payload, 0, this.payloadAt);
            if (event !== more) return event;
            break;
          }
          const from = this.at;
          const to = (this.at = from + this.remaining);
          const event = this.endFrame(bytes, from, to);
          if (event !== more) return event;
          break;
        }
        case inPadLength: {
          if (this.at === limit) return more;
          const event = this.beginPaddedData(bytes[this.at++] as number);
          if (event !== more) return event;
          break;
        }
        case inData: {
          if (this.at === limit) return more;
          if (this.takeData(limit)) return data;
          break;
        }
        default: {
          const skipped = Math.min(this.remaining, limit - this.at);
          this.at += skipped;
          this.remaining -= skipped;
          if (this.remaining > 0) return more;
          this.state = inHeader;
          const event = this.endData();
          if (event !== more) return event;
        }
      }
    }
  }

  /** Whether the bytes so far end with a frame. */
  get isBetweenFrames(): boolean {
    return this.state === inHeader && this.headerAt === 0 && this.blockStream === noBlock;
  }

  private readHeader(bytes: Buffer, limit: number): boolean {
    let header = bytes;
    let at = this.at;
    if (this.headerAt > 0 || limit - at < headerSize) {
      header = this.header;
      while (at < limit && this.headerAt < headerSize)
        header[this.headerAt++] = bytes[at++] as number;
      this.at = at;
      if (this.headerAt < headerSize) return false;
      this.headerAt = 0;
      at = 0;
    } else {
      this.at = at + headerSize;
    }
    this.remaining =
      ((header[at] as number) << 16) |
      ((header[at + 1] as number) << 8) |
      (header[at + 2] as number);
    this.type = header[at + 3] as number;
    this.flags = header[at + 4] as number;
    this.id = readUint31(header, at + 5);
    return true;
  }

  private beginFrame(): ConnectionEvent {
    const { type, remaining } = this;
    if (!this.isGreeted) this.checkGreeting();
    if (remaining > minMaxFrameSize) throw frameSize(`a frame of ${remaining} bytes`);
    if (
      this.blockStream !== noBlock &&
      (type !== continuationFrame || this.id !== this.blockStream)
    ) {
      throw protocol('a frame within the header block of a stream');
    }
    switch (type) {
      case dataFrame:
        return this.beginData();
      case headersFrame:
      case continuationFrame:
      case settingsFrame:
      case pingFrame:
      case goawayFrame:
      case windowFrame:
      case resetFrame:
      case priorityFrame:
        this.state = inPayload;
        this.payloadAt = 0;
        return more;
      case pushFrame:
        throw protocol('a PUSH_PROMISE, although push is disabled');
      default:
        this.strained();
        this.skip(remaining);
        return more;
    }
  }

  /** The first frame of a server says something of it (RFC 9113, 3.4). */
  private checkGreeting(): void {
    if (this.type !== settingsFrame || (this.flags & ackFlag) !== 0) {
      throw protocol('the server does not begin with SETTINGS: it may speak another protocol');
    }
    this.isGreeted = true;
  }

  /** Copies what there is of a payload; returns whether that is all of it. */
  private gather(bytes: Buffer, limit: number): boolean {
    const { remaining } = this;
    if (this.payloadAt === 0 && this.payload.length < remaining) {
      this.payload = Buffer.allocUnsafeSlow(remaining);
    }
    const length = Math.min(remaining, limit - this.at);
    bytes.copy(this.payload, this.payloadAt, this.at, this.at + length);
    this.at += length;
    this.payloadAt += length;
    this.remaining = remaining - length;
    return this.remaining === 0;
  }

  /** Deals with a frame whose payload is there. */
  private endFrame(bytes: Buffer, from: number, to: number): ConnectionEvent {
    this.state = inHeader;
    switch (this.type) {
      case headersFrame:
        return this.onHeaders(bytes, from, to);
      case continuationFrame:
        return this.onContinuation(bytes, from, to);
      case settingsFrame:
        return this.onSettings(bytes, from, to);
      case pingFrame:
        return this.onPing(bytes, from, to);
      case goawayFrame:
        return this.onGoaway(bytes, from, to);
      case windowFrame:
        return this.onWindow(bytes, from, to);
      case resetFrame:
        return this.onReset(bytes, from, to);
      default:
        return this.onPriority(to - from);
    }
  }

  private skip(length: number): void {
    this.dataStream = undefined;
    this.remaining = length;
    this.padding = 0;
    this.state = inSkipped;
  }

  // DATA ----------------------------------------------------------------------------

  private beginData(): ConnectionEvent {
    const { id, remaining } = this;
    if (id === 0) throw protocol('DATA on no stream');
    this.receiveWindow -= remaining;
    if (this.receiveWindow < 0) {
      throw new Fault('FLOW_CONTROL_ERROR', 'more DATA than the window of the connection');
    }
    this.giveBack(remaining);
    const stream = this.streams.get(id);
    this.dataStream = stream;
    if (stream === undefined) {
      this.late();
      this.skip(remaining);
      return more;
    }
    stream.receiveWindow -= remaining;
    if (stream.isComplete) return this.refuseData(stream, 'data_after_end', streamClosed);
    if (stream.receiveWindow < 0) {
      return this.refuseData(stream, 'FLOW_CONTROL_ERROR', flowControlError);
    }
    if (!stream.isAnswered) return this.refuseData(stream, 'data_before_head', protocolError);
    if ((this.flags & paddedFlag) !== 0) {
      if (remaining === 0) throw frameSize('padded DATA without a length of its padding');
      this.remaining = remaining - 1;
      this.state = inPadLength;
      return more;
    }
    this.padding = 0;
    return this.beginBody(stream);
  }

  private beginPaddedData(padding: number): ConnectionEvent {
    if (padding > this.remaining) throw protocol('padding longer than its frame');
    this.padding = padding;
    this.remaining -= padding;
    const stream = this.dataStream as Http2Stream<User>;
    // Padding is read as soon as it has come.
    this.consume(stream, padding + 1);
    return this.beginBody(stream);
  }

  /** The length of the frame's part of the body is known. */
  private beginBody(stream: Http2Stream<User>): ConnectionEvent {
    const length = this.remaining;
    if (length === 0) {
      if ((this.flags & endStreamFlag) === 0) this.strained();
      this.state = inSkipped;
      this.remaining = this.padding;
      return more;
    }
    stream.received += length;
    if (stream.isBodiless) return this.refuseData(stream, 'unexpected_body', protocolError);
    if (stream.expected >= 0 && stream.received > stream.expected) {
      return this.refuseData(stream, 'content_length_mismatch', protocolError);
    }
    this.state = inData;
    return more;
  }

  /** DATA that a stream must not get: an error of that stream. */
  private refuseData(stream: Http2Stream<User>, reason: string, code: number): ConnectionEvent {
    this.skip(this.remaining + this.padding);
    return this.break(stream, new Fault(reason, details[reason] as string), code);
  }

  /** Takes what there is of a body; returns whether anybody wants it. */
  private takeData(limit: number): boolean {
    const from = this.at;
    const to = Math.min(from + this.remaining, limit);
    this.at = to;
    this.remaining -= to - from;
    const stream = this.dataStream as Http2Stream<User>;
    if (this.remaining === 0) {
      if (this.padding > 0) {
        this.state = inSkipped;
        this.remaining = this.padding;
      } else {
        this.state = inHeader;
        if ((this.flags & endStreamFlag) !== 0 && !stream.isClosed) this.ended = stream;
      }
    }
    this.stream = stream;
    this.from = from;
    this.to = to;
    // It may have been given up since.
    return !stream.isClosed;
  }

  private endData(): ConnectionEvent {
    const stream = this.dataStream;
    this.dataStream = undefined;
    if (stream === undefined || this.type !== dataFrame || (this.flags & endStreamFlag) === 0) {
      return more;
    }
    return this.finish(stream);
  }

  /** The response of a stream came to its end. */
  private finish(stream: Http2Stream<User>): ConnectionEvent {
    this.ended = undefined;
    if (stream.isClosed) return more;
    if (stream.expected >= 0 && stream.expected !== stream.received) {
      const reason = 'content_length_mismatch';
      return this.break(stream, new Fault(reason, details[reason] as string), protocolError);
    }
    stream.isComplete = true;
    if (stream.isSent) this.forget(stream);
    this.stream = stream;
    this.fields = Fields.none;
    return end;
  }

  // Header blocks -------------------------------------------------------------------

  private onHeaders(bytes: Buffer, from: number, to: number): ConnectionEvent {
    const { id, flags } = this;
    if (id === 0) throw protocol('HEADERS on no stream');
    if (this.isIdle(id)) throw protocol('HEADERS of a stream that was never opened');
    let start = from;
    let stop = to;
    if ((flags & paddedFlag) !== 0) {
      if (from === to) throw frameSize('padded HEADERS without a length of their padding');
      stop -= bytes[start++] as number;
    }
    if ((flags & priorityFlag) !== 0) start += 5;
    if (start > stop) throw protocol('padding or a priority longer than its frame');
    this.blockEnds = (flags & endStreamFlag) !== 0;
    if ((flags & endHeadersFlag) !== 0) return this.onBlock(bytes, start, stop);
    this.blockStream = id;
    this.blockAt = 0;
    this.continuations = 0;
    this.gatherBlock(bytes, start, stop);
    return more;
  }

  private onContinuation(bytes: Buffer, from: number, to: number): ConnectionEvent {
    if (this.blockStream === noBlock) throw protocol('CONTINUATION outside of a header block');
    if (++this.continuations > this.maxContinuations) throw calm('too many CONTINUATION frames');
    this.gatherBlock(bytes, from, to);
    if ((this.flags & endHeadersFlag) === 0) return more;
    this.blockStream = noBlock;
    const { block } = this;
    this.block = noBytes;
    return this.onBlock(block, 0, this.blockAt);
  }

  private gatherBlock(bytes: Buffer, from: number, to: number): void {
    const size = this.blockAt + to - from;
    if (size > this.maxBlockSize) throw calm('a header block far beyond maxHeaderSize');
    if (size > this.block.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(size, this.block.length * 2));
      this.block.copy(larger, 0, 0, this.blockAt);
      this.block = larger;
    }
    bytes.copy(this.block, this.blockAt, from, to);
    this.blockAt = size;
  }

  /** A whole block. It is decoded even if nobody wants it, for what it does to the tables. */
  private onBlock(bytes: Buffer, from: number, to: number): ConnectionEvent {
    const section = this.reader.read(bytes, from, to);
    const stream = this.streams.get(this.id);
    if (stream === undefined) {
      this.late();
      return more;
    }
    this.stream = stream;
    this.size = section.size;
    if (stream.isComplete) return this.fail(stream, 'headers_after_end', streamClosed);
    return stream.isAnswered ? this.onTrailers(stream, section) : this.onHead(stream, section);
  }

  private onHead(stream: Http2Stream<User>, section: Section): ConnectionEvent {
    const { status, fault } = section;
    if (fault !== undefined) return this.refuse(stream, fault);
    if (status === 0) return this.fail(stream, 'missing_status');
    this.status = status;
    this.fields = section.fields;
    if (status < 200) return this.onInterim(stream, section);
    stream.isAnswered = true;
    stream.isTunnel = stream.isConnect && status < 300;
    stream.isBodiless = stream.isHead || status === 204 || status === 304;
    // To a CONNECT that succeeds, the length means nothing (RFC 9110, 9.3.6).
    if (!stream.isBodiless && !stream.isTunnel) stream.expected = section.fields.contentLength;
    this.isLast = this.blockEnds;
    if (this.isLast) this.ended = stream;
    return head;
  }

  private onInterim(stream: Http2Stream<User>, section: Section): ConnectionEvent {
    if (this.blockEnds) return this.fail(stream, 'unexpected_end');
    if (section.status === 101) return this.fail(stream, 'unexpected_upgrade');
    if (++stream.interims > maxInterimResponses) {
      return this.fail(stream, 'too_many_interim_responses', cancel);
    }
    stream.interimSize += section.size;
    const limit = this.maxHeaderSize + maxFieldCount * fieldOverhead;
    if (stream.interimSize > limit) {
      const received = stream.interimSize;
      const detail = 'the interim responses are too large';
      return this.refuse(stream, new Fault('too_large', detail, { limit, received }));
    }
    return interim;
  }

  private onTrailers(stream: Http2Stream<User>, section: Section): ConnectionEvent {
    const { status, fault } = section;
    if (status >= 100 && status < 200) return this.fail(stream, 'unexpected_interim_response');
    if (!this.blockEnds) return this.fail(stream, 'headers_amid_body');
    if (fault !== undefined) return this.refuse(stream, fault);
    if (status !== 0) return this.fail(stream, 'pseudo_field_in_trailers');
    const event = this.finish(stream);
    if (event === end) this.fields = section.fields;
    return event;
  }

  /** Refuses a section: malformed, or too large, which is not the server's breach. */
  private refuse(stream: Http2Stream<User>, fault: Fault): ConnectionEvent {
    return this.break(stream, fault, fault.tooLarge === undefined ? protocolError : cancel);
  }

  private fail(stream: Http2Stream<User>, reason: string, code = protocolError): ConnectionEvent {
    return this.break(stream, new Fault(reason, details[reason] as string), code);
  }

  private break(stream: Http2Stream<User>, fault: Fault, code: number): ConnectionEvent {
    this.reset(stream, code);
    this.stream = stream;
    this.fault = fault;
    return broken;
  }

  // Other frames --------------------------------------------------------------------

  private onSettings(bytes: Buffer, from: number, to: number): ConnectionEvent {
    if (this.id !== 0) throw protocol('SETTINGS on a stream');
    if ((this.flags & ackFlag) !== 0) {
      if (from !== to) throw frameSize('an acknowledgement of SETTINGS with settings');
      this.acknowledged();
      return more;
    }
    if ((to - from) % settingSize !== 0) throw frameSize('SETTINGS cut off');
    const { peer } = this;
    const { initialWindowSize, headerTableSize } = peer;
    peer.adopt(bytes, from, to);
    if (peer.headerTableSize !== headerTableSize) this.hpack.resize(peer.headerTableSize);
    const growth = peer.initialWindowSize - initialWindowSize;
    if (growth !== 0) {
      for (const stream of this.streams.values()) {
        stream.sendWindow += growth;
        if (stream.sendWindow > maxWindow) throw overflow();
      }
    }
    this.writeFrame(settingsFrame, ackFlag, 0, 0);
    this.answered();
    this.strained();
    this.stream = undefined;
    return settings;
  }

  /** From here on the peer keeps to the windows of this side. */
  private acknowledged(): void {
    if (this.isAcknowledged) throw protocol('an acknowledgement of SETTINGS that were never sent');
    this.isAcknowledged = true;
    const growth = this.streamWindow - this.initialWindow;
    this.initialWindow = this.streamWindow;
    for (const stream of this.streams.values()) stream.receiveWindow += growth;
  }

  private onPing(bytes: Buffer, from: number, to: number): ConnectionEvent {
    if (this.id !== 0) throw protocol('PING on a stream');
    if (to - from !== 8) throw frameSize(`a PING of ${to - from} bytes`);
    this.strained();
    if ((this.flags & ackFlag) !== 0) {
      // What this side sends begins with four zeros.
      this.number = readUint32(bytes, from) === 0 ? readUint32(bytes, from + 4) : 0;
      return pong;
    }
    const at = this.writeFrame(pingFrame, ackFlag, 0, 8);
    bytes.copy(this.out.bytes, at, from, to);
    this.answered();
    return more;
  }

  private onGoaway(bytes: Buffer, from: number, to: number): ConnectionEvent {
    if (this.id !== 0) throw protocol('GOAWAY on a stream');
    if (to - from < 8) throw frameSize(`a GOAWAY of ${to - from} bytes`);
    // A later one may exclude more streams, never fewer (RFC 9113, 6.8).
    this.lastStream = Math.min(this.lastStream, readUint31(bytes, from));
    this.code = readUint32(bytes, from + 4);
    return goaway;
  }

  private onWindow(bytes: Buffer, from: number, to: number): ConnectionEvent {
    if (to - from !== 4) throw frameSize(`a WINDOW_UPDATE of ${to - from} bytes`);
    const { id } = this;
    const increment = readUint31(bytes, from);
    this.strained();
    if (id === 0) {
      if (increment === 0) throw protocol('a WINDOW_UPDATE by nothing');
      this.sendWindow += increment;
      if (this.sendWindow > maxWindow) throw overflow();
      this.stream = undefined;
      return window;
    }
    const stream = this.find('WINDOW_UPDATE');
    if (stream === undefined) return more;
    if (increment === 0) return this.fail(stream, 'window_update_by_nothing');
    stream.sendWindow += increment;
    if (stream.sendWindow > maxWindow) return this.break(stream, overflow(), flowControlError);
    this.stream = stream;
    return window;
  }

  private onReset(bytes: Buffer, from: number, to: number): ConnectionEvent {
    if (to - from !== 4) throw frameSize(`an RST_STREAM of ${to - from} bytes`);
    if (this.id === 0) throw protocol('RST_STREAM on no stream');
    const stream = this.find('RST_STREAM');
    this.resets.delete(this.id);
    if (stream === undefined) {
      this.strained();
      return more;
    }
    this.forget(stream);
    this.stream = stream;
    this.code = readUint32(bytes, from);
    return reset;
  }

  private onPriority(length: number): ConnectionEvent {
    const { id } = this;
    if (id === 0) throw protocol('PRIORITY on no stream');
    this.strained();
    // Nothing else is done about priorities (RFC 9113, 5.3.2).
    const stream = length === 5 ? undefined : this.streams.get(id);
    return stream === undefined ? more : this.fail(stream, 'priority_size', frameSizeError);
  }

  // Streams -------------------------------------------------------------------------

  /** Whether a stream was never opened, by either side. */
  private isIdle(id: number): boolean {
    return id % 2 === 0 || id >= this.nextStream;
  }

  /** The open stream of the frame at hand. */
  private find(frame: string): Http2Stream<User> | undefined {
    const stream = this.streams.get(this.id);
    if (stream === undefined && this.isIdle(this.id)) {
      throw protocol(`${frame} of a stream that was never opened`);
    }
    return stream;
  }

  /** DATA or HEADERS of a stream that is over. */
  private late(): void {
    const { id, resets } = this;
    if (this.isIdle(id)) throw protocol('DATA of a stream that was never opened');
    if (resets.has(id)) {
      // It crossed the reset.
      if ((this.flags & endStreamFlag) !== 0) resets.delete(id);
      return;
    }
    this.strained();
    this.writeReset(id, streamClosed);
    this.answered();
  }

  /** All of a request was written. */
  private sent(stream: Http2Stream<User>): void {
    stream.isSent = true;
    if (stream.isComplete) this.forget(stream);
  }

  private forget(stream: Http2Stream<User>): void {
    stream.isClosed = true;
    this.streams.delete(stream.id);
  }

  private remember(id: number): void {
    const { resets } = this;
    resets.add(id);
    if (resets.size <= rememberedResets) return;
    for (const oldest of resets) {
      resets.delete(oldest);
      return;
    }
  }

  // Bounds --------------------------------------------------------------------------

  private strained(): void {
    if (++this.strain > this.maxStrain) throw calm('too many frames that move nothing on');
  }

  private answered(): void {
    if (++this.answers > this.maxAnswers) throw calm('the server does not read what it asks for');
  }

  // Writing -------------------------------------------------------------------------

  private greet(): void {
    const { out } = this;
    out.ensure(clientPreface.length);
    out.at += out.bytes.write(clientPreface, out.at, 'latin1');
    const listSize = this.maxHeaderSize + this.maxFields * fieldOverhead;
    writeClientSettings(out, this.streamWindow, listSize);
    const growth = this.connectionWindow - defaultWindow;
    if (growth > 0) this.writeWindow(0, growth);
  }

  /** The header of a frame; returns where its payload goes, for which there is room. */
  private writeFrame(type: number, flags: number, stream: number, length: number): number {
    const { out } = this;
    out.ensure(headerSize + length);
    const at = writeFrameHeader(out.bytes, out.at, length, type, flags, stream);
    out.at = at + length;
    return at;
  }

  private writeReset(id: number, code: number): void {
    writeUint32(this.out.bytes, this.writeFrame(resetFrame, 0, id, 4), code);
    this.remember(id);
  }

  private writeWindow(id: number, increment: number): void {
    writeUint32(this.out.bytes, this.writeFrame(windowFrame, 0, id, 4), increment);
  }

  /** Gives the connection's window back what came, whoever reads it: a slow reader holds up its stream only. */
  private giveBack(length: number): void {
    this.credit += length;
    if (this.credit * 2 < this.connectionWindow) return;
    this.receiveWindow += this.credit;
    this.writeWindow(0, this.credit);
    this.credit = 0;
  }

  /** Makes frames of the block that was just written, behind room for one header. */
  private frameBlock(id: number, length: number, isSent: boolean): void {
    const { out } = this;
    const { maxFrameSize } = this.peer;
    const start = out.at - length;
    const ends = isSent ? endStreamFlag : 0;
    const flags = ends | (length <= maxFrameSize ? endHeadersFlag : 0);
    const first = Math.min(length, maxFrameSize);
    writeFrameHeader(out.bytes, start - headerSize, first, headersFrame, flags, id);
    if (first === length) return;
    const rest = Buffer.from(out.bytes.subarray(start + first, out.at));
    out.at = start + first;
    for (let from = 0; from < rest.length; from += maxFrameSize) {
      const to = Math.min(from + maxFrameSize, rest.length);
      const last = to === rest.length ? endHeadersFlag : 0;
      const at = this.writeFrame(continuationFrame, last, id, to - from);
      rest.copy(out.bytes, at, from, to);
    }
  }
}

/** Why a response is refused. */
const details: Readonly<Record<string, string>> = {
  FLOW_CONTROL_ERROR: 'more DATA than the window of the stream',
  data_after_end: 'DATA after the end of the response',
  data_before_head: 'DATA before the head of the response',
  headers_after_end: 'HEADERS after the end of the response',
  unexpected_body: 'a body with a response that has none',
  content_length_mismatch: 'the body is not as long as content-length says',
  missing_status: 'a head without :status',
  unexpected_end: 'an interim response that ends the stream',
  unexpected_upgrade: 'a 101, which HTTP/2 does not have',
  unexpected_interim_response: 'an interim response after the final one',
  too_many_interim_responses: `more than ${maxInterimResponses} interim responses`,
  headers_amid_body: 'a second head, or trailers that do not end the response',
  pseudo_field_in_trailers: 'a pseudo-field in trailers',
  window_update_by_nothing: 'a WINDOW_UPDATE by nothing',
  priority_size: 'a PRIORITY that is not 5 bytes long',
};

function protocol(detail: string): Fault {
  return new Fault('PROTOCOL_ERROR', detail);
}

function frameSize(detail: string): Fault {
  return new Fault('FRAME_SIZE_ERROR', detail);
}

function calm(detail: string): Fault {
  return new Fault('ENHANCE_YOUR_CALM', detail);
}

function overflow(): Fault {
  return new Fault('FLOW_CONTROL_ERROR', 'a window beyond 2^31-1');
}
