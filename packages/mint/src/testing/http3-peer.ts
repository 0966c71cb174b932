/**
 * One connection of an HTTP/3 client, as the script of a server sees it.
 */
import type { QuicDriver } from '../driver/quic/quic-driver.ts';
import { streamEnded } from '../driver/quic/session.ts';
import type { QuicEnd, QuicUser } from '../driver/quic/session.ts';
import { readVarint } from '../http3/varint.ts';
import { FrameLog } from './frame-log.ts';
import {
  encodeFieldSection,
  encodeHttp3Frame,
  encodeHttp3Settings,
  encodeVarint,
  endOfVarint,
  http3CodeOf,
  Http3FrameReader,
} from './http3-frames.ts';
import type { Http3ErrorCode, Http3Frame, Http3FrameType, Http3Settings } from './http3-frames.ts';
import type { FieldList } from './header-block.ts';
import { Arrivals } from './arrivals.ts';

/** How a part of a response is sent. */
export interface Http3SendOptions {
  /** The stream ends with it. Default false. */
  readonly endStream?: boolean | undefined;
}

const noBytes = Buffer.alloc(0);

/** The server's control stream: the first one that it opens in one direction. */
const control = 3;

/** What is to be sent on a stream, and was not taken by its window. */
interface Outgoing {
  bytes: Buffer;
  end: boolean;
}

/**
 * Each method that sends a frame sends one, and checks nothing; what a window does not let through
 * waits for it. Nothing is sent by itself but what QUIC does.
 */
export class Http3Peer {
  /** The types of the unidirectional streams that came, by their identifiers: 0 is the control stream. */
  readonly streamTypes = new Map<number, number>();
  /** The streams of which the end came. */
  readonly ended = new Set<number>();
  /**
   * The streams that the client reset, and those whose sending it asked to stop, with their codes.
   * When both come at once, QUIC forgets the stream, and the second code is 0.
   */
  readonly resets = new Map<number, number>();
  readonly stops = new Map<number, number>();
  /** Fulfilled when the connection is gone, with who ended it and with what. */
  readonly closed: Promise<QuicEnd>;
  /** How many bytes came on streams. */
  bytesRead = 0;
  private readonly driver: QuicDriver;
  private readonly arrivals = new Arrivals(this);
  private readonly log = new FrameLog<Http3Frame>(this.arrivals);
  private readonly readers = new Map<number, Http3FrameReader>();
  /** The beginnings of unidirectional streams, until their type is complete. */
  private readonly heads = new Map<number, Buffer>();
  private readonly outgoing = new Map<number, Outgoing>();
  private readonly paused = new Set<number>();
  /** Streams that had something to read while they were paused. */
  private readonly held = new Set<number>();
  private readonly into = Buffer.allocUnsafe(65_536);
  private youngest = control;
  private pausesAll = false;
  private resolveClosed!: (end: QuicEnd) => void;

  constructor(driver: QuicDriver) {
    this.driver = driver;
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
    driver.user = this.user();
  }

  /** Whether the connection is gone. */
  get isClosed(): boolean {
    return this.driver.isClosed;
  }

  /** All frames that came, in order; of each unidirectional stream those after its type. */
  get frames(): readonly Http3Frame[] {
    return this.log.frames;
  }

  /** The frames that came so far: `SETTINGS/2 HEADERS/0`. */
  get summary(): string {
    return this.log.summary;
  }

  // Waiting ---------------------------------------------------------------------

  /**
   * Waits until a condition holds; it is asked again whenever something comes.
   *
   * Rejects when the connection is gone before: the message says what was awaited, and what came.
   */
  until(condition: () => boolean, what = 'more'): Promise<void> {
    return this.arrivals.until(condition, what);
  }

  /** Waits for the end of QUIC's handshake and for the client's SETTINGS, and sends SETTINGS. */
  async handshake(settings: Http3Settings = {}): Promise<this> {
    await this.next('SETTINGS');
    this.settings(settings);
    return this;
  }

  /** Waits for the end of QUIC's handshake, before which nothing can be sent. */
  async established(): Promise<this> {
    await this.until(() => this.driver.isEstablished, 'the end of the handshake');
    return this;
  }

