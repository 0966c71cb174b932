/**
 * An HTTP/1 connection as a stream of bytes, in the hands of a user who speaks HTTP on it by other
 * means, such as node:http. What that uses of a socket is there; the socket itself stays the wire's.
 */
import { Duplex } from 'node:stream';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { PeerCertificate } from 'node:tls';
import type { LentSocket, WireInfo } from '../../wire.ts';
import { inCleanContext } from '../clean-context.ts';
import { copyBytes } from '../copy-bytes.ts';
import type { SocketDriver } from '../socket/socket-driver.ts';

/** The wire that lends. */
export interface Lender {
  readonly info: WireInfo;
  /**
   * The borrower is done, between two exchanges. False when the connection cannot go on. `idleLimit`:
   * how long the server keeps it idle, in ms; -1: it did not say, undefined: it was not asked anything.
   */
  reclaim(idleLimit: number | undefined): boolean;
  /** The borrower has destroyed the stream: the connection ends. */
  loanLost(): void;
}

type Done = (error?: Error | null) => void;

/** One of several pieces that were written while the stream was held back. */
interface Chunk {
  readonly chunk: string | Uint8Array;
  readonly encoding: BufferEncoding;
}

export class DriverSocket extends Duplex implements LentSocket {
  readonly connecting = false;
  /** Of the connection that it has at this moment. */
  private driver: SocketDriver | undefined = undefined;
  /** Of its connection, or of the last one that it had. */
  private lender: Lender | undefined = undefined;
  /** Whether the connection was looked at since its last response: nothing is written before that. */
  private ready = false;
  /** Whether the borrower has begun an exchange: bytes that come before are no answer. */
  private begun = false;
  /** A write that waits until the socket takes more. */
  private waiting: Done | undefined = undefined;
  /** A write that waits for a connection. */
  private held: ((driver: SocketDriver) => void) | undefined = undefined;
  /** Given back, and not about to have another connection. */
  private resting = false;
  private timeout = 0;
  private timed = false;

  constructor() {
    super({ allowHalfOpen: false, decodeStrings: false });
  }

  /** Whether it has a connection at this moment. */
  get lent(): boolean {
    return this.driver !== undefined;
  }

  // As a socket ------------------------------------------------------------------------

  get localAddress(): string | undefined {
    return this.lender?.info.localAddress;
  }

  get localPort(): number | undefined {
    return this.lender?.info.localPort;
  }

  get remoteAddress(): string | undefined {
    return this.lender?.info.remoteAddress;
  }

  get remoteFamily(): 'IPv4' | 'IPv6' | undefined {
    const { remoteAddress = '' } = this;
    const version = isIP(remoteAddress);
    return version === 0 ? undefined : `IPv${version as 4 | 6}`;
  }

  get remotePort(): number | undefined {
    return this.lender?.info.remotePort;
  }

  get encrypted(): boolean {
    return this.lender?.info.tls !== undefined;
  }

  get authorized(): boolean {
    return this.lender?.info.tls?.authorized === true;
  }

  get alpnProtocol(): string | false {
    return this.lender?.info.tls?.alpnProtocol ?? false;
  }

  getPeerCertificate(detailed?: boolean): PeerCertificate | undefined {
    const socket = this.driver?.socket;
    if (!(socket instanceof TLSSocket)) return undefined;
    return detailed === true ? socket.getPeerCertificate(true) : socket.getPeerCertificate();
  }

  setTimeout(timeout: number, listener?: () => void): this {
    this.timeout = timeout;
    this.applyTimeout();
    if (listener !== undefined) {
      if (timeout === 0) this.off('timeout', listener);
      else this.once('timeout', listener);
    }
    return this;
  }

  /** No effect: it is an option of the connection. */
  setNoDelay(): this {
    return this;
  }

