/**
 * An HTTP/2 server that sends exactly the frames that a test tells it to, over
 * TCP (prior knowledge) or TLS: for servers that misbehave, and for what no
 * HTTP/2 library can be made to send.
 */
import type { Socket } from 'node:net';
import { FrameDecoder } from './frame-decoder.ts';
import { FrameLog } from './frame-log.ts';
import {
  encodeData,
  encodeFrame,
  encodeGoaway,
  encodeHeaders,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  frameFlag,
  uint32,
} from './frames.ts';
import type {
  DataOptions,
  ErrorCode,
  Frame,
  FrameType,
  HeadersOptions,
  Settings,
} from './frames.ts';
import { encodeFields } from './header-block.ts';
import type { FieldList } from './header-block.ts';
import { Peer } from './peer.ts';
import { startServer } from './scripted-server.ts';
import type { ScriptedServer, ScriptedServerOptions } from './scripted-server.ts';
import type { Script } from './script-runs.ts';

/** Which frames of a type are meant. */
export interface FrameFilter {
  /** Those of this stream. Default: of any. */
  readonly stream?: number | undefined;
  /** Those that are answers, or those that are not. Default: both. */
  readonly ack?: boolean | undefined;
}

/**
 * One connection of an HTTP/2 client. Each method that sends sends one frame, and neither checks it
 * nor waits for a window. Nothing is answered by itself but SETTINGS and PING of the client, as long
 * as `answersSettings` and `answersPings` say so, and these not before the handshake.
 */
export class Http2Peer extends Peer {
  /** Whether SETTINGS of the client are acknowledged as they come. */
  answersSettings = true;
  /** Whether PINGs of the client are answered as they come. */
  answersPings = true;
  /** How many bytes came. */
  bytesRead = 0;

  private readonly decoder = new FrameDecoder({
    onFrame: (frame) => this.accept(frame),
    onHeaders: () => {},
  });
  private readonly log = new FrameLog<Frame>(this.arrivals);
  private isGreeted = false;
  private readonly unanswered: Frame[] = [];
  private roundTrips = 0;

  constructor(socket: Socket) {
    super(socket);
    socket.on('data', (chunk: Buffer) => {
      this.bytesRead += chunk.length;
      try {
        this.decoder.decode(chunk);
      } catch (error) {
        // What the client sent is no HTTP/2: the script that waits for more is told so.
        socket.destroy(error as Error);
      }
      this.arrivals.wake();
    });
  }

  /** All frames that came, in order. */
  get frames(): readonly Frame[] {
    return this.log.frames;
  }

  /** The frames that came so far: `SETTINGS/0 HEADERS/1`. */
  override get summary(): string {
    return this.log.summary;
  }

  // Waiting ---------------------------------------------------------------------

  /** Waits for the client's preface and SETTINGS, and sends SETTINGS and what answers are due. */
  async handshake(settings: Settings = {}): Promise<this> {
    await this.next('SETTINGS', { ack: false });
    this.settings(settings);
    this.isGreeted = true;
    for (const frame of this.unanswered.splice(0)) this.answerTo(frame);
    return this;
  }

  /** Takes the oldest frame of a type that was not taken yet, and waits for it if need be. */
  next(type: FrameType, filter: FrameFilter = {}): Promise<Frame> {
    return this.log.take(() => this.came(type, filter)[0], type);
  }

  /**
   * Takes the next request's HEADERS, whole: its `stream`, its `fields` (`fields.get(':path')`).
   * Trailers are no request: `next('HEADERS', { stream })` takes them.
   */
  readRequest(): Promise<Frame> {
    return this.log.take(() => this.waitingRequest(), 'a request');
  }

  /** The requests of the connection, each taken as it comes, until the connection is gone. */
  requests(): AsyncGenerator<Frame, void> {
    return this.log.takeAll(() => this.waitingRequest());
  }

  /** Waits for the end of a request's body, and takes it. */
  async readBody(stream: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (;;) {
      const frame = await this.next('DATA', { stream });
      pieces.push(frame.content);
      if (frame.endStream) return Buffer.concat(pieces);
    }
  }

  /** The frames of a type that came and were not taken. */
  came(type: FrameType, { stream, ack }: FrameFilter = {}): Frame[] {
    const { unfinishedHead } = this.decoder;
    return this.log
      .came(type, stream)
      .filter((frame) => (ack === undefined || frame.ack === ack) && frame !== unfinishedHead);
  }

  /** How many bytes of DATA came, on one stream or on all. */
  dataLength(stream?: number): number {
    return this.frames
      .filter((frame) => frame.type === 'DATA' && (stream ?? frame.stream) === frame.stream)
      .reduce((sum, { content }) => sum + content.length, 0);
  }

  /** Sends a PING and waits for its answer: the client has dealt with all that was sent before. */
  async roundTrip(): Promise<void> {
    const payload = Buffer.concat([uint32(0), uint32((this.roundTrips += 1))]);
    this.ping(payload);
    const answer = (): Frame | undefined =>
      this.came('PING', { ack: true }).find((frame) => frame.payload.equals(payload));
    await this.log.take(answer, 'the answer to a PING');
  }

