/** An open WebSocket: messages to read and to send. Frames, masks and compression are those of ws. */
import { ReqOptionsError, WebSocketError } from '../errors/index.ts';
import { Heartbeat } from './heartbeat.ts';
import { MessageQueue } from './message-queue.ts';

/** A message: text, or bytes. */
export type WebSocketMessage = string | Uint8Array;

/** How a WebSocket ended. */
export interface WebSocketClose {
  /** The code (RFC 6455, 7.4); 1005 without one, 1006 when the connection was lost. */
  readonly code: number;
  readonly reason: string;
}

/** What is used of a WebSocket of ws. */
export interface FrameSocket {
  readonly protocol: string;
  readonly bufferedAmount: number;
  on(event: 'message', listener: (data: FrameData, isBinary: boolean) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
  send(data: string | Uint8Array, done: (error?: Error) => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  ping(): void;
  readonly isPaused: boolean;
  pause(): void;
  resume(): void;
}

/** The bytes of a message, in one of the forms of ws. */
type FrameData = Buffer | ArrayBuffer | Buffer[];

/** From how many messages on, not read yet, the connection is not read any more. */
const highWaterMark = 64;

/**
 * A WebSocket that is open, from `req.webSocket`. Iterating gives its messages; the iteration ends with the
 * connection, and rejects when that was lost. Up to 64 messages are read ahead; beyond that the server waits
 * for the reader.
 *
 * @example
 * await using socket = await req.webSocket('wss://api.example.com/chat');
 * await socket.send('hello');
 * for await (const message of socket) console.log(message);
 */
export class ReqWebSocket implements AsyncDisposable, AsyncIterable<WebSocketMessage> {
  /** The URL that was asked, with `http` or `https`. */
  readonly url: string;
  /** Resolves when the connection is closed, however that came about; never rejects. */
  readonly closed: Promise<WebSocketClose>;
  readonly #socket: FrameSocket;
  readonly #messages = new MessageQueue<WebSocketMessage>();
  #close: WebSocketClose | undefined;
  /** Why the connection ended, if something went wrong. */
  #failure: Error | undefined;

  /** @internal Takes an open WebSocket of ws. */
  constructor(socket: FrameSocket, url: string) {
    this.#socket = socket;
    this.url = url;
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('error', (error) => {
      this.#failure = error;
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#close = { code, reason: reason.toString() };
        this.#messages.end(this.#errorOf(code, this.#failure));
        resolve(this.#close);
      });
    });
  }

  /** @internal Ends the connection when its server is silent, though it is asked. */
  watch(stream: { readonly received: number }, interval: number): void {
    const socket = this.#socket;
    const heartbeat = new Heartbeat(
      {
        get received() {
          return stream.received;
        },
        get isPaused() {
          return socket.isPaused;
        },
        ping: () => socket.ping(),
        lost: (silence) => {
          this.#failure = new Error(
            `the server sent nothing for ${silence} ms, not even to a ping`,
          );
          socket.terminate();
        },
      },
      interval,
    );
    void this.closed.then(() => heartbeat.end());
  }

  /** The subprotocol that the server chose; empty without one. */
  get subprotocol(): string {
    return this.#socket.protocol;
  }

  /** The bytes that were given to `send` and not taken by the network yet. */
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /**
   * Sends a message. Resolves when the network took it: await it, and nothing piles up. Rejects with
   * WebSocketError when the connection is closed.
   */
  send(message: WebSocketMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(message, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(this.#notSent(error));
      });
    });
  }

  /**
   * Closes the connection: tells the server why, and waits for its answer, 30 s at most. Resolves as `closed`.
   * The codes that a program may send are 1000 (default) and 3000 to 4999; the reason has 123 bytes at most.
   * Rejects with ReqOptionsError.
   */
  async close(code = 1000, reason = ''): Promise<WebSocketClose> {
    checkClose(code, reason);
    this.#socket.close(code, reason);
    // Nothing is read any more, so nothing may hold back the server's answer.
    this.#socket.resume();
    return this.closed;
  }

  /** Ends the connection at once, without telling the server. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Leaving the loop closes the connection. */
  [Symbol.asyncIterator](): AsyncIterator<WebSocketMessage, undefined, undefined> {
    return {
      next: () => {
        const message = this.#messages.next();
        if (this.#messages.length < highWaterMark / 2) this.#socket.resume();
        return message;
      },
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onMessage(data: FrameData, isBinary: boolean): void {
    const bytes = Array.isArray(data)
      ? Buffer.concat(data)
      : data instanceof ArrayBuffer
        ? new Uint8Array(data)
        : data;
    this.#messages.push(isBinary ? bytes : Buffer.from(bytes).toString('utf8'));
    if (this.#messages.length >= highWaterMark) this.#socket.pause();
  }

  /** 1006 is that of a connection which ended without a close frame. */
  #errorOf(code: number, cause: Error | undefined): WebSocketError | undefined {
    if (cause === undefined && code !== 1006) return undefined;
    return new WebSocketError({ url: this.url, reason: 'closed', closeCode: code, cause });
  }

  #notSent(cause: Error): WebSocketError {
    return new WebSocketError({
      url: this.url,
      reason: 'closed',
      closeCode: this.#close?.code,
      cause,
    });
  }
}

/** RFC 6455, 5.5 and 7.4.2. @throws ReqOptionsError */
function checkClose(code: number, reason: string): void {
  const isCode = code === 1000 || (Number.isInteger(code) && code >= 3000 && code <= 4999);
  if (!isCode) {
    throw new ReqOptionsError({ option: 'code', value: code, allowed: '1000, or 3000 to 4999' });
  }
  if (Buffer.byteLength(reason) > 123) {
    throw new ReqOptionsError({ option: 'reason', value: reason, allowed: '123 bytes at most' });
  }
}