  /** No effect: it is an option of the connection. */
  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.driver?.ref();
    return this;
  }

  unref(): this {
    this.driver?.unref();
    return this;
  }

  /** Sends what is written, then closes. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  // As a loan ----------------------------------------------------------------------------

  giveBack(idleLimit = -1): boolean {
    if (!this.lent || this.destroyed || this.writableEnded || this.readableEnded) return false;
    if (this.readableLength > 0 || this.writableLength > 0) return false;
    if (this.lender?.reclaim(this.begun ? idleLimit : undefined) !== true) return false;
    this.over();
    this.timeout = 0;
    this.resting = true;
    return true;
  }

  awaitConnection(): void {
    this.resting = false;
  }

  // The wire's side ------------------------------------------------------------------------

  /** Whether it is of no use any more when this lender's connection is gone. */
  restsWith(lender: Lender): boolean {
    return this.resting && this.lender === lender;
  }

  /** It has a connection: the first one, or another one after that was given back. */
  attach(driver: SocketDriver, lender: Lender, ready: boolean): void {
    this.driver = driver;
    this.lender = lender;
    this.resting = false;
    this.ready = ready;
    this.begun = false;
    if (this.timeout > 0) this.applyTimeout();
    if (ready) this.proceed();
  }

  /** The connection was looked at: writes may go out. */
  proceed(): void {
    this.ready = true;
    const { driver, held } = this;
    if (driver === undefined || held === undefined) return;
    this.held = undefined;
    held(driver);
  }

  /** Takes what the socket has read; false when it is no part of an exchange. */
  received(bytes: Buffer, from: number, to: number): boolean {
    if (!this.begun) return false;
    if (!this.push(copyBytes(bytes, from, to))) this.driver?.pause();
    return true;
  }

  /** The server ended its side, which the borrower hears. */
  ended(): true {
    this.push(null);
    return true;
  }

  drained(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.();
  }

  /** The connection has ended. */
  lost(error: Error | undefined): void {
    this.over();
    // A borrower who does not listen is told by `close` alone.
    this.destroy(this.listenerCount('error') > 0 ? error : undefined);
  }

  // The stream ---------------------------------------------------------------------------------

  override _read(): void {
    this.driver?.resume();
  }

  override _write(chunk: string | Uint8Array, encoding: BufferEncoding, done: Done): void {
    const { driver } = this;
    if (driver !== undefined && this.ready) this.send(driver, chunk, encoding, done);
    else this.held = (later) => this.send(later, chunk, encoding, done);
  }

  override _writev(chunks: readonly Chunk[], done: Done): void {
    const { driver } = this;
    if (driver !== undefined && this.ready) this.sendAll(driver, chunks, done);
    else this.held = (later) => this.sendAll(later, chunks, done);
  }

  override _final(done: Done): void {
    this.driver?.end();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    const { driver, lender } = this;
    if (driver !== undefined && lender !== undefined) {
      // A connection on which nothing was begun is as good as before.
      const isUntouched = error === null && !this.begun && this.writableLength === 0;
      const isBack = isUntouched && !this.readableEnded && lender.reclaim(undefined);
      this.over();
      if (!isBack) lender.loanLost();
    }
    this.waiting = this.held = undefined;
    // As a socket of Node.js, which is closed after what else is due in this turn.
    setImmediate(done, error);
  }

  private send(
    driver: SocketDriver,
    chunk: string | Uint8Array,
    encoding: BufferEncoding,
    done: Done,
  ): void {
    this.completeWrite(this.put(driver, chunk, encoding), done);
  }

  private sendAll(driver: SocketDriver, chunks: readonly Chunk[], done: Done): void {
    let more = true;
    driver.cork();
    for (const { chunk, encoding } of chunks) more = this.put(driver, chunk, encoding);
    driver.uncork();
    this.completeWrite(more, done);
  }

  private put(driver: SocketDriver, chunk: string | Uint8Array, encoding: BufferEncoding): boolean {
    this.begun = true;
    if (typeof chunk !== 'string') return driver.write(chunk);
    if (encoding === 'latin1') return driver.writeLatin1(chunk);
    return driver.write(Buffer.from(chunk, encoding));
  }

  private completeWrite(more: boolean, done: Done): void {
    if (more) done();
    else this.waiting = done;
  }

  private readonly onTimeout = (): void => {
    this.emit('timeout');
  };

  private applyTimeout(): void {
    const socket = this.driver?.socket as (Partial<Socket> & Duplex) | undefined;
    if (socket === undefined) return;
    if (!this.timed) socket.on('timeout', this.onTimeout);
    this.timed = true;
    socket.setTimeout?.(this.timeout);
  }

  /** It has no connection from here on. */
  private over(): void {
    const socket = this.driver?.socket as (Partial<Socket> & Duplex) | undefined;
    this.driver = undefined;
    if (socket === undefined || !this.timed) return;
    this.timed = false;
    socket.setTimeout?.(0);
    socket.off('timeout', this.onTimeout);
  }
}

/**
 * A stream that has no connection yet, and holds back what is written to it until a wire lends it
 * one: `wire.lend(socket)`. Destroy it when there will be none.
 *
 * @example
 * const socket = createLentSocket();
 * socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
 * wire.lend?.(socket);
 */
export function createLentSocket(): LentSocket {
  // It outlives the request that it was made for.
  return inCleanContext(() => new DriverSocket());
}
