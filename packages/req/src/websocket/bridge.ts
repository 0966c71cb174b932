/**
 * Stands between ws and a stream that is open already. ws begins with a handshake of HTTP/1.1, which has been
 * made, over whichever protocol: the bridge answers it, and hands on what follows.
 */
import { Duplex } from 'node:stream';
import { acceptOf } from './handshake.ts';

const endOfHead = '\r\n\r\n';

/** A duplex stream for the option `createConnection` of ws. */
export class Bridge extends Duplex {
  /** How many bytes have come from the server. */
  received = 0;
  readonly #stream: Duplex;
  /** The fields of the real answer that ws has to know. */
  readonly #answer: Readonly<Record<string, string | undefined>>;
  /** The handshake of ws as far as it has come; undefined when it was answered. */
  #head: string | undefined = '';

  constructor(stream: Duplex, answer: Readonly<Record<string, string | undefined>>) {
    super();
    this.#stream = stream;
    this.#answer = answer;
    stream.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      if (!this.push(chunk)) stream.pause();
    });
    // Nothing before the handshake was answered.
    stream.pause();
    stream.on('end', () => this.push(null));
    stream.on('error', (error) => this.destroy(error));
    stream.on('close', () => this.destroy());
  }

  override _read(): void {
    if (this.#head === undefined) this.#stream.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    if (this.#head === undefined) {
      this.#stream.write(chunk, done);
      return;
    }
    this.#head += chunk.toString('latin1');
    if (this.#head.includes(endOfHead)) this.#answerHead(this.#head);
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stream.destroy();
    done(error);
  }

  #answerHead(head: string): void {
    this.#head = undefined;
    const [, key = ''] = /^sec-websocket-key: *(\S+)/im.exec(head) ?? [];
    const lines = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade'];
    lines.push(`sec-websocket-accept: ${acceptOf(key)}`);
    for (const [name, value] of Object.entries(this.#answer)) {
      if (value !== undefined) lines.push(`${name}: ${value}`);
    }
    this.push(`${lines.join('\r\n')}${endOfHead}`, 'latin1');
    this.#stream.resume();
  }
}
