/** What nghttp2, as node:http2 drives it, makes of the bytes of a server. */
import { connect } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import { codeName } from '../../src/http2/codes.ts';
import { clientPreface, FrameReader } from '../../test/support/h2-frames.ts';
import type { Frame } from '../../test/support/h2-frames.ts';
import { resetCode } from './ours.ts';
import { methods, streamLogs } from './result.ts';
import type { Http2Result, StreamLog } from './result.ts';

/** A connection whose other side takes frames, and gives what it is told to. */
class Line extends Duplex {
  readonly frames: Frame[] = [];
  private skipped = 0;
  private readonly reader = new FrameReader();

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const preface = Math.min(clientPreface.length - this.skipped, chunk.length);
    this.skipped += preface;
    this.frames.push(...this.reader.read(chunk.subarray(preface)));
    done();
  }
}

export async function peerResult(bytes: Buffer): Promise<Http2Result> {
  const line = new Line();
  const session = connect('http://a', {
    createConnection: () => line,
    settings: { enablePush: false },
  });
  const player = new Player(session);
  await until(() => line.frames.filter(({ type }) => type === 'HEADERS').length === methods.length);
  const before = line.frames.length;
  line.push(bytes);
  await turns(4);
  const result = player.result(line.frames.slice(before));
  session.destroy();
  return result;
}

class Player {
  private readonly streams = streamLogs();
  private failure = '';
  private isGoingAway = false;

  constructor(session: ClientHttp2Session) {
    session
      .on('error', (error: Error) => {
        // A GOAWAY with an error ends a session of Node.js: that is for who drives a connection.
        if (!error.message.startsWith('Session closed with error code'))
          this.failure ||= nameOf(error);
      })
      .on('goaway', () => {
        this.isGoingAway = true;
      });
    for (const [index, method] of methods.entries()) {
      const log = this.streams[index] as StreamLog;
      follow(session.request({ ':method': method, ':path': '/' }), log);
    }
  }

  result(written: readonly Frame[]): Http2Result {
    const { streams, isGoingAway } = this;
    for (const frame of written) {
      if (frame.type === 'GOAWAY' && resetCode(frame) !== 'NO_ERROR')
        this.failure = resetCode(frame);
      const log = streams[(frame.stream - 1) / 2];
      if (frame.type !== 'RST_STREAM' || log === undefined) continue;
      if (resetCode(frame) !== 'NO_ERROR') log.ending = `refused ${resetCode(frame)}`;
    }
    // What comes later is of the end of the session, not of the server.
    return structuredClone({ failure: this.failure, isGoingAway, streams });
  }
}

function follow(stream: ClientHttp2Stream, log: StreamLog): void {
  stream
    .setEncoding('latin1')
    .on('headers', (headers) => log.interims.push(headers[':status'] as number))
    .on('response', (headers, _flags, raw) => {
      log.status = headers[':status'] as number;
      log.fields = withoutPseudo(raw);
    })
    .on('trailers', (_headers, _flags, raw: readonly string[] = []) => {
      log.trailers = withoutPseudo(raw);
    })
    .on('data', (text: string) => {
      log.body += text;
    })
    .on('end', () => {
      if (log.ending === 'open' && stream.rstCode === 0) log.ending = 'end';
    })
    .on('error', () => {})
    .on('close', () => {
      if (log.ending === 'open') log.ending = `reset ${codeName(stream.rstCode)}`;
    });
}

/** Flat fields without those whose name begins with a colon. */
function withoutPseudo(raw: readonly string[]): readonly string[] {
  return raw.filter((_, at) => !(raw[at - (at % 2)] as string).startsWith(':'));
}

/** The name of the code that an error of a session stands for. */
function nameOf({ message }: Error): string {
  return /NGHTTP2_(\w+)/.exec(message)?.[1] ?? message.toUpperCase().replaceAll(' ', '_');
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited++) {
    if (waited > 1000) throw new Error('the client does not send its requests');
    await turns(1);
  }
}

async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
