/**
 * The client's side of an HTTP/2 connection (RFC 9113), without I/O, clocks or
 * callbacks. `next` looks at a range of bytes and says what comes next in it;
 * the details are in the connection's fields until the next call. The other
 * methods append frames to what is to be written, which `take` gives.
 *
 * What is wrong with one response ends its stream (`broken`); what is wrong with
 * the connection is thrown, and `close` tells the peer.
 *
 * One state table, and therefore one file: what each type of frame does to the
 * connection and its streams.
 */
import { Fault } from '../errors/fault.ts';
import { Fields } from '../fields.ts';
import { RequestEncoder } from '../message/request-encoder.ts';
import type { RequestHead } from '../message/request-encoder.ts';
import { wrong } from '../message/request-stream.ts';
import type { Section } from '../message/section.ts';
import { broken, data, end, head, interim, more, reset } from '../message/stream-event.ts';
import type { StreamReport } from '../message/stream-event.ts';
import { fieldOverhead, maxFieldCount } from '../syntax.ts';
import {
  cancel,
  codeOf,
  flowControlError,
  frameSizeError,
  noError,
  protocolError,
  streamClosed,
} from './codes.ts';
import * as frame from './frame-reader.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import {
  ackFlag,
  continuationFrame,
  dataFrame,
  defaultWindow,
  endHeadersFlag,
  endStreamFlag,
  goawayFrame,
  headersFrame,
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
} from './frames.ts';
import { HeaderBlock, noStream } from './header-block.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import { ResetStreams } from './reset-streams.ts';
import { SectionReader } from './section-reader.ts';
import { PeerSettings, settingSize, writeClientSettings } from './settings.ts';
import { Http2Stream, misused } from './stream.ts';

export { broken, data, end, head, interim, more, reset };

/** The peer said something of itself: `peer`. Windows may be larger. */
export const settings = 7;
/** The peer takes no further streams: `code`, `lastStream`. */
export const goaway = 8;
/** The answer to a PING: its `number`. */
export const pong = 9;
/** The peer takes more of a request, or of several. */
export const window = 10;

/** What the connection says: one of the constants above, or one of a stream. */
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
   * WINDOW_UPDATE, frames of closed streams) may come until `resetStrain` is called. Default 10,000.
   */
  readonly maxStrain?: number | undefined;
  /** How many CONTINUATION frames a header block may have. Default 128. */
  readonly maxContinuations?: number | undefined;
  /** How many answers (to PING and SETTINGS, and resets) may wait to be written. Default 1000. */
  readonly maxAnswers?: number | undefined;
  /** The identifier of the first stream: 3 after an upgrade from HTTP/1.1. Default 1. */
  readonly firstStream?: number | undefined;
}

const noBytes = new Uint8Array(0);

/**
 * The client's side of one connection. `User` is what each stream carries for the code that opened it.
 *
 * @example
 * const connection = new Http2Connection<string>({ scheme: 'https', authority: 'api.example.com' });
 * const get = { method: 'GET', target: '/users', headers: ['accept', 'application/json'] };
 * connection.open('the first request', get, 0, true, false);
 * socket.write(connection.take());
 * socket.on('data', (bytes: Buffer) => {
 *   for (let at = 0; ; at = connection.at) {
 *     const event = connection.next(bytes, at, bytes.length);
 *     if (event === http2Event.more) break;
 *     if (event === http2Event.head) console.log(connection.stream?.user, connection.status);
 *   }
 *   if (connection.waiting > 0) socket.write(connection.take());
 * });
 */
export class Http2Connection<User> implements StreamReport {
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
  /** How many frames came, since `resetStrain`, that moved nothing on. */
  strain = 0;

  private readonly maxHeaderSize: number;
  private readonly maxStrain: number;
  private readonly maxAnswers: number;
  private readonly streamWindow: number;
  private readonly connectionWindow: number;
  private readonly reader = new FrameReader();
  private readonly writer = new FrameWriter();
  private readonly hpack = new HpackEncoder();
  private readonly requests: RequestEncoder;
  private readonly sections: SectionReader;
  private readonly block: HeaderBlock;
  private readonly resets = new ResetStreams();
  private nextStream: number;

