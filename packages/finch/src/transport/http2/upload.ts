/**
 * Sends a request body on a stream, slice by slice, as fast as the peer's
 * windows take it: one that is large, that comes from a source, that waits for
 * `100 Continue`, or that trailer fields follow.
 */
import type { ClientHttp2Stream } from 'node:http2';
import type { RequestBody } from '../request-body.ts';
import { isTrailerAllowed } from '../trailers.ts';
import type { WireRequest } from '../wire.ts';
import { lengthMismatch, trailerFields } from './request-headers.ts';

/** How much is written at a time: as large as a stream's first window, as a rule. */
export const sliceSize = 65_536;

/** Who sends the body. */
export interface Uploader {
  /** The body failed, or it is not as long as declared. */
  uploadFailed(error: Error): void;
  /** All of it was written. */
  uploaded(): void;
  /** A part of it was taken. */
  progressed(): void;
}

/** What is to be sent. */
export interface UploadPlan {
  /** The body: a source, all of it, or nothing. */
  readonly body: RequestBody | Uint8Array | undefined;
  /** The length that is declared. */
  readonly contentLength: number | undefined;
  /** How long to wait for `100 Continue`, in ms. */
  readonly patience: number | undefined;
  readonly trailers: (() => readonly string[]) | undefined;
}

const noBytes = new Uint8Array(0);

/** A body that is there as a whole: no bytes for none, undefined for one of pieces. */
export function wholeBody({ body, method }: WireRequest): Uint8Array | undefined {
  if (method === 'CONNECT' || body === undefined || body === null) return noBytes;
  if (typeof body === 'string') return Buffer.from(body);
  return body instanceof Uint8Array ? body : undefined;
}

export class Upload {
  private readonly uploader: Uploader;
  private readonly plan: UploadPlan;
  private readonly stream: ClientHttp2Stream;
  private stopped = false;
  private sent = 0;
  /** Goes on when the slice is written, or nobody wants it any more. */
  private written: (() => void) | undefined;
  /** Set while the body waits for the server's word. */
  private decide: (() => void) | undefined;

  constructor(uploader: Uploader, plan: UploadPlan, stream: ClientHttp2Stream) {
    this.uploader = uploader;
    this.plan = plan;
    this.stream = stream;
    if (plan.trailers !== undefined) stream.once('wantTrailers', () => this.sendTrailers());
    void this.run();
  }

  /** The server wants the body. */
  proceed(): void {
    this.decide?.();
  }

  /** The server answered without having asked for the body. One that is on its way goes on. */
  decline(): void {
    if (this.decide !== undefined) this.stop();
  }

  /** Nobody wants the rest of it. */
  stop(): void {
    this.stopped = true;
    this.decide?.();
    this.written?.();
  }

  private async run(): Promise<void> {
    const { body, patience } = this.plan;
    try {
      if (patience !== undefined) await this.awaitContinue(patience);
      if (body instanceof Uint8Array) await this.write(body);
      else if (body !== undefined) await this.sendPieces(body);
      if (this.stopped) return;
      this.checkEnd();
      this.stream.end();
    } catch (error) {
      if (!this.stopped) this.uploader.uploadFailed(error as Error);
    }
  }

  private async sendPieces(body: RequestBody): Promise<void> {
    while (!this.stopped) {
      const { done, value } = await body.next();
      if (done === true || this.stopped) return;
      await this.write(typeof value === 'string' ? Buffer.from(value) : value);
    }
  }

  private async write(bytes: Uint8Array): Promise<void> {
    const { contentLength } = this.plan;
    if (contentLength !== undefined && this.sent + bytes.length > contentLength) {
      throw lengthMismatch(contentLength, this.sent + bytes.length);
    }
    this.sent += bytes.length;
    for (let at = 0; at < bytes.length && !this.stopped; at += sliceSize) {
      const slice = bytes.length <= sliceSize ? bytes : bytes.subarray(at, at + sliceSize);
      await new Promise<void>((resolve) => {
        this.written = resolve;
        this.stream.write(slice, this.onWritten);
      });
    }
  }

  private readonly onWritten = (error?: Error | null): void => {
    const { written } = this;
    this.written = undefined;
    // An error is told by the end of the stream; until then nothing more is written.
    if (error !== undefined && error !== null) this.stopped = true;
    else if (!this.stopped) this.uploader.progressed();
    written?.();
  };

  private checkEnd(): void {
    const { contentLength } = this.plan;
    if (contentLength !== undefined && this.sent !== contentLength) {
      throw lengthMismatch(contentLength, this.sent);
    }
  }

  private sendTrailers(): void {
    if (this.stopped) return;
    try {
      this.stream.sendTrailers(trailerFields(this.plan.trailers?.() ?? [], isTrailerAllowed));
    } catch (error) {
      this.uploader.uploadFailed(error as Error);
      return;
    }
    this.uploader.uploaded();
  }

  private awaitContinue(limit: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.decide = undefined;
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, limit);
      this.decide = done;
      if (this.stopped) done();
    });
  }
}
