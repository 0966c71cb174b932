/** `finch.request`: collects the response and resolves with all of it. */
import type { Instance } from '../instance/instance.ts';
import type { ResolvedRequestOptions } from '../options/index.ts';
import type { Request } from '../request/index.ts';
import { InformationalResponse, Response } from '../response/index.ts';
import type { RawHeaders } from '../transport/index.ts';
import { findField } from '../response/headers.ts';
import { Operation } from './operation.ts';

/** Only so much is allocated before it has come. */
const longestRoom = 1024 * 1024;

export class BufferedRequest extends Operation {
  private readonly resolve: (response: Response) => void;
  private readonly reject: (error: Error) => void;
  private status = 0;
  private headers: RawHeaders = [];
  private pieces: Uint8Array[] = [];
  /** Where the rest of the body goes, once a piece of it was lent. */
  private room: Buffer | undefined = undefined;
  private informational: InformationalResponse[] | undefined = undefined;

  constructor(
    instance: Instance,
    request: Request,
    options: ResolvedRequestOptions,
    resolve: (response: Response) => void,
    reject: (error: Error) => void,
  ) {
    super(instance, request, options);
    this.resolve = resolve;
    this.reject = reject;
  }

  protected override interim(status: number, headers: RawHeaders): void {
    (this.informational ??= []).push(new InformationalResponse(status, headers));
  }

  protected override head(status: number, headers: RawHeaders): void {
    this.status = status;
    this.headers = headers;
  }

  onBorrowedData(chunk: Buffer): void {
    this.room ??= this.makeRoom();
    this.onData(chunk.length <= this.room.length ? chunk : Buffer.from(chunk));
  }

  protected override data(chunk: Buffer): boolean {
    const { room } = this;
    if (room === undefined || chunk.length > room.length) {
      this.pieces.push(chunk);
    } else {
      room.set(chunk);
      this.room = room.subarray(chunk.length);
    }
    return true;
  }

  /** Memory for all of the body, with what there is of it so far; returns the part that is free. */
  private makeRoom(): Buffer {
    const length = Number(findField(this.headers, 'content-length'));
    if (!(length <= longestRoom)) return Buffer.alloc(0);
    const body = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    for (const piece of this.pieces) {
      body.set(piece, filled);
      filled += piece.length;
    }
    this.pieces = [body];
    return body.subarray(filled);
  }

  protected override complete(trailers: RawHeaders): void {
    this.resolve(
      new Response(this.status, this.headers, this.pieces, trailers, this.informational),
    );
  }

  protected override fail(error: Error): void {
    this.reject(error);
  }
}