  // Sending ---------------------------------------------------------------------

  /** A frame of any type, with any flags and payload. */
  frame(type: FrameType | number, flags = 0, stream = 0, payload?: Uint8Array): void {
    this.send(encodeFrame(type, flags, stream, payload));
  }

  /** A whole response: HEADERS with status 200, and DATA. */
  answer(stream: number, body: Uint8Array | string = 'OK', fields: FieldList = []): void {
    this.respond(stream, 200, fields);
    this.data(stream, body, { endStream: true });
  }

  /** The head of a response. */
  respond(
    stream: number,
    status: number | string = 200,
    fields: FieldList = [],
    options: HeadersOptions = {},
  ): void {
    this.headers(stream, [[':status', String(status)], ...fields], options);
  }

  /** HEADERS of fields, such as trailers, or of the bytes of a block, which may be garbage. */
  headers(stream: number, block: FieldList | Uint8Array, options?: HeadersOptions): void {
    this.send(encodeHeaders(stream, block, options));
  }

  /** CONTINUATION with a part of a header block. */
  continuation(stream: number, bytes: Uint8Array, endHeaders = false): void {
    this.frame('CONTINUATION', endHeaders ? frameFlag.END_HEADERS : 0, stream, bytes);
  }

  /** DATA. */
  data(stream: number, bytes: Uint8Array | string, options?: DataOptions): void {
    this.send(encodeData(stream, bytes, options));
  }

  /** RST_STREAM. */
  reset(stream: number, code: ErrorCode = 'CANCEL'): void {
    this.send(encodeReset(stream, code));
  }

  /** SETTINGS. */
  settings(settings?: Settings): void {
    this.send(encodeSettings(settings));
  }

  /** The answer to SETTINGS. */
  settingsAck(): void {
    this.frame('SETTINGS', frameFlag.ACK);
  }

  /** WINDOW_UPDATE; of the connection's window with stream 0. */
  windowUpdate(stream: number, increment: number): void {
    this.send(encodeWindowUpdate(stream, increment));
  }

  /** PING, or the answer to one. */
  ping(payload: Uint8Array = Buffer.alloc(8), ack = false): void {
    this.frame('PING', ack ? frameFlag.ACK : 0, 0, payload);
  }

  /** GOAWAY: no stream above `lastStream` was looked at. */
  goaway(lastStream: number, code: ErrorCode = 'NO_ERROR', debug = ''): void {
    this.send(encodeGoaway(lastStream, code, debug));
  }

  /** PUSH_PROMISE. */
  pushPromise(stream: number, promised: number, fields: FieldList): void {
    const payload = Buffer.concat([uint32(promised), encodeFields(fields)]);
    this.frame('PUSH_PROMISE', frameFlag.END_HEADERS, stream, payload);
  }

  // Reading ---------------------------------------------------------------------

  /** The oldest request that was not taken. */
  private waitingRequest(): Frame | undefined {
    return this.came('HEADERS').find((frame) => this.log.isRequest(frame));
  }

  private accept(frame: Frame): void {
    this.log.add(frame);
    this.answerTo(frame);
  }

  private answerTo(frame: Frame): void {
    if (frame.ack || (frame.type !== 'SETTINGS' && frame.type !== 'PING')) return;
    // The first frame of a server must be its SETTINGS.
    if (!this.isGreeted) this.unanswered.push(frame);
    else if (frame.type === 'PING' && this.answersPings) this.ping(frame.payload, true);
    else if (frame.type === 'SETTINGS' && this.answersSettings) this.settingsAck();
  }
}

/**
 * Starts an HTTP/2 server on a free port of 127.0.0.1 that runs `script` for each connection; with
 * TLS it selects `h2` by ALPN, without it clients must know that it speaks HTTP/2. Without a
 * script it does the handshake.
 *
 * Rejects when it cannot listen.
 *
 * @example
 * import { connect } from '@linnet/mint';
 *
 * await using server = await startHttp2Server(async (peer) => {
 *   await peer.handshake({ maxConcurrentStreams: 1 });
 *   const { stream } = await peer.readRequest();
 *   peer.respond(stream, 200);
 *   peer.data(stream, 'half of it');
 *   peer.reset(stream, 'INTERNAL_ERROR');
 * });
 * const connection = await connect(server.url, { protocols: ['http2'] });
 * // Rejects with StreamResetError: [INTERNAL_ERROR].
 * await connection.request({ method: 'GET', target: '/' });
 */
export function startHttp2Server(
  script: Script<Http2Peer> = (peer) => peer.handshake(),
  { tls, path }: ScriptedServerOptions = {},
): Promise<ScriptedServer<Http2Peer>> {
  const options = tls === undefined ? undefined : { ALPNProtocols: ['h2'], ...tls };
  return startServer((socket) => new Http2Peer(socket), script, { tls: options, path });
}
