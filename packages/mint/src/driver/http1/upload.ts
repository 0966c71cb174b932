/**
 * A request body that is not written together with its head: it is streamed or
 * large, waits for `100 Continue`, or is followed by trailers.
 */
import type { ExchangeFacts, RequestBodyError } from '../../errors/index.ts';
import { chunked, chunkEnd, chunkStart, lastChunk } from '../../http1/writer.ts';
import { lengthMismatch } from '../../syntax.ts';
import type { Clock } from '../clock.ts';
import type { RequestBody } from '../request-body.ts';
import type { SocketDriver } from '../socket/socket-driver.ts';
import { trailersOf, UploadWaits } from '../upload-waits.ts';
import type { Uploader } from '../uploader.ts';

/** Pieces up to this size are copied into one buffer with what surrounds them. */
const joined = 16_384;

/** What is to be written. */
export interface UploadPlan {
  /** Makes the head, once it is known how the body is framed: by a length, or in chunks. */
  readonly head: (length: number) => string;
  /** The length that is declared; {@link chunked}: none. */
  readonly length: number;
  /** How long to wait for `100 Continue`, in ms, if at all. */
  readonly continueTimeout: number | undefined;
  readonly trailers: (() => readonly string[]) | undefined;
}

export class Http1Upload {
  private readonly body: RequestBody;
  private readonly plan: UploadPlan;
  private readonly socket: SocketDriver;
  private readonly clock: Clock;
  private readonly uploader: Uploader;
  private readonly waits = new UploadWaits();
  /** The rest of the body is not wanted. */
  private stopped = false;
  private headSent = false;
  private size = 0;

  constructor(
    body: RequestBody,
    plan: UploadPlan,
    socket: SocketDriver,
    clock: Clock,
    uploader: Uploader,
  ) {
    this.body = body;
    this.plan = plan;
    this.socket = socket;
    this.clock = clock;
    this.uploader = uploader;
  }

  /** Whether a piece was asked for: the source cannot be sent elsewhere any more. */
  get begun(): boolean {
    return this.body.begun;
  }

  start(): void {
    this.run().catch((error: unknown) => {
      if (!this.stopped) this.uploader.uploadFailed(error as Error);
    });
  }

  /** The server wants the body. */
  proceed(): void {
    if (this.waits.forContinue) this.waits.wake();
  }

  /** The server answered without having asked for the body. A body that is on its way goes on. */
  decline(): void {
    if (this.waits.forContinue) this.stop();
  }

  /** The body, or the rest of it, is not wanted. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.body.cancel();
    this.waits.stop();
  }

  /** The socket takes more again. */
  drained(): void {
    if (!this.waits.forContinue) this.waits.wake();
  }

  /** The error of the request, if what it ended with came from the source. */
  failed(error: Error, facts: ExchangeFacts): RequestBodyError | undefined {
    return this.body.failed(error, facts);
  }

  private async run(): Promise<void> {
    const { length, continueTimeout, trailers } = this.plan;
    if (continueTimeout !== undefined) {
      this.sendHead(length);
      await this.waits.nextContinue(this.clock, continueTimeout);
    } else if (length !== chunked || trailers !== undefined) {
      this.sendHead(length);
    }
    while (!this.stopped) {
      const { done, value } = await this.body.next();
      if (this.stopped) return;
      if (done === true) break;
      if (value.length > 0) await this.write(value);
    }
    if (this.stopped) return;
    this.finish();
    this.uploader.uploaded();
  }

  private async write(bytes: Uint8Array): Promise<void> {
    const { length } = this.plan;
    this.size += bytes.length;
    if (length !== chunked && this.size > length) throw lengthMismatch(length, this.size);
    // Without a declared length the head waits for the first piece: an empty body has the length 0.
    if (!this.headSent) this.sendHead(chunked);
    const hasRoom = length === chunked ? this.writeChunk(bytes) : this.socket.write(bytes);
    if (!hasRoom) await this.waits.next();
    if (!this.stopped) this.uploader.progressed();
  }

  private writeChunk(bytes: Uint8Array): boolean {
    const { socket } = this;
    const start = chunkStart(bytes.length);
    if (bytes.length <= joined) {
      const chunk = Buffer.allocUnsafe(start.length + bytes.length + chunkEnd.length);
      chunk.write(start, 0, 'latin1');
      chunk.set(bytes, start.length);
      chunk.write(chunkEnd, start.length + bytes.length, 'latin1');
      return socket.write(chunk);
    }
    socket.cork();
    socket.writeLatin1(start);
    socket.write(bytes);
    const hasRoom = socket.writeLatin1(chunkEnd);
    socket.uncork();
    return hasRoom;
  }

  private finish(): void {
    const { length, trailers } = this.plan;
    if (!this.headSent) this.sendHead(0);
    else if (length === chunked) this.socket.writeLatin1(this.end(trailers));
    else if (this.size !== length) throw lengthMismatch(length, this.size);
  }

  /** The last chunk, with the fields that the caller's function makes now. */
  private end(trailers: UploadPlan['trailers']): string {
    if (trailers === undefined) return lastChunk([]);
    return lastChunk(trailersOf(trailers, () => this.uploader.facts()));
  }

  private sendHead(length: number): void {
    this.headSent = true;
    this.socket.writeLatin1(this.plan.head(length));
  }
}
