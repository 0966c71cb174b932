/**
 * llhttp's result, as node:http drives it: a request over a stream in memory,
 * which the bytes answer.
 */
import { Agent, request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { connectRequest, headRequest, upgradeRequest } from '../../src/http1/parser.ts';
import type { Http1Input } from './generator.ts';
import type { Http1Result } from './result.ts';

/** A connection whose other side is a text. An agent asks of it what it asks of a socket. */
class Line extends Duplex {
  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

class LineAgent extends Agent {
  override createConnection(): Duplex {
    return new Line();
  }
}

const agent = new LineAgent({ keepAlive: true, maxFreeSockets: 0 });

export async function peerResult(input: Http1Input): Promise<Http1Result> {
  const { kind } = input;
  const client = request({
    agent,
    host: 'a',
    method: kind === connectRequest ? 'CONNECT' : kind === headRequest ? 'HEAD' : 'GET',
    path: kind === connectRequest ? 'a:1' : '/',
    headers: kind === upgradeRequest ? { connection: 'upgrade', upgrade: 'x' } : {},
    maxHeaderSize: 65_536,
    insecureHTTPParser: false,
  });
  client.maxHeadersCount = 0;
  const log = new Log(client);
  client.end();
  const line = await new Promise<Duplex>((resolve) => client.once('socket', resolve));
  line.once('free', () => {
    log.kept = true;
    line.destroy();
  });
  line.push(Buffer.from(input.bytes, 'latin1'));
  await turns(2);
  if (!log.over) line.push(null);
  await log.closed;
  line.destroy();
  return log.result;
}

class Log {
  readonly closed: Promise<void>;
  over = false;
  kept = false;
  private readonly interims: number[] = [];
  private response: IncomingMessage | undefined = undefined;
  private body = '';
  private handover = false;
  private reason = '';
  private complete = false;

  constructor(client: ClientRequest) {
    this.closed = new Promise((resolve) => {
      const close = (): void => {
        this.over = true;
        resolve();
      };
      const take = (response: IncomingMessage): void => {
        this.response = response;
        this.handover = true;
        close();
      };
      client
        .on('information', ({ statusCode }) => this.interims.push(statusCode))
        .on('response', (response) => this.read(response))
        .on('connect', take)
        .on('upgrade', take)
        .on('error', (error) => this.fail(error))
        .on('close', close);
    });
  }

  get result(): Http1Result {
    const { response } = this;
    const accepted = this.handover || (this.complete && this.reason === '');
    return {
      accepted,
      reason: this.reason,
      interims: this.interims,
      status: response?.statusCode ?? 0,
      fields: response?.rawHeaders ?? [],
      body: this.body,
      trailers: response?.rawTrailers ?? [],
      handover: this.handover,
      keepAlive: accepted && this.kept,
    };
  }

  private read(response: IncomingMessage): void {
    this.response = response;
    response
      .setEncoding('latin1')
      .on('data', (text: string) => {
        this.body += text;
      })
      .on('end', () => {
        this.complete = response.complete;
      })
      .on('error', (error) => this.fail(error));
  }

  private fail(error: Error): void {
    this.reason ||= (error as NodeJS.ErrnoException).code ?? error.message;
  }
}

async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