  /** The stream of the DATA at hand. */
  private dataStream: Http2Stream<User> | undefined = undefined;
  /** The stream whose response ended with what was told last. */
  private ended: Http2Stream<User> | undefined = undefined;
  /** The header block at hand ends its stream. */
  private blockEnds = false;
  private isGreeted = false;
  /** The peer has acknowledged what this side says of itself. */
  private isAcknowledged = false;
  private sendWindow = defaultWindow;
  /** How much of what came the peer was not given back yet. */
  private credit = 0;
  /** The window of new streams: before the peer has heard of it, it may use the default. */
  private initialWindow: number;
  /** How many answers to the peer wait to be written. */
  private answers = 0;

  constructor(options: Http2ConnectionOptions) {
    const { maxHeaderSize = 262_144, maxFields = maxFieldCount } = options;
    this.maxHeaderSize = maxHeaderSize;
    this.maxStrain = options.maxStrain ?? 10_000;
    this.maxAnswers = options.maxAnswers ?? 1000;
    this.streamWindow = options.streamWindowSize ?? 1_048_576;
    this.connectionWindow = Math.max(options.connectionWindowSize ?? 16_777_216, defaultWindow);
    this.nextStream = options.firstStream ?? 1;
    this.initialWindow = Math.max(this.streamWindow, defaultWindow);
    this.requests = new RequestEncoder(this.hpack, options.scheme, options.authority);
    this.sections = new SectionReader(maxHeaderSize, maxFields);
    // An honest encoder needs less than what the fields take; the rest is for those that are refused.
    this.block = new HeaderBlock(4 * maxHeaderSize + 65_536, options.maxContinuations ?? 128);
    this.writer.preface();
    const listSize = maxHeaderSize + maxFields * fieldOverhead;
    writeClientSettings(this.writer.out, this.streamWindow, listSize);
    const growth = this.connectionWindow - defaultWindow;
    if (growth > 0) this.writer.window(0, growth);
  }

  // What is to be written -----------------------------------------------------------

  /** How many bytes wait to be written. */
  get waiting(): number {
    return this.writer.out.length;
  }

  /** What is to be written now. */
  take(): Buffer {
    this.answers = 0;
    return this.writer.out.take();
  }

  /** The same, in memory that is used again after `written`. */
  lend(): Buffer {
    this.answers = 0;
    return this.writer.out.lend();
  }

  /** The oldest of what was lent is written. */
  written(): void {
    this.writer.out.giveBack();
  }

  /** Whether there are identifiers for further streams. */
  get hasStreams(): boolean {
    return this.nextStream <= maxStreamId;
  }

  /** The length that the request that was opened last declares for its body; -1 without one. */
  get declaredLength(): number {
    return this.requests.declared;
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
    const { peer, writer } = this;
    const id = this.nextStream;
    const mark = writer.beginBlock();
    try {
      this.requests.write(writer.out, request, bodyLength, expects);
    } catch (error) {
      writer.cancelBlock();
      throw error;
    }
    writer.endBlock(mark, id, isSent, peer.maxFrameSize);
    this.nextStream = id + 2;
    const method = request.upgrade === undefined ? request.method : 'CONNECT';
    const { initialWindowSize } = peer;
    const stream = new Http2Stream(id, user, method, initialWindowSize, this.initialWindow);
    stream.isSent = isSent;
    this.streams.set(id, stream);
    return stream;
  }

  /** How many bytes of a body the peer takes now. */
  room(stream: Http2Stream<User>): number {
    return Math.max(0, Math.min(stream.sendWindow, this.sendWindow));
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
    const length = Math.min(to - from, this.peer.maxFrameSize, this.room(stream));
    const ends = isLast && length === to - from;
    if (length === 0 && !ends) return 0;
    this.writer.data(stream.id, bytes, from, from + length, ends);
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
    const { writer } = this;
    const mark = writer.beginBlock();
    try {
      this.requests.writeTrailers(writer.out, flat);
    } catch (error) {
      writer.cancelBlock();
      throw error;
    }
    writer.endBlock(mark, stream.id, true, this.peer.maxFrameSize);
    this.sent(stream);
  }

  /** Gives a stream up. Returns whether the peer is told: not, if it is over for both. */
  reset(stream: Http2Stream<User>, code = cancel): boolean {
    if (stream.isClosed) return false;
    this.writer.reset(stream.id, code);
    this.drop(stream);
    return true;
  }

  /** Forgets a stream that the peer has said it never looked at: it is not told. */
  drop(stream: Http2Stream<User>): void {
    if (!stream.isComplete) this.resets.add(stream.id);
    this.forget(stream);
  }

