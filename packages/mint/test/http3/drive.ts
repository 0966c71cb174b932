/** A connection without QUIC: bytes of streams go in, what it says and what it writes come out. */
import * as event from '../../src/http3/events.ts';
import * as frames from '../../src/http3/frame-reader.ts';
import { Fault, Http3Connection } from '../../src/index.ts';
import type { Http3ConnectionOptions, Http3Stream, RequestHead } from '../../src/index.ts';
import { feedPieces, SaidLog } from '../support/said.ts';
import type { Said } from '../support/said.ts';
import { decode } from './qpack/decode.ts';

const names = new Map<number, string>(Object.entries(event).map(([name, code]) => [code, name]));

export class Driven {
  readonly connection: Http3Connection<string>;
  /** What the connection was ended by. */
  fault: Fault | undefined;
  private readonly log = new SaidLog();

  constructor(options: Partial<Http3ConnectionOptions> = {}) {
    this.connection = new Http3Connection({ authority: 'a.example', ...options });
  }

  /** What it has said so far. */
  get said(): readonly Said[] {
    return this.log.list;
  }

  /** Opens a stream for a request without a body, and forgets what that writes. */
  open(request: Partial<RequestHead> = {}, isSent = true): Http3Stream<string> {
    const target = request.method === 'CONNECT' ? 'b.example:443' : '/';
    const head = { method: 'GET', target, headers: [], ...request };
    const stream = this.connection.open('', head, isSent ? 0 : -1, false);
    if (isSent) this.connection.sent(stream);
    this.connection.take();
    return stream;
  }

  /** Feeds a stream, with the bytes as one or in pieces of these lengths. */
  feed(id: number, bytes: Uint8Array, lengths: readonly number[] = [bytes.length]): this {
    feedPieces(bytes, lengths, (buffer, from, to) => {
      this.attempt(() => this.pull(id, buffer, from, to));
      return this.fault === undefined;
    });
    return this;
  }

  /** The peer ends a stream. */
  finish(id: number): this {
    this.attempt(() => this.note(this.connection.finish(id), undefined));
    return this;
  }

  /** The peer resets a stream. */
  abort(id: number, code: number): this {
    this.attempt(() => this.note(this.connection.abort(id, code), undefined));
    return this;
  }

  private attempt(run: () => void): void {
    if (this.fault !== undefined) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.fault = error;
    }
  }

  private pull(id: number, bytes: Buffer, from: number, to: number): void {
    const { connection } = this;
    for (let at = from; ; at = connection.at) {
      const what = connection.next(id, bytes, at, to);
      if (what === event.more) return;
      this.note(what, bytes);
    }
  }

  private note(what: event.ConnectionEvent, bytes: Buffer | undefined): void {
    const { connection } = this;
    const name = names.get(what) ?? '';
    const stream = connection.stream?.id;
    switch (what) {
      case event.more:
        return;
      case event.interim:
      case event.head:
        this.log.add({
          event: name,
          stream,
          status: connection.status,
          list: connection.fields.list,
        });
        return;
      case event.data:
        this.log.addData(stream, bytes?.toString('latin1', connection.from, connection.to) ?? '');
        return;
      case event.end:
        this.log.add({ event: name, stream, trailers: connection.fields.list });
        return;
      case event.reset:
        this.log.add({ event: name, stream, code: connection.code });
        return;
      case event.broken: {
        const { code, fault } = connection;
        this.log.add({ event: name, stream, code, reason: fault?.reason });
        return;
      }
      case event.goaway:
        this.log.add({ event: name, lastStream: connection.lastStream });
        return;
      case event.unwanted:
        this.log.add({ event: name, code: connection.code });
        return;
      default:
        this.log.add({ event: name });
    }
  }
}

/** The frames of what was written on a stream: HEADERS as their fields, all others as text. */
export function framesOf(bytes: Buffer): (readonly [type: number, payload: unknown])[] {
  const reader = new frames.FrameReader();
  const found: (readonly [number, unknown])[] = [];
  for (let at = 0; ; at = reader.at) {
    const step = reader.next(bytes, at, bytes.length);
    if (step === frames.more) return found;
    if (step === frames.header) reader.whole();
    else {
      const payload = Buffer.from(reader.bytes.subarray(reader.from, reader.to));
      const isHead = reader.type === 1;
      found.push([reader.type, isHead ? decode(payload).fields : payload.toString('latin1')]);
    }
  }
}
