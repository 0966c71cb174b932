/**
 * Sends a request body on a stream, piece by piece, as fast as the windows of
 * the peer and the network take it: one that is large, that comes from a source,
 * that waits for `100 Continue`, or that trailer fields follow.
 */
import { lengthMismatch } from '../../syntax.ts';
import type { BodyOutput, BodySender } from './body-output.ts';
import type { Clock } from '../clock.ts';
import { RequestBody } from '../request-body.ts';
import type { StreamWire, WireStream } from './stream-wire.ts';
import { TextSlices } from './text-slices.ts';
import { trailersOf, UploadWaits } from '../upload-waits.ts';
import type { Uploader } from '../uploader.ts';

/** How large the slices of streamed bodies are: as large as a stream's first window, as a rule. */
export const sliceSize = 65_536;

/** What is to be sent. */
export interface UploadPlan {
  /** The body: a source, or all of it. */
  readonly body: RequestBody | TextSlices | Uint8Array;
  /** The length that is declared; -1: none. */
  readonly contentLength: number;
  /** How long to wait for `100 Continue`, in ms. */
  readonly continueTimeout: number | undefined;
  readonly trailers: (() => readonly string[]) | undefined;
}

export class StreamUpload implements BodySender {
  private readonly uploader: Uploader;
  private readonly plan: UploadPlan;
  private readonly clock: Clock;
  private readonly output: BodyOutput;
  private readonly waits = new UploadWaits();
  private stopped = false;
  private size = 0;

  constructor(uploader: Uploader, plan: UploadPlan, wire: StreamWire, stream: WireStream) {
    this.uploader = uploader;
    this.plan = plan;
    this.clock = wire.clock;
    this.output = wire.bodyOutput(stream, this);
  }

  /** Begins when the head is about to be written: what never leaves has not touched its source. */
  start(): void {
    this.output.start();
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
    this.output.stop();
    this.waits.stop();
  }

  // From the output -------------------------------------------------------------

  onStart(): void {
    this.run().catch((error: unknown) => {
      if (!this.stopped) this.uploader.uploadFailed(error as Error);
    });
  }

  onTaken(): void {
    this.waits.wake();
  }

  onProgress(): void {
    this.uploader.progressed();
  }

  onStopped(): void {
    this.stop();
    const { body } = this.plan;
    if (body instanceof RequestBody) body.cancel();
  }

  // -----------------------------------------------------------------------------

  private async run(): Promise<void> {
    const { body, continueTimeout, trailers } = this.plan;
    if (continueTimeout !== undefined) await this.waits.nextContinue(this.clock, continueTimeout);
    if (body instanceof Uint8Array) {
      await this.send(body, trailers === undefined);
    } else if (body instanceof TextSlices) {
      for (let slice = body.next(); slice !== undefined && !this.stopped; slice = body.next()) {
        await this.send(slice, body.isOver && trailers === undefined);
      }
    } else {
      while (!this.stopped) {
        const { done, value } = await body.next();
        if (done === true) break;
        await this.send(value, false);
      }
    }
    if (!this.stopped) this.finish();
  }

  private async send(bytes: Uint8Array, isLast: boolean): Promise<void> {
    if (this.stopped || bytes.length === 0) return;
    const { contentLength } = this.plan;
    this.size += bytes.length;
    if (contentLength >= 0 && this.size > contentLength) {
      throw lengthMismatch(contentLength, this.size);
    }
    if (!this.output.send(bytes, isLast)) await this.waits.next();
  }

  private finish(): void {
    const { contentLength, trailers } = this.plan;
    if (contentLength >= 0 && this.size !== contentLength) {
      throw lengthMismatch(contentLength, this.size);
    }
    const fields = trailers === undefined ? [] : trailersOf(trailers, () => this.uploader.facts());
    this.output.end(fields);
    this.uploader.uploaded();
  }
}
