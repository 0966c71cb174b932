/**
 * A stream of an HTTP/2 connection after CONNECT or an upgrade: a duplex stream
 * of bytes beside the connection's other streams (RFC 9113, 8.5; RFC 8441).
 */
import { Duplex } from 'node:stream';
import type { Http2Output } from './http2-output.ts';
import type { WireConnection, WireStream } from './http2-streams.ts';
import type { Sender } from './send-queue.ts';

/** What a tunnel needs of the wire that its stream belongs to. */
export interface TunnelWire {
  readonly connection: WireConnection;
  readonly output: Http2Output;
  /** So many bytes of the stream were read. */
  consumed(stream: WireStream, length: number): void;
  /** Gives the stream up. */
  reset(stream: WireStream): void;
  /** The tunnel ended. */
  tunnelClosed(tunnel: Http2Tunnel): void;
}

type Callback = (error?: Error | null) => void;

const noBytes = new Uint8Array(0);

export class Http2Tunnel extends Duplex implements Sender {
  private readonly wire: TunnelWire;
  private readonly stream: WireStream;
  /** What came since it was read last. */
  private unread = 0;
  // What is being written.
  private bytes: Uint8Array = noBytes;
  private at = 0;
  private written: Callback | undefined = undefined;

  constructor(wire: TunnelWire, stream: WireStream) {
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