  /** Takes the oldest frame of a type that was not taken yet, and waits for it if need be. */
  next(type: Http3FrameType, stream?: number): Promise<Http3Frame> {
    return this.log.take(() => this.came(type, stream)[0], type);
  }

  /** Takes the next request's HEADERS: its `stream`, its `fields` (`fields.get(':path')`). Trailers are no request. */
  readRequest(): Promise<Http3Frame> {
    return this.log.take(() => this.waitingRequest(), 'a request');
  }

  /** The requests of the connection, each taken as it comes, until the connection is gone. */
  requests(): AsyncGenerator<Http3Frame, void> {
    return this.log.takeAll(() => this.waitingRequest());
  }

  /** Waits for the end of a request's body, and takes it. Rejects when the client resets the stream. */
  async readBody(stream: number): Promise<Buffer> {
    const isOver = (): boolean => this.ended.has(stream) || this.resets.has(stream);
    await this.until(isOver, 'the end of the body');
    if (this.resets.has(stream)) throw new Error(`The client reset stream ${stream}`);
    const pieces = this.log.takeThere('DATA', stream);
    return Buffer.concat(pieces.map(({ payload }) => payload));
  }

  /** The frames of a type that came and were not taken. */
  came(type: Http3Frame['type'], stream?: number): Http3Frame[] {
    return this.log.came(type, stream);
  }

  /** Waits for a packet of the client after all that was sent has left. */
  async roundTrip(): Promise<void> {
    await this.driver.ping();
  }

  /** How many bytes wait for a window. */
  unsent(stream: number): number {
    return this.outgoing.get(stream)?.bytes.length ?? 0;
  }

  // Reading ---------------------------------------------------------------------

  /** Reads no more of a stream, or of any: the client's window runs out. */
  pause(stream?: number): void {
    if (stream === undefined) this.pausesAll = true;
    else this.paused.add(stream);
  }

  /** Reads on. */
  resume(stream?: number): void {
    if (stream === undefined) {
      this.pausesAll = false;
      this.paused.clear();
    } else this.paused.delete(stream);
    const held = [...this.held];
    this.held.clear();
    for (const id of held) this.readAll(id);
  }

  // Sending ---------------------------------------------------------------------

  /** Bytes of a stream, as they are, and its end. */
  raw(stream: number, bytes: Uint8Array, { endStream = false }: Http3SendOptions = {}): void {
    const waiting = this.outgoing.get(stream);
    const before = waiting?.bytes ?? noBytes;
    this.outgoing.set(stream, {
      bytes: Buffer.concat([before, bytes]),
      end: endStream || waiting?.end === true,
    });
    this.sendOn(stream);
  }

  /** A frame of any type on a stream. */
  frame(
    stream: number,
    type: Http3FrameType | number,
    payload?: Uint8Array,
    options?: Http3SendOptions,
  ): void {
    this.raw(stream, encodeHttp3Frame(type, payload), options);
  }

  /** A whole response: HEADERS with status 200, and DATA. */
  answer(stream: number, body: Uint8Array | string = 'OK', fields: FieldList = []): void {
    this.respond(stream, 200, fields);
    this.data(stream, body, { endStream: true });
  }

  /** The head of a response, which may be an interim one. */
  respond(
    stream: number,
    status: number | string = 200,
    fields: FieldList = [],
    options?: Http3SendOptions,
  ): void {
    this.headers(stream, [[':status', String(status)], ...fields], options);
  }

  /** HEADERS of fields, such as trailers, or of the bytes of a section, which may be garbage. */
  headers(stream: number, section: FieldList | Uint8Array, options?: Http3SendOptions): void {
    const bytes = section instanceof Uint8Array ? section : encodeFieldSection(section);
    this.frame(stream, 'HEADERS', bytes, options);
  }

  /** DATA. */
  data(stream: number, bytes: Uint8Array | string, options?: Http3SendOptions): void {
    this.frame(stream, 'DATA', typeof bytes === 'string' ? Buffer.from(bytes) : bytes, options);
  }

  /** The end of a stream alone. */
  end(stream: number): void {
    this.raw(stream, noBytes, { endStream: true });
  }

  /** The control stream's type and SETTINGS, which must come first there. */
  settings(settings?: Http3Settings): void {
    this.control(Buffer.concat([encodeVarint(0), encodeHttp3Settings(settings)]));
  }

