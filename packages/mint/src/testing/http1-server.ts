/**
 * A server that says exactly what a test tells it to, byte by byte: for servers
 * that misbehave, and for what no HTTP library can be made to send.
 */
import type { Socket } from 'node:net';
import { ArrivedText } from './arrived-text.ts';
import { readHttp1Request } from './http1-request.ts';
import type { Http1Request } from './http1-request.ts';
import { Peer } from './peer.ts';
import { startServer } from './scripted-server.ts';
import type { ScriptedServer, ScriptedServerOptions } from './scripted-server.ts';
import type { Script } from './script-runs.ts';

/** One connection of an HTTP/1.1 client, or of anything that speaks lines of text. */
export class Http1Peer extends Peer {
  private readonly text = new ArrivedText();
  private taken = 0;

  constructor(socket: Socket) {
    super(socket);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      this.text.add(chunk);
      this.arrivals.wake();
    });
  }

  /** Everything that came so far; each character is a byte (latin1). */
  get received(): string {
    return this.text.all();
  }

  /** Everything that came so far, as a JSON string. */
  override get summary(): string {
    return JSON.stringify(this.received);
  }

  /**
   * Waits for the next request and takes it: its head, and the body that `content-length` or
   * chunks announce. Rejects when the connection is gone before.
   */
  readRequest(): Promise<Http1Request> {
    return readHttp1Request(this);
  }

  /** The requests of the connection, each taken as it comes, until the connection is gone. */
  async *requests(): AsyncGenerator<Http1Request, void> {
    const hasMore = (): boolean => this.text.length > this.taken;
    while (await this.arrivals.comesTrue(hasMore)) yield this.readRequest();
  }

  /** Waits for `mark`, and takes what came up to its end, from where the last reading ended. */
  async readUntil(mark: string): Promise<string> {
    let at = -1;
    let seen = this.taken;
    await this.until(() => {
      at = this.text.indexOf(mark, seen);
      // What was looked through is not looked through again, but for a beginning of the mark.
      seen = Math.max(seen, this.text.length - mark.length + 1);
      return at >= 0;
    }, JSON.stringify(mark));
    return this.take(at + mark.length);
  }

  /** Waits for that many characters, and takes them. */
  async read(length: number): Promise<string> {
    await this.until(() => this.text.length >= this.taken + length, `${length} more bytes`);
    return this.take(this.taken + length);
  }

  private take(to: number): string {
    const from = this.taken;
    this.taken = to;
    return this.text.slice(from, to);
  }
}

/**
 * Starts a server on a free port of 127.0.0.1 that runs `script` for each connection. It sends what
 * the script sends, and nothing else.
 *
 * Rejects when it cannot listen.
 *
 * @example
 * import { test } from 'node:test';
 * import assert from 'node:assert/strict';
 *
 * test('a response that is cut off is an error', async () => {
 *   await using server = await startHttp1Server(async (peer) => {
 *     await peer.readRequest();
 *     await peer.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhal');
 *     peer.end();
 *   });
 *   await assert.rejects(fetch(server.url).then((response) => response.text()));
 * });
 */
export function startHttp1Server(
  script: Script<Http1Peer> = () => {},
  options: ScriptedServerOptions = {},
): Promise<ScriptedServer<Http1Peer>> {
  return startServer((socket) => new Http1Peer(socket), script, options);
}

/**
 * A complete response with `content-length`, as text for {@link Http1Peer.write}; each character of
 * the body is a byte.
 *
 * @param fields Lines such as `'content-type: text/plain'`.
 * @param status Default `'200 OK'`.
 * @example
 * const answering = startHttp1Server(async (peer) => {
 *   await peer.readRequest();
 *   await peer.write(response('{}', ['content-type: application/json']));
 * });
 */
export function response(body = '', fields: readonly string[] = [], status = '200 OK'): string {
  const lines = [`HTTP/1.1 ${status}`, ...fields, `content-length: ${body.length}`];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