  /** So much of a body was read: the peer may send as much again. */
  consume(stream: Http2Stream<User>, length: number): void {
    if (stream.isComplete || stream.isClosed) return;
    stream.credit += length;
    if (stream.credit * 2 < this.streamWindow) return;
    stream.receiveWindow += stream.credit;
    this.writer.window(stream.id, stream.credit);
    stream.credit = 0;
  }

  /** Sends a PING with a number, which its answer brings back (`pong`). */
  ping(number: number): void {
    this.writer.ping(number);
  }

  /** Says that the connection ends: because of a fault of this reason, if there is one. */
  close(reason = 'NO_ERROR'): void {
    this.writer.goaway(codeOf(reason));
  }

  /** Some time went by: what came before is no flood. */
  resetStrain(): void {
    this.strain = 0;
  }

  // Reading -------------------------------------------------------------------------

  /**
   * Looks at the bytes from `at` to `limit`.
   *
   * @throws {Fault} when the connection cannot go on; its reason is the name of the code to `close` with.
   */
  next(bytes: Buffer, at: number, limit: number): ConnectionEvent {
    const { reader } = this;
    this.at = at;
    if (this.ended !== undefined) {
      const event = this.end(this.ended);
      if (event !== more) return event;
    }
    for (;;) {
      const step = reader.next(bytes, this.at, limit);
      this.at = reader.at;
      switch (step) {
        case frame.more:
          return more;
        case frame.header: {
          const event = this.beginFrame();
          if (event !== more) return event;
          break;
        }
        case frame.payload: {
          const event = this.endFrame(reader.bytes, reader.from, reader.to);
          if (event !== more) return event;
          break;
        }
        case frame.piece:
          if (this.takePiece()) return data;
          break;
      }
    }
  }

  private beginFrame(): ConnectionEvent {
    const { reader, block } = this;
    const { type, length } = reader;
    if (!this.isGreeted) this.checkGreeting();
    if (length > minMaxFrameSize) throw frameSize(`a frame of ${length} bytes`);
    if (block.stream !== noStream && (type !== continuationFrame || reader.id !== block.stream)) {
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
        reader.whole(length);
        return more;
      case pushFrame:
        throw protocol('a PUSH_PROMISE, although push is disabled');
      default:
        this.strained();
        reader.skip(length);
        return more;
    }
  }

  /** The first frame of a server says something of it (RFC 9113, 3.4). */
  private checkGreeting(): void {
    const { type, flags } = this.reader;
    if (type !== settingsFrame || (flags & ackFlag) !== 0) {
      throw protocol('the server does not begin with SETTINGS: it may speak another protocol');
    }
    this.isGreeted = true;
  }

