/**
 * A stream of an HTTP/2 connection after CONNECT or an upgrade: a duplex stream
 * of bytes beside the connection's other streams (RFC 9113, 8.5; RFC 8441).
 */
import { Duplex } from 'node:stream';
import type { Http2Stream } from '../http2/stream.ts';
import type { Http2Exchange } from './http2-exchange.ts';
import type { Http2Wire } from './http2-wire.ts';
import type { Sender } from './send-queue.ts';

type Callback = (error?: Error | null) => void;

const noBytes = new Uint8Array(0);

export class Http2Tunnel extends Duplex implements Sender {
  private readonly wire: Http2Wire;
  private readonly stream: Http2Stream<Http2Exchange>;
  /** What came since it was read last. */
  private unread = 0;
  // What is being written.
  private bytes: Uint8Array = noBytes;
  private at = 0;
  private written: Callback | undefined = undefined;

  constructor(wire: Http2Wire, stream: Http2Stream<Http2Exchange>) {
    super({ allowHalfOpen: true });
    this.wire = wire;
    this.stream = stream;
  }

  /** Its stream's. */
  get id(): number {
    return this.stream.id;
  }

  // From the wire ---------------------------------------------------------------

  onData(bytes: Buffer): void {
    this.unread += bytes.length;
    this.push(bytes);
  }

  onEnd(): void {
    this.push(null);
  }

  /** The stream or its connection ended early. An error without a listener is not emitted. */
  fail(error: Error): void {
    this.destroy(this.listenerCount('error') === 0 ? undefined : error);
  }

  sendFrame(): boolean {
    const { bytes, at } = this;
    const sent = this.wire.connection.send(this.stream, bytes, at, bytes.length, false);
    this.at = at + sent;
    if (this.at === bytes.length) this.settle();
    return sent > 0;
  }

  // From Duplex -----------------------------------------------------------------

  override _read(): void {
    const { unread } = this;
    if (unread === 0) return;
    this.unread = 0;
    this.wire.consumed(this.stream, unread);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.bytes = chunk;
    this.at = 0;
    this.written = callback;
    this.wire.output.senders.add(this);
    this.wire.output.schedule();
  }

  override _final(callback: Callback): void {
    this.wire.connection.send(this.stream, noBytes, 0, 0, true);
    this.wire.output.schedule();
    callback();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.wire.reset(this.stream);
    this.wire.tunnelClosed(this);
    this.settle();
    callback(error);
  }

  private settle(): void {
    const { written } = this;
    this.written = undefined;
    this.bytes = noBytes;
    this.at = 0;
    this.wire.output.senders.delete(this);
    written?.();
  }
}
