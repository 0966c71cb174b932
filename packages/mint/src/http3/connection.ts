/**
 * The client's side of an HTTP/3 connection (RFC 9114), without QUIC, clocks or
 * callbacks. `next` looks at a range of bytes of one stream and says what comes
 * next in it; `finish` and `abort` take the ends of streams. The details are in
 * the connection's fields until the next call. The other methods append what is
 * to be written on a stream, which `take` gives.
 *
 * What is wrong with one response ends its stream (`broken`); what is wrong with
 * the connection is thrown: its reason is the name of the code to close with.
 *
 * One state table, and therefore one file: what each type of frame does to the
 * connection and its streams.
 */
import { Fault } from '../errors/fault.ts';
import { Fields } from '../fields.ts';
import type { RequestHead } from '../message/request-encoder.ts';
import { wrong } from '../message/request-stream.ts';
import type { Section } from '../message/section.ts';
import type { StreamReport } from '../message/stream-event.ts';
import { fieldOverhead, maxFieldCount } from '../syntax.ts';
import { messageError, noError, requestCancelled, streamCreationError } from './codes.ts';
import { broken, data, end, head, interim, more, reset, settings, unwanted } from './events.ts';
import type { ConnectionEvent } from './events.ts';
import * as frame from './frame-reader.ts';
import {
  cancelPushFrame,
  dataFrame,
  goawayFrame,
  headersFrame,
  maxPushIdFrame,
  pushPromiseFrame,
  settingsFrame,
} from './frames.ts';
import { closedCritical, PeerStreams, skipUnknown, unexpected } from './peer-streams.ts';
import { RequestWriter } from './request-writer.ts';
import { SectionReader } from './section-reader.ts';
import type { PeerSettings } from './settings.ts';
import { Http3Stream } from './stream.ts';
import { Strain } from './strain.ts';

/** The stream on which this side sends its SETTINGS. */
export const ownControlStream = 2;

/** Limits, and where requests go. */
export interface Http3ConnectionOptions {
  /** The `:authority` of requests that bring no `host`. */
  readonly authority: string;
  /** The `:scheme` of requests. Default `https`. */
  readonly scheme?: string | undefined;
  /** The `alt-used` of each request: the alternative service that the connection leads to (RFC 7838, 5). */
  readonly altUsed?: string | undefined;
  /** The most bytes of names and values in a response's header section, and in its trailer section. Default 262144. */
  readonly maxHeaderSize?: number | undefined;
  /** The most fields of a section. Default 1000. */
  readonly maxFields?: number | undefined;
  /**
   * How many frames and streams that move nothing on (empty DATA, unknown frames and streams, GOAWAY,
   * instructions of QPACK) may come until `resetStrain` is called. Default 10,000.
   */
  readonly maxStrain?: number | undefined;
}

/**
 * The client's side of one connection. `User` is what each stream carries for the code that opened it.
 *
 * @example
 * const connection = new Http3Connection<string>({ authority: 'api.example.com' });
 * const greeting = connection.greeting(); // for the stream 2
 * const get = { method: 'GET', target: '/users', headers: ['accept', 'application/json'] };
 * const { id } = connection.open('the first request', get, 0, false);
 * const request = connection.take(); // for the stream of this id
 * const read = (bytes: Buffer) => {
 *   for (let at = 0; ; at = connection.at) {
 *     const event = connection.next(id, bytes, at, bytes.length);
 *     if (event === http3Event.more) break;
 *     if (event === http3Event.head) console.log(connection.stream?.user, connection.status);
 *   }
 * };
 */
export class Http3Connection<User> implements StreamReport {
  // What `next`, `finish` and `abort` tell ---------------------------------------------

  /** Where it stopped. */
  at = 0;
  stream: Http3Stream<User> | undefined = undefined;
  status = 0;
  fields: Fields = Fields.none;
  /** The size of the section that `fields` are of, as QPACK counts it. */
  size = 0;
  /** The end of a stream comes apart from its bytes. */
  readonly isLast = false;
  from = 0;
  to = 0;
  fault: Fault | undefined = undefined;
  code = noError;

  /** The requests that are under way, by their streams. */
  readonly streams = new Map<number, Http3Stream<User>>();

  private readonly maxHeaderSize: number;
  /** How large a section may be as QPACK counts it; an honest encoder makes no more of it than that. */
  private readonly maxSection: number;
  private readonly strain: Strain;
  private readonly writer: RequestWriter;
  private readonly sections: SectionReader;
  private readonly peerStreams: PeerStreams;
  private nextStream = 0;

