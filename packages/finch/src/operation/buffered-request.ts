/** `finch.request`: collects the response and resolves with all of it. */
import type { Instance } from '../instance/instance.ts';
import type { ResolvedRequestOptions } from '../options/index.ts';
import type { Request } from '../request/index.ts';
import { InformationalResponse, Response } from '../response/index.ts';
import type { RawHeaders } from '../transport/index.ts';
import { Operation } from './operation.ts';

export class BufferedRequest extends Operation {
  private readonly resolve: (response: Response) => void;
  private readonly reject: (error: Error) => void;
  private status = 0;
  private headers: RawHeaders = [];
  private pieces: Uint8Array[] = [];
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

  protected override data(chunk: Buffer): boolean {
    this.pieces.push(chunk);
    return true;
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
