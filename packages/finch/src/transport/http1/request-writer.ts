/**
 * Writes the requests that undici's own writer cannot: those whose body waits
 * for `100 Continue`, and those with trailer fields. It takes the place of
 * undici's `writeH1` for such a request, in the same order of calls; queue,
 * parser and the end of the exchange stay undici's.
 */
import { InvalidRequestError } from '../../errors/index.ts';
import type { WireRequest } from '../wire.ts';
import { isStreamed } from '../request-body.ts';
import type { RequestBody } from '../request-body.ts';
import { isTrailerAllowed } from '../trailers.ts';
import { kReset, kWriting } from './undici.ts';
import type { ConnectedSocket, QueuedRequest } from './undici.ts';

const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether a request needs this writer. */
export function isSpecial(request: WireRequest): boolean {
  return request.expectContinue !== undefined || request.trailers !== undefined;
}

export class RequestWriter {
  private readonly request: WireRequest;
  private readonly body: AsyncIterable<string | Uint8Array>;
  private readonly authority: string;
  /** Set while the body waits for the server's word; called with whether to send it. */
  private decide: ((send: boolean) => void) | undefined;
  private stopped = false;

  constructor(request: WireRequest, body: RequestBody | undefined, authority: string) {
    this.request = request;
    this.body = body ?? single(request.body);
    this.authority = authority;
  }

  /** The server wants the body. */
  proceed(): void {
    this.decide?.(true);
  }

  /** The server answered without having asked for the body. A body that is on its way goes on. */
  decline(): void {
    this.decide?.(false);
  }

  /** Nobody wants the body, or the rest of it, any more. */
  stop(): void {
    this.stopped = true;
    this.decide?.(false);
  }

  /** Writes the head and begins with the rest; what undici's `writeH1` returns. */
  write(queued: QueuedRequest, socket: ConnectedSocket, resume: () => void): boolean {
    const abort = (error: Error): void => {
      if (queued.aborted || queued.completed) return;
      queued.onResponseError(error);
      socket.destroy(Object.assign(new Error('aborted'), { code: 'UND_ERR_INFO' }));
    };
    try {
      queued.onRequestStart(abort, null);
    } catch (error) {
      queued.onResponseError(error as Error);
    }
    if (queued.aborted) return false;
    const length = this.length(queued);
    if (queued.reset === true) socket[kReset] = true;
    socket[kWriting] = true;
    socket.write(this.head(queued, length), 'latin1');
    void this.finish(queued, socket, length).then(resume, abort);
    return true;
  }

  /** The length to declare, or nothing for a body in chunks. */
  private length(queued: QueuedRequest): number | undefined {
    const { body, trailers } = this.request;
    if (trailers !== undefined) return undefined;
    if (isStreamed(body)) return queued.contentLength ?? undefined;
    return Buffer.byteLength(body ?? '');
  }

  /** How long to wait for the server's word, if at all: without a body there is nothing to hold back. */
  private patience(length: number | undefined): number | undefined {
    return length === 0 ? undefined : this.request.expectContinue;
  }

  private head(queued: QueuedRequest, length: number | undefined): string {
    let head = `${queued.method} ${queued.path} HTTP/1.1\r\nhost: ${queued.host ?? this.authority}\r\n`;
    head += queued.reset === true ? 'connection: close\r\n' : 'connection: keep-alive\r\n';
    for (let index = 0; index + 1 < queued.headers.length; index += 2) {
      head += `${queued.headers[index]}: ${queued.headers[index + 1]}\r\n`;
    }
    if (this.patience(length) !== undefined) head += 'expect: 100-continue\r\n';
    head += length === undefined ? 'transfer-encoding: chunked' : `content-length: ${length}`;
    return `${head}\r\n\r\n`;
  }

  private async finish(
    queued: QueuedRequest,
    socket: ConnectedSocket,
    length: number | undefined,
  ): Promise<void> {
    const { trailers } = this.request;
    const patience = this.patience(length);
    // Left in `kWriting`, the socket is not used for another request.
    if (patience !== undefined && !(await this.awaitContinue(patience))) return;
    const sent = await this.sendBody(socket, length);
    if (this.stopped || socket.destroyed) return;
    if (length === undefined) {
      socket.write(`0\r\n${trailerLines(trailers?.() ?? [])}\r\n`, 'latin1');
    } else if (sent !== length) {
      throw lengthMismatch(length, sent);
    }
    socket[kWriting] = false;
    queued.onRequestSent();
  }

  private awaitContinue(limit: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.decide?.(true), limit);
      this.decide = (send) => {
        this.decide = undefined;
        clearTimeout(timer);
        resolve(send);
      };
      if (this.stopped) this.decide(false);
    });
  }

  private async sendBody(socket: ConnectedSocket, length: number | undefined): Promise<number> {
    let sent = 0;
    for await (const chunk of this.body) {
      if (this.stopped || socket.destroyed) break;
      const size = Buffer.byteLength(chunk);
      if (size === 0) continue;
      sent += size;
      if (length !== undefined && sent > length) throw lengthMismatch(length, sent);
      socket.cork();
      if (length === undefined) socket.write(`${size.toString(16)}\r\n`, 'latin1');
      let room = socket.write(chunk);
      if (length === undefined) room = socket.write('\r\n', 'latin1');
      socket.uncork();
      if (!room) await drained(socket);
    }
    return sent;
  }
}

function drained(socket: ConnectedSocket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    if (socket.destroyed) resolve();
    else socket.on('drain', done).on('close', done);
  });
}

async function* single(body: WireRequest['body']): AsyncGenerator<string | Uint8Array> {
  if (typeof body === 'string' || body instanceof Uint8Array) yield body;
}

function trailerLines(trailers: readonly string[]): string {
  let lines = '';
  for (let index = 0; index + 1 < trailers.length; index += 2) {
    const name = trailers[index] ?? '';
    const value = trailers[index + 1] ?? '';
    if (!fieldName.test(name) || !isTrailerAllowed(name) || !fieldValue.test(value)) {
      throw new InvalidRequestError({
        option: 'trailers',
        value: name,
        allowed: 'fields with valid names and values that neither frame, route nor authenticate',
        problem: `The field ${JSON.stringify(name)} cannot stand in a trailer section`,
      });
    }
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

function lengthMismatch(declared: number, sent: number): InvalidRequestError {
  return new InvalidRequestError({
    option: 'body',
    value: sent,
    allowed: 'a body of exactly the length that content-length declares',
    problem: `The request body is not ${declared} bytes long, as its content-length says`,
  });
}
