/**
 * Sends the bytes of one stream of HTTP/2, frame by frame, in turns with the
 * other streams.
 */
import type { BodyOutput, BodySender } from '../streams/body-output.ts';
import type { Http2Output } from './output.ts';
import type { Http2WireConnection, Http2WireStream } from './streams.ts';
import type { Sender } from './send-queue.ts';

/** Where the frames go. */
export interface Http2BodyWire {
  readonly connection: Http2WireConnection;
  readonly output: Http2Output;
}

const noBytes = new Uint8Array(0);

export class Http2Body implements BodyOutput, Sender {
  private readonly wire: Http2BodyWire;
  private readonly stream: Http2WireStream;
  private readonly sender: BodySender;
  private isStarting = false;
  // What is being sent.
  private bytes: Uint8Array = noBytes;
  private at = 0;
  private isLast = false;

  constructor(wire: Http2BodyWire, stream: Http2WireStream, sender: BodySender) {
    this.wire = wire;
    this.stream = stream;
    this.sender = sender;
  }

  start(): void {
    this.isStarting = true;
    this.wire.output.senders.add(this);
  }

  send(bytes: Uint8Array, isLast: boolean): boolean {
    this.bytes = bytes;
    this.at = 0;
    this.isLast = isLast;
    const { output } = this.wire;
    output.schedule();
    // Pieces that are there leave together, unless there are others whose turn it is.
    while (output.hasRoom && this.at < bytes.length && this.advance());
    if (this.at < bytes.length) {
      output.senders.add(this);
      return false;
    }
    this.bytes = noBytes;
    return true;
  }

  end(trailers: readonly string[]): void {
    if (this.stream.isSent) return;
    this.wire.connection.sendTrailers(this.stream, trailers);
    this.wire.output.schedule();
  }

  stop(): void {
    this.bytes = noBytes;
    this.wire.output.senders.delete(this);
  }

  sendFrame(): boolean {
    if (this.isStarting) {
      this.isStarting = false;
      this.stop();
      this.sender.onStart();
      return false;
    }
    if (!this.advance()) return false;
    if (this.at === this.bytes.length) {
      this.stop();
      this.sender.onTaken();
    }
    return true;
  }

  /** Sends as much as one frame and the windows take; returns whether that is anything. */
  private advance(): boolean {
    const { bytes, at } = this;
    const sent = this.wire.connection.send(this.stream, bytes, at, bytes.length, this.isLast);
    if (sent === 0) return false;
    this.at = at + sent;
    this.sender.onProgress();
    return true;
  }
}
