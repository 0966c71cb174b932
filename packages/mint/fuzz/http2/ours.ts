/** What our connection makes of the bytes of a server. */
import { Fault } from '../../src/errors/index.ts';
import * as event from '../../src/http2/connection.ts';
import { Http2Connection } from '../../src/http2/connection.ts';
import { codeName } from '../../src/http2/codes.ts';
import { FrameReader } from '../../test/support/h2-frames.ts';
import type { Frame } from '../../test/support/h2-frames.ts';
import { methods, streamLogs } from './result.ts';
import type { Http2Result, StreamLog } from './result.ts';

/** Feeds the pieces to a connection with open requests. */
export function ourResult(pieces: readonly Buffer[]): Http2Result {
  return new Player().play(pieces);
}

class Player {
  private readonly connection = new Http2Connection<StreamLog>({ scheme: 'http', authority: 'a' });
  private readonly streams = streamLogs();
  private failure = '';
  private isGoingAway = false;

  play(pieces: readonly Buffer[]): Http2Result {
    const { connection, streams } = this;
    for (const [index, method] of methods.entries()) {
      const log = streams[index] as StreamLog;
      connection.open(log, { method, target: '/', headers: [] }, 0, true, false);
    }
    connection.take();
    try {
      for (const piece of pieces) this.take(piece);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.failure = error.reason;
    }
    this.noteResets();
    return { failure: this.failure, isGoingAway: this.isGoingAway, streams };
  }

  private take(bytes: Buffer): void {
    const { connection } = this;
    for (let at = 0; ; at = connection.at) {
      const what = connection.next(bytes, at, bytes.length);
      if (what === event.more) return;
      this.handle(what, bytes);
    }
  }

  private handle(what: event.ConnectionEvent, bytes: Buffer): void {
    const { connection } = this;
    const log = connection.stream?.user as StreamLog;
    switch (what) {
      case event.interim:
        log.interims.push(connection.status);
        break;
      case event.head:
        log.status = connection.status;
        log.fields = connection.fields.list;
        break;
      case event.data:
        log.body += bytes.toString('latin1', connection.from, connection.to);
        break;
      case event.end:
        log.trailers = connection.fields.list;
        log.ending = 'end';
        break;
      case event.reset:
        log.ending = `reset ${codeName(connection.code)}`;
        break;
      case event.broken:
        log.ending = 'refused';
        log.refusal = connection.fault?.reason ?? '';
        break;
      case event.goaway:
        this.isGoingAway = true;
        break;
      default:
        break;
    }
  }

  /** With which codes the streams were refused. */
  private noteResets(): void {
    for (const frame of new FrameReader().read(this.connection.take())) {
      const log = this.streams[(frame.stream - 1) / 2];
      if (frame.type === 'RST_STREAM' && log?.ending === 'refused') {
        log.ending = `refused ${resetCode(frame)}`;
      }
    }
  }
}

/** The name of the code of an RST_STREAM or GOAWAY. */
export function resetCode(frame: Frame): string {
  return typeof frame.error === 'number' ? codeName(frame.error) : frame.error;
}
