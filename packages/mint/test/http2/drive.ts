/** A connection without a socket: bytes go in, what it says and what it writes come out. */
import * as event from '../../src/http2/connection.ts';
import { Fault, Http2Connection } from '../../src/index.ts';
import type { Http2ConnectionOptions, RequestHead, Http2Stream } from '../../src/index.ts';
import { feedPieces, SaidLog } from '../support/said.ts';
import type { Said } from '../support/said.ts';
import { clientPreface, frame, FrameReader, settingsFrame } from '../support/h2-frames.ts';
import type { Frame } from '../support/h2-frames.ts';

const names = Object.entries(event).filter(
  (entry): entry is [string, event.ConnectionEvent] => typeof entry[1] === 'number',
);

/** The greeting of a server that knows what this side has said. */
export const greeting = Buffer.concat([settingsFrame({}), frame('SETTINGS', 1, 0)]);

export class Driven {
  readonly connection: Http2Connection<string>;
  /** What the connection was ended by. */
  fault: Fault | undefined;
  private readonly log = new SaidLog();
  private readonly reader = new FrameReader();

  constructor(options: Partial<Http2ConnectionOptions> = {}) {
    this.connection = new Http2Connection({ scheme: 'https', authority: 'a.example', ...options });
    const preface = this.connection.take().subarray(clientPreface.length);
    this.greeted = [...this.reader.read(preface)];
  }

  /** The frames behind the preface. */
  readonly greeted: readonly Frame[];

  /** What it has said so far. */
  get said(): readonly Said[] {
    return this.log.list;
  }

  /** What it has said so far does not matter. */
  forget(): void {
    this.log.list = [];
  }

  /** Opens streams for requests without a body, and forgets what that writes. */
  open(count = 1, request: Partial<RequestHead> = {}, isSent = true): Http2Stream<string> {
    const head = { method: 'GET', target: '/', headers: [], ...request };
    let stream = this.connection.open('', head, isSent ? 0 : -1, isSent, false);
    for (let opened = 1; opened < count; opened++) {
      stream = this.connection.open('', head, isSent ? 0 : -1, isSent, false);
    }
    this.connection.take();
    return stream;
  }

  /** Feeds the bytes, as one or in pieces of these lengths. */
  feed(bytes: Uint8Array, lengths: readonly number[] = [bytes.length]): this {
    feedPieces(bytes, lengths, (buffer, from, to) => this.pull(buffer, from, to));
    return this;
  }

  /** The frames that were written since the last call. */
  written(): Frame[] {
    return [...this.reader.read(this.connection.take())];
  }

  private pull(bytes: Buffer, from: number, to: number): boolean {
    const { connection } = this;
    try {
      for (let at = from; ; at = connection.at) {
        const what = connection.next(bytes, at, to);
        if (what === event.more) return true;
        this.note(what, bytes);
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.fault = error;
      connection.close(error.reason);
      return false;
    }
  }

  private note(what: event.ConnectionEvent, bytes: Buffer): void {
    const { connection } = this;
    const name = names.find(([, code]) => code === what)?.[0] ?? '';
    const stream = connection.stream?.id;
    switch (what) {
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
        this.log.addData(stream, bytes.toString('latin1', connection.from, connection.to));
        return;
      case event.end:
        this.log.add({ event: name, stream, trailers: connection.fields.list });
        return;
      case event.reset:
        this.log.add({ event: name, stream, code: connection.code });
        return;
      case event.broken:
        this.log.add({ event: name, stream, reason: connection.fault?.reason });
        return;
      case event.goaway:
        this.log.add({ event: name, code: connection.code, lastStream: connection.lastStream });
        return;
      case event.pong:
        this.log.add({ event: name, number: connection.number });
        return;
      default:
        this.log.add({ event: name });
    }
  }
}

/** A connection whose server has greeted it. */
export function greeted(options: Partial<Http2ConnectionOptions> = {}): Driven {
  const driven = new Driven(options).feed(greeting);
  driven.written();
  driven.forget();
  return driven;
}
