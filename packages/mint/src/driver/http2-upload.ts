/**
 * Sends a request body on a stream, frame by frame, as fast as the windows of
 * the peer and the socket take it: one that is large, that comes from a source,
 * that waits for `100 Continue`, or that trailer fields follow.
 */
import { lengthMismatch } from '../syntax.ts';
import type { Clock } from './clock.ts';
import type { Http2Output } from './http2-output.ts';
import type { WireConnection, WireStream } from './http2-streams.ts';
import type { RequestBody } from './request-body.ts';
import type { Sender } from './send-queue.ts';
import { trailersOf, UploadWaits } from './upload-waits.ts';
import type { Uploader } from './uploader.ts';

/** How large the slices of streamed bodies are: as large as a stream's first window, as a rule. */
export const sliceSize = 65_536;

/** What is to be sent. */
export interface UploadPlan {
  /** The body: a source, or all of it. */
  readonly body: RequestBody | Uint8Array;
  /** The length that is declared; -1: none. */
  readonly contentLength: number;
  /** How long to wait for `100 Continue`, in ms. */
  readonly patience: number | undefined;
  readonly trailers: (() => readonly string[]) | undefined;
}

/** What an upload needs of the wire that its stream belongs to. */
export interface UploadWire {
  readonly connection: WireConnection;
  readonly output: Http2Output;
}

const noBytes = new Uint8Array(0);

export class Http2Upload implements Sender {
  private readonly uploader: Uploader;
  private readonly plan: UploadPlan;
  private readonly wire: UploadWire;
  private readonly stream: WireStream;
  private readonly clock: Clock;
  private readonly waits = new UploadWaits();
  private started = false;
  private stopped = false;
  private size = 0;
  // What is being sent.
  private bytes: Uint8Array = noBytes;
  private at = 0;
  private isLast = false;

  constructor(
    uploader: Uploader,
    plan: UploadPlan,
    wire: UploadWire,
    stream: WireStream,
    clock: Clock,
  ) {
    this.uploader = uploader;
    this.plan = plan;
    this.wire = wire;
    this.stream = stream;
    this.clock = clock;
  }

  /** Begins when the head is about to be written: what never leaves has not touched its source. */
  start(): void {
    this.wire.output.senders.add(this);
  }

  /** The server wants the body. */
  proceed(): void {
    if (this.waits.forContinue) this.waits.wake();
  }

  /** The server answered without having asked for the body. One that is on its way goes on. */
  decline(): void {
    if (this.waits.forContinue) this.stop();
  }

  /** The rest of the body is not wanted. */
  stop(): void {
    this.stopped = true;
    this.wire.output.senders.delete(this);
    this.waits.stop();
  }

  sendFrame(): boolean {
    if (!this.started) {
      this.begin();
      return false;
    }
    if (!this.advance()) return false;
    if (this.at === this.bytes.length) {
      this.wire.output.senders.delete(this);
      this.waits.wake();
    }
    return true;
  }

  /** Sends as much as one frame and the windows take; returns whether that is anything. */
  private advance(): boolean {
    const { bytes, at } = this;
    const sent = this.wire.connection.send(this.stream, bytes, at, bytes.length, this.isLast);
    if (sent === 0) return false;
    this.at = at + sent;
    this.uploader.progressed();
    return true;
  }

  private begin(): void {
    this.started = true;
    this.wire.output.senders.delete(this);
    this.run().catch((error: unknown) => {
      if (!this.stopped) this.uploader.uploadFailed(error as Error);
    });
  }

  private async run(): Promise<void> {
    const { body, patience, trailers } = this.plan;
    if (patience !== undefined) await this.waits.nextContinue(this.clock, patience);
    if (body instanceof Uint8Array) {
      this.isLast = trailers === undefined;
      await this.send(body);
    } else {
      while (!this.stopped) {
        const { done, value } = await body.next();
        if (done === true) break;
        await this.send(value);
      }
    }
    if (!this.stopped) this.finish();
  }

  private async send(bytes: Uint8Array): Promise<void> {
    if (this.stopped || bytes.length === 0) return;
    const { contentLength } = this.plan;
    this.size += bytes.length;
    if (contentLength >= 0 && this.size > contentLength) {
      throw lengthMismatch(contentLength, this.size);
    }
    this.bytes = bytes;
    this.at = 0;
    const { output } = this.wire;
    output.schedule();
    // Pieces that are there leave together, unless there are others whose turn it is.
    while (output.hasRoom && this.at < bytes.length && this.advance());
    if (this.at < bytes.length) {
      output.senders.add(this);
      await this.waits.next();
    }
    this.bytes = noBytes;
  }

  private finish(): void {
    const { contentLength, trailers } = this.plan;
    if (contentLength >= 0 && this.size !== contentLength) {
      throw lengthMismatch(contentLength, this.size);
    }
    const { stream, wire } = this;
    if (trailers !== undefined) {
      const fields = trailersOf(trailers, () => this.uploader.facts());
      wire.connection.sendTrailers(stream, fields);
    } else if (!stream.isSent) wire.connection.send(stream, noBytes, 0, 0, true);
    wire.output.schedule();
    this.uploader.uploaded();
  }
}