  constructor(options: Http3ConnectionOptions) {
    const { maxHeaderSize = 262_144, maxFields = maxFieldCount } = options;
    this.maxHeaderSize = maxHeaderSize;
    this.maxSection = maxHeaderSize + maxFields * fieldOverhead;
    this.strain = new Strain(options.maxStrain ?? 10_000);
    const { scheme = 'https', authority, altUsed } = options;
    this.writer = new RequestWriter(scheme, authority, altUsed);
    this.sections = new SectionReader(maxHeaderSize, maxFields);
    this.peerStreams = new PeerStreams(this.strain);
  }

  /** What the peer says of itself. */
  get peer(): PeerSettings {
    return this.peerStreams.settings;
  }

  /** The first stream that the peer has not looked at, and never will. */
  get lastStream(): number {
    return this.peerStreams.lastStream;
  }

  // What is to be written -----------------------------------------------------------

  /** What this side says of itself: to be written on {@link ownControlStream} before anything else. */
  greeting(): Buffer {
    this.writer.greeting(this.maxSection);
    return this.take();
  }

  /** What was appended since the last call: all of it belongs to one stream. */
  take(): Buffer {
    return this.writer.out.take();
  }

  /** The length that the request that was opened last declares for its body; -1 without one. */
  get declaredLength(): number {
    return this.writer.declared;
  }

  /**
   * Opens a stream with a request.
   *
   * @param bodyLength 0 for no body, -1 when the length is not known.
   * @param expects say `expect: 100-continue`.
   * @throws InvalidRequestError when a part of the request cannot be sent; nothing is changed then.
   */
  open(user: User, request: RequestHead, bodyLength: number, expects: boolean): Http3Stream<User> {
    this.writer.head(request, bodyLength, expects);
    const id = this.nextStream;
    this.nextStream = id + 4;
    const method = request.upgrade === undefined ? request.method : 'CONNECT';
    const stream = new Http3Stream(id, user, method);
    this.streams.set(id, stream);
    return stream;
  }

  /** Begins a piece of a body, of which so many bytes are to be written behind it. */
  beginData(length: number): void {
    this.writer.dataHeader(length);
  }

  /** A piece of a body, copied. */
  data(bytes: Uint8Array): void {
    this.writer.data(bytes);
  }

  /** Trailer fields, unless there are none. @throws InvalidRequestError as `open` does. */
  trailers(flat: readonly string[]): void {
    this.writer.trailers(flat);
  }

  /** This side of a stream was ended: all of the request is written. */
  sent(stream: Http3Stream<User>): void {
    stream.isSent = true;
    if (stream.isComplete) this.forget(stream);
  }

  /** A stream was given up: what comes for it is not read. */
  drop(stream: Http3Stream<User>): void {
    this.forget(stream);
  }

  /** Whether something came, since `resetStrain`, that moved nothing on. */
  get isStrained(): boolean {
    return this.strain.count > 0;
  }

  /** Some time went by: what came before is no flood. */
  resetStrain(): void {
    this.strain.count = 0;
  }

  // Reading -------------------------------------------------------------------------

  /**
   * Looks at the bytes of a stream from `at` to `limit`.
   *
   * @throws {Fault} when the connection cannot go on; its reason is the name of the code to close it with.
   */
  next(id: number, bytes: Buffer, at: number, limit: number): ConnectionEvent {
    this.at = at;
    const stream = this.streams.get(id);
    if (stream !== undefined) return this.readRequest(stream, bytes, limit);
    switch (id % 4) {
      case 3:
        return this.readPeerStream(id, bytes, limit);
      case 1:
        throw new Fault('H3_STREAM_CREATION_ERROR', 'a bidirectional stream of the server');
      default:
        // Of a request that was given up.
        this.at = limit;
        return more;
    }
  }

