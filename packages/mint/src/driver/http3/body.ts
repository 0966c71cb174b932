/** Sends the bytes of one stream of HTTP/3 in DATA frames. */
import type { BodyOutput, BodySender } from '../streams/body-output.ts';
import type { Http3Output } from './output.ts';
import type { Http3WireConnection, Http3WireStream } from './streams.ts';

/** Where the frames go. */
export interface Http3BodyWire {
  readonly connection: Http3WireConnection;
  readonly output: Http3Output;
}

/** Pieces up to this size are copied behind the header of their frame, to be written as one. */
const copied = 4096;

const noBytes = new Uint8Array(0);

export class Http3Body implements BodyOutput {
  private readonly wire: Http3BodyWire;
  private readonly stream: Http3WireStream;
  private readonly sender: BodySender;

  constructor(wire: Http3BodyWire, stream: Http3WireStream, sender: BodySender) {
    this.wire = wire;
    this.stream = stream;
    this.sender = sender;
  }

  start(): void {
    this.wire.output.start(this.sender);
  }

  send(bytes: Uint8Array, isLast: boolean): boolean {
    const { connection, output } = this.wire;
    if (bytes.length <= copied) {
      connection.data(bytes);
      return this.write(connection.take(), isLast);
    }
    connection.beginData(bytes.length);
    output.write(this.stream.id, connection.take(), false);
    return this.write(bytes, isLast);
  }

  end(trailers: readonly string[]): void {
    if (this.stream.isSent) return;
    const { connection } = this.wire;
    connection.trailers(trailers);
    this.write(trailers.length === 0 ? noBytes : connection.take(), true);
  }

  stop(): void {
    const { output } = this.wire;
    output.cancelStart(this.sender);
    output.drop(this.stream.id);
  }

  private write(bytes: Uint8Array, isLast: boolean): boolean {
    return this.wire.output.write(this.stream.id, bytes, isLast, this.sender);
  }
}
