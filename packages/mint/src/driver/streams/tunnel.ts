/**
 * A stream of HTTP/2 or HTTP/3 after CONNECT or an upgrade: a duplex stream of
 * bytes beside the connection's other streams (RFC 9113, 8.5; RFC 9114, 4.4;
 * RFC 8441; RFC 9220).
 */
import { Duplex } from 'node:stream';
import type { ExchangeFacts } from '../../errors/index.ts';
import type { BodyOutput, BodySender } from './body-output.ts';
import type { HandedOver } from './connection-life.ts';
import type { TunnelWire, WireStream } from './stream-wire.ts';

type Callback = (error?: Error | null) => void;

export class StreamTunnel extends Duplex implements BodySender, HandedOver {
  /** Whether more may come before what has come is read. */
  wantsMore = true;
  private readonly wire: TunnelWire;
  private readonly stream: WireStream;
  private readonly output: BodyOutput;
  private readonly facts: () => ExchangeFacts;
  /** What came since it was read last. */
  private unread = 0;
  private written: Callback | undefined = undefined;

  /** `facts`: what is known of the exchange, for errors. */
  constructor(wire: TunnelWire, stream: WireStream, facts: () => ExchangeFacts) {
    super({ allowHalfOpen: true });
    this.wire = wire;
    this.stream = stream;
    this.output = wire.bodyOutput(stream, this);
    this.facts = facts;
  }

  get id(): number {
    return this.stream.id;
  }

  // From the wire ---------------------------------------------------------------

  onData(bytes: Buffer): void {
    this.unread += bytes.length;
    if (!this.push(bytes)) this.wantsMore = false;
  }

  onEnd(): void {
    this.push(null);
  }

  /** An error without a listener is not emitted. */
  fail(error: Error): void {
    this.destroy(this.listenerCount('error') === 0 ? undefined : error);
  }

  onStart(): void {}

  onProgress(): void {}

  onTaken(): void {
    this.completeWrite();
  }

  onStopped(code: number): void {
    this.fail(this.wire.resetError(code, this.facts(), true));
  }

  // From Duplex -----------------------------------------------------------------

  override _read(): void {
    const { unread, wantsMore } = this;
    this.unread = 0;
    this.wantsMore = true;
    if (unread > 0) this.wire.consumed(this.stream, unread);
    if (!wantsMore) this.wire.resumed(this.stream);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.written = callback;
    if (this.output.send(chunk, false)) this.completeWrite();
  }

  override _final(callback: Callback): void {
    this.output.end([]);
    callback();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.wire.requests.reset(this.stream);
    this.wire.requests.tunnelClosed(this);
    this.output.stop();
    this.completeWrite();
    callback(error);
  }

  private completeWrite(): void {
    const { written } = this;
    this.written = undefined;
    written?.();
  }
}