  /** Deals with a frame whose payload is there, or the length of its padding if it is DATA. */
  private endFrame(bytes: Buffer, from: number, to: number): ConnectionEvent {
    switch (this.reader.type) {
      case dataFrame:
        return this.beginPaddedData(bytes[from] as number);
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

  // DATA ----------------------------------------------------------------------------

  private beginData(): ConnectionEvent {
    const { reader } = this;
    const { id, length, flags } = reader;
    if (id === 0) throw protocol('DATA on no stream');
    this.giveBack(length);
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.late();
      reader.skip(length);
      return more;
    }
    this.dataStream = stream;
    stream.receiveWindow -= length;
    if (stream.isComplete) return this.refuseData(length, misused('data_after_end'), streamClosed);
    if (stream.receiveWindow < 0) {
      return this.refuseData(length, misused('FLOW_CONTROL_ERROR'), flowControlError);
    }
    if ((flags & paddedFlag) === 0) return this.beginBody(length, 0);
    if (length === 0) throw frameSize('padded DATA without a length of its padding');
    reader.whole(1);
    return more;
  }

  private beginPaddedData(padding: number): ConnectionEvent {
    const length = this.reader.length - 1;
    if (padding > length) throw protocol('padding longer than its frame');
    // Padding is read as soon as it has come.
    this.consume(this.dataStream as Http2Stream<User>, padding + 1);
    return this.beginBody(length - padding, padding);
  }

  /** The length of the frame's part of the body is known. */
  private beginBody(length: number, padding: number): ConnectionEvent {
    const { reader } = this;
    const stream = this.dataStream as Http2Stream<User>;
    const fault = stream.body(length);
    if (fault !== undefined) return this.refuseData(length + padding, fault, protocolError);
    reader.pieces(length, padding);
    if (length > 0) return more;
    if ((reader.flags & endStreamFlag) !== 0) return this.end(stream);
    this.strained();
    return more;
  }

  /** DATA that a stream must not get, of which so much is to come: an error of that stream. */
  private refuseData(rest: number, fault: Fault, code: number): ConnectionEvent {
    this.reader.skip(rest);
    return this.break(this.dataStream as Http2Stream<User>, fault, code);
  }

  /** A piece of a body; returns whether a stream wants it. */
  private takePiece(): boolean {
    const { reader } = this;
    const stream = this.dataStream as Http2Stream<User>;
    // It may have been given up since.
    if (stream.isClosed) return false;
    if (reader.isLast && (reader.flags & endStreamFlag) !== 0) this.ended = stream;
    this.stream = stream;
    this.from = reader.from;
    this.to = reader.to;
    return true;
  }

  /** The response of a stream came to its end. */
  private end(stream: Http2Stream<User>): ConnectionEvent {
    this.ended = undefined;
    if (stream.isClosed) return more;
    const fault = stream.end();
    if (fault !== undefined) return this.break(stream, fault, protocolError);
    stream.isComplete = true;
    if (stream.isSent) this.forget(stream);
    this.stream = stream;
    this.fields = Fields.none;
    return end;
  }

  // Header blocks -------------------------------------------------------------------

  private onHeaders(bytes: Buffer, from: number, to: number): ConnectionEvent {
    const { id, flags } = this.reader;
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
    this.block.begin(id, bytes, start, stop);
    return more;
  }

  private onContinuation(bytes: Buffer, from: number, to: number): ConnectionEvent {
    const { block } = this;
    if (block.stream === noStream) throw protocol('CONTINUATION outside of a header block');
    block.continue(bytes, from, to);
    if ((this.reader.flags & endHeadersFlag) === 0) return more;
    return this.onBlock(block.end(), 0, block.length);
  }

  /** A whole block. It is decoded even if its stream is gone, for what it does to the tables. */
  private onBlock(bytes: Buffer, from: number, to: number): ConnectionEvent {
    const section = this.sections.read(bytes, from, to);
    const stream = this.streams.get(this.reader.id);
    if (stream === undefined) {
      this.late();
      return more;
    }
    this.stream = stream;
    this.size = section.size;
    if (stream.isComplete) return this.break(stream, misused('headers_after_end'), streamClosed);
    return stream.isAnswered ? this.onTrailers(stream, section) : this.onHead(stream, section);
  }

  private onHead(stream: Http2Stream<User>, section: Section): ConnectionEvent {
    const { status, fault } = section;
    if (fault !== undefined) return this.refuse(stream, fault);
    if (status === 0) return this.refuse(stream, wrong('missing_status'));
    this.status = status;
    this.fields = section.fields;
    if (status < 200) {
      const problem = stream.interim(section, this.blockEnds, this.maxHeaderSize);
      return problem === undefined ? interim : this.refuse(stream, problem);
    }
    stream.head(section);
    this.isLast = this.blockEnds;
    if (this.isLast) this.ended = stream;
    return head;
  }

  private onTrailers(stream: Http2Stream<User>, section: Section): ConnectionEvent {
    const fault = stream.trailers(section, this.blockEnds);
    if (fault !== undefined) return this.refuse(stream, fault);
    const event = this.end(stream);
    this.fields = section.fields;
    return event;
  }

  /** Refuses a section: malformed, or too large, which is not the server's breach. */
  private refuse(stream: Http2Stream<User>, fault: Fault): ConnectionEvent {
    return this.break(stream, fault, fault.tooLarge === undefined ? protocolError : cancel);
  }

  private break(stream: Http2Stream<User>, fault: Fault, code: number): ConnectionEvent {
    this.reset(stream, code);
    this.stream = stream;
    this.fault = fault;
    return broken;
  }

  // Other frames --------------------------------------------------------------------

  private onSettings(bytes: Buffer, from: number, to: number): ConnectionEvent {
    const { id, flags } = this.reader;
    if (id !== 0) throw protocol('SETTINGS on a stream');
    if ((flags & ackFlag) !== 0) {
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
    for (const stream of this.streams.values()) {
      stream.sendWindow += growth;
      if (stream.sendWindow > maxWindow) throw overflow();
    }
    this.writer.settingsAck();
    this.answered();
    this.strained();
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
    const { id, flags } = this.reader;
    if (id !== 0) throw protocol('PING on a stream');
    if (to - from !== 8) throw frameSize(`a PING of ${to - from} bytes`);
    this.strained();
    if ((flags & ackFlag) !== 0) {
      // What this side sends begins with four zeros, and no number is 0.
      this.number = readUint32(bytes, from) === 0 ? readUint32(bytes, from + 4) : 0;
      return pong;
    }
    this.writer.pong(bytes, from);
    this.answered();
    return more;
  }

  private onGoaway(bytes: Buffer, from: number, to: number): ConnectionEvent {
    if (this.reader.id !== 0) throw protocol('GOAWAY on a stream');
    if (to - from < 8) throw frameSize(`a GOAWAY of ${to - from} bytes`);
    this.strained();
    // A later one may exclude more streams, never fewer (RFC 9113, 6.8).
    this.lastStream = Math.min(this.lastStream, readUint31(bytes, from));
    this.code = readUint32(bytes, from + 4);
    return goaway;
  }

  private onWindow(bytes: Buffer, from: number, to: number): ConnectionEvent {
    if (to - from !== 4) throw frameSize(`a WINDOW_UPDATE of ${to - from} bytes`);
    const increment = readUint31(bytes, from);
    this.strained();
    if (this.reader.id === 0) {
      if (increment === 0) throw protocol('a WINDOW_UPDATE by nothing');
      this.sendWindow += increment;
      if (this.sendWindow > maxWindow) throw overflow();
      return window;
    }
    const stream = this.find('WINDOW_UPDATE');
    if (stream === undefined) return more;
    if (increment === 0) return this.refuse(stream, misused('window_update_by_nothing'));
    stream.sendWindow += increment;
    if (stream.sendWindow <= maxWindow) return window;
    return this.break(stream, misused('FLOW_CONTROL_ERROR'), flowControlError);
  }

  private onReset(bytes: Buffer, from: number, to: number): ConnectionEvent {
    if (to - from !== 4) throw frameSize(`an RST_STREAM of ${to - from} bytes`);
    const stream = this.find('RST_STREAM');
    if (stream === undefined) {
      this.resets.delete(this.reader.id);
      this.strained();
      return more;
    }
    this.forget(stream);
    this.stream = stream;
    this.code = readUint32(bytes, from);
    return reset;
  }

  /** Nothing else is done about priorities (RFC 9113, 5.3.2). */
  private onPriority(length: number): ConnectionEvent {
    const { id } = this.reader;
    if (id === 0) throw protocol('PRIORITY on no stream');
    this.strained();
    const stream = length === 5 ? undefined : this.streams.get(id);
    if (stream === undefined) return more;
    return this.break(stream, misused('priority_size'), frameSizeError);
  }

  // Streams -------------------------------------------------------------------------

  /** Whether a stream was never opened, by either side. */
  private isIdle(id: number): boolean {
    return id % 2 === 0 || id >= this.nextStream;
  }

  /** The open stream of the frame at hand. */
  private find(type: string): Http2Stream<User> | undefined {
    const { id } = this.reader;
    const stream = this.streams.get(id);
    if (stream === undefined && this.isIdle(id)) {
      throw protocol(`${type} of a stream that was never opened`);
    }
    return stream;
  }

  /** DATA or HEADERS of a stream that is over. */
  private late(): void {
    const { id, flags } = this.reader;
    if (this.isIdle(id)) throw protocol('DATA of a stream that was never opened');
    if (this.resets.has(id)) {
      // The server sent it before the reset arrived.
      if ((flags & endStreamFlag) !== 0) this.resets.delete(id);
      return;
    }
    this.strained();
    this.writer.reset(id, streamClosed);
    this.resets.add(id);
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

  /**
   * Gives the connection's window back what came, whether or not it was read: a slow reader holds up its
   * stream only, whose window bounds what is kept.
   */
  private giveBack(length: number): void {
    this.credit += length;
    if (this.credit * 2 < this.connectionWindow) return;
    this.writer.window(0, this.credit);
    this.credit = 0;
  }

  // Bounds --------------------------------------------------------------------------

  private strained(): void {
    if (++this.strain > this.maxStrain) throw calm('too many frames that move nothing on');
  }

  private answered(): void {
    if (++this.answers > this.maxAnswers) throw calm('the server does not read what it asks for');
  }
}

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