  /** Bytes on the control stream, as they are. */
  control(bytes: Uint8Array, options?: Http3SendOptions): void {
    this.raw(control, bytes, options);
  }

  /** GOAWAY: no request from this stream on was looked at. */
  goaway(stream: number): void {
    this.control(encodeHttp3Frame('GOAWAY', encodeVarint(stream)));
  }

  /** Opens a further unidirectional stream of a type; returns its identifier. */
  openStream(type: number): number {
    this.youngest += 4;
    this.raw(this.youngest, encodeVarint(type));
    return this.youngest;
  }

  /** RESET_STREAM. */
  reset(stream: number, code: Http3ErrorCode = 'H3_INTERNAL_ERROR'): void {
    this.outgoing.delete(stream);
    this.driver.reset(stream, http3CodeOf(code));
  }

  /** STOP_SENDING. */
  stopSending(stream: number, code: Http3ErrorCode = 'H3_NO_ERROR'): void {
    this.driver.stop(stream, http3CodeOf(code));
  }

  /** Closes the connection, with a code of HTTP/3. */
  close(code: Http3ErrorCode = 'H3_NO_ERROR', reason = ''): void {
    this.driver.close(http3CodeOf(code), reason);
  }

  /** Closes the connection with a code of QUIC: before the handshake 2 refuses it. */
  closeTransport(code: number, reason = ''): void {
    this.driver.closeWith(false, code, reason);
  }

  /** Forgets the connection: the client is told nothing, and gets no further answer. */
  vanish(): void {
    this.driver.abandon();
  }

  // From the connection ---------------------------------------------------------

  /** What the connection calls; scripts do not see it. */
  private user(): QuicUser {
    return {
      onReadable: (id) => this.readAll(id),
      onWritable: (id) => this.sendOn(id),
      onCapacity: () => {},
      onTurn: () => {
        // Only a write tells that the client has stopped a stream.
        for (const [id, { bytes }] of this.outgoing) if (bytes.length === 0) this.sendOn(id);
        this.arrivals.wake();
      },
      onClose: (end) => {
        this.resolveClosed(end);
        this.arrivals.wake();
      },
    };
  }

  private readAll(id: number): void {
    const { driver, into } = this;
    for (;;) {
      if (this.pausesAll || this.paused.has(id)) {
        this.held.add(id);
        return;
      }
      const length = driver.read(id, into);
      if (length === streamEnded) this.resets.set(id, driver.code);
      if (length < 0) return;
      this.bytesRead += length;
      this.accept(id, Buffer.from(into.subarray(0, length)));
      if (!driver.fin) continue;
      this.ended.add(id);
      return;
    }
  }

  private sendOn(id: number): void {
    const waiting = this.outgoing.get(id);
    if (waiting === undefined) return;
    const length = this.driver.write(id, waiting.bytes, waiting.end);
    if (length === streamEnded) {
      this.stops.set(id, this.driver.code);
      this.outgoing.delete(id);
      return;
    }
    if (length < waiting.bytes.length) waiting.bytes = waiting.bytes.subarray(length);
    else if (waiting.end) this.outgoing.delete(id);
    else waiting.bytes = noBytes;
  }

  private accept(id: number, bytes: Buffer): void {
    const rest = (id & 2) === 0 ? bytes : this.afterType(id, bytes);
    const type = this.streamTypes.get(id);
    // Streams of QPACK, and unknown ones, have no frames.
    if (type !== undefined && type !== 0) return;
    let reader = this.readers.get(id);
    if (reader === undefined) this.readers.set(id, (reader = new Http3FrameReader(id)));
    for (const frame of reader.read(rest)) this.log.add(frame);
  }

  /** What follows the type of a unidirectional stream. */
  private afterType(id: number, bytes: Buffer): Buffer {
    if (this.streamTypes.has(id)) return bytes;
    const head = Buffer.concat([this.heads.get(id) ?? noBytes, bytes]);
    const end = endOfVarint(head, 0);
    this.heads.set(id, head);
    if (end > head.length) return noBytes;
    this.heads.delete(id);
    this.streamTypes.set(id, readVarint(head, 0));
    return head.subarray(end);
  }

  private waitingRequest(): Http3Frame | undefined {
    return this.came('HEADERS').find((frame) => this.log.isRequest(frame));
  }
}