  /** The peer ended a stream, after its last byte. @throws {Fault} as `next` does. */
  finish(id: number): ConnectionEvent {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.peerStreams.end(id);
      return more;
    }
    if (stream.isComplete) return more;
    if (!stream.reader.isBetweenFrames) {
      throw new Fault('H3_FRAME_ERROR', 'a stream that ends within a frame');
    }
    const fault = stream.isAnswered ? stream.end() : wrong('missing_head');
    if (fault !== undefined) return this.break(stream, fault, messageError);
    stream.isComplete = true;
    if (stream.isSent) this.forget(stream);
    this.stream = stream;
    this.fields = stream.trailerFields;
    return end;
  }

  /** The peer reset a stream, or its own side of it. @throws {Fault} as `next` does. */
  abort(id: number, code: number): ConnectionEvent {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.peerStreams.end(id);
      return more;
    }
    this.forget(stream);
    this.stream = stream;
    this.code = code;
    return reset;
  }

  /** The peer asks to stop what is sent on a stream. @throws {Fault} as `next` does. */
  stopped(id: number): void {
    if (id === ownControlStream) throw closedCritical();
  }

  // Requests ------------------------------------------------------------------------

  private readRequest(stream: Http3Stream<User>, bytes: Buffer, limit: number): ConnectionEvent {
    const { reader } = stream;
    for (;;) {
      const step = reader.next(bytes, this.at, limit);
      this.at = reader.at;
      if (step === frame.more) return more;
      if (step === frame.piece) {
        this.stream = stream;
        this.from = reader.from;
        this.to = reader.to;
        return data;
      }
      const event =
        step === frame.header
          ? this.beginFrame(stream)
          : this.onSection(stream, reader.bytes, reader.from, reader.to);
      if (event !== more) return event;
    }
  }

  private beginFrame(stream: Http3Stream<User>): ConnectionEvent {
    const { reader } = stream;
    const { type, length } = reader;
    switch (type) {
      case dataFrame:
        return this.onData(stream, length);
      case headersFrame:
        if (stream.hasTrailers) throw unexpected('HEADERS after the trailers');
        if (stream.isTunnel) throw unexpected('HEADERS within a tunnel');
        if (length > this.maxSection) return this.refuse(stream, this.tooLarge(length));
        reader.whole();
        return more;
      case pushPromiseFrame:
        throw new Fault('H3_ID_ERROR', 'a PUSH_PROMISE, although push is not allowed');
      case cancelPushFrame:
      case settingsFrame:
      case goawayFrame:
      case maxPushIdFrame:
        throw unexpected(`a frame of type ${type} on the stream of a request`);
      default:
        skipUnknown(reader, this.strain);
        return more;
    }
  }

  private onData(stream: Http3Stream<User>, length: number): ConnectionEvent {
    if (!stream.isAnswered) throw unexpected('DATA before the head of the response');
    if (stream.hasTrailers) throw unexpected('DATA after the trailers');
    const fault = stream.body(length);
    if (fault !== undefined) return this.break(stream, fault, messageError);
    if (length === 0) this.strain.add();
    stream.reader.pieces();
    return more;
  }

  private onSection(
    stream: Http3Stream<User>,
    bytes: Buffer,
    from: number,
    to: number,
  ): ConnectionEvent {
    const section = this.sections.read(bytes, from, to);
    this.stream = stream;
    this.size = section.size;
    return stream.isAnswered ? this.onTrailers(stream, section) : this.onHead(stream, section);
  }

  private onHead(stream: Http3Stream<User>, section: Section): ConnectionEvent {
    const { status, fault } = section;
    if (fault !== undefined) return this.refuse(stream, fault);
    if (status === 0) return this.refuse(stream, wrong('missing_status'));
    this.status = status;
    this.fields = section.fields;
    if (status < 200) {
      const problem = stream.interim(section, false, this.maxHeaderSize);
      return problem === undefined ? interim : this.refuse(stream, problem);
    }
    stream.head(section);
    return head;
  }

  private onTrailers(stream: Http3Stream<User>, section: Section): ConnectionEvent {
    const fault = stream.trailers(section, true);
    if (fault !== undefined) return this.refuse(stream, fault);
    stream.hasTrailers = true;
    stream.trailerFields = section.fields;
    return more;
  }

  // Streams of the peer -------------------------------------------------------------

  private readPeerStream(id: number, bytes: Buffer, limit: number): ConnectionEvent {
    const { peerStreams } = this;
    const event = peerStreams.next(id, bytes, this.at, limit);
    this.at = peerStreams.at;
    if (event === settings) this.writer.limit(this.peer.maxFieldSectionSize);
    if (event === unwanted) this.code = streamCreationError;
    return event;
  }

  // ---------------------------------------------------------------------------------

  /** Refuses a section: malformed, or too large, which is not the server's breach. */
  private refuse(stream: Http3Stream<User>, fault: Fault): ConnectionEvent {
    return this.break(
      stream,
      fault,
      fault.tooLarge === undefined ? messageError : requestCancelled,
    );
  }

  private break(stream: Http3Stream<User>, fault: Fault, code: number): ConnectionEvent {
    this.forget(stream);
    this.stream = stream;
    this.fault = fault;
    this.code = code;
    return broken;
  }

  private forget(stream: Http3Stream<User>): void {
    stream.isClosed = true;
    this.streams.delete(stream.id);
  }

  private tooLarge(received: number): Fault {
    const limit = this.maxHeaderSize;
    return new Fault('too_large', 'the section of fields is too large', { limit, received });
  }
}
