/** A stand-in for an instance: it answers from functions, and opens no socket. */
import { Fields } from '@linnet/mint';
import { RequestCancelledError } from '../errors/index.ts';
import type { SendOptions } from '../exchange/instance-client.ts';
import { OpenResponse } from '../exchange/open-response.ts';
import {
  dataPart,
  headersPart,
  statusPart,
  trailersPart,
  type ResponsePart,
} from '../exchange/sinks/response-part.ts';
import type { StreamFunction } from '../exchange/sinks/fold.ts';
import type { FinchClient } from '../finch-client.ts';
import { readRequestOptions, type RequestOptions } from '../options/index.ts';
import {
  buildRequest,
  isRequest,
  openBody,
  type BodyInput,
  type Request,
} from '../request/index.ts';
import { Response } from '../response/index.ts';
import { checkReply } from './check-reply.ts';
import { partsOf, type FakeReply, type ReplyParts } from './reply.ts';
import { Script } from './script.ts';
import { bytesOf, StubBody } from './stub-body.ts';

/** A reply; an error to reject with; or a function of the request that gives or throws one. */
export type StubAnswer =
  | FakeReply
  | Error
  | ((request: Request, body: Uint8Array) => FakeReply | Error | Promise<FakeReply | Error>);

/** Answers by method and URL without query, as `'GET https://api.example.com/users/*'`; or one for all. */
export type StubAnswers = StubAnswer | Readonly<Record<string, StubAnswer | readonly StubAnswer[]>>;

/** A request that a stub was given. */
export interface StubbedRequest {
  readonly request: Request;
  readonly body: Uint8Array;
}

/** A stand-in for an instance, with the requests that it was given. */
export interface StubFinch extends FinchClient {
  /** In the order in which they were made. */
  readonly requests: readonly StubbedRequest[];
}

/**
 * Makes a stand-in for an instance, for tests of code that takes a {@link FinchClient}: no process, no
 * socket. Requests and options are checked as those of an instance are, and responses are of the same
 * classes. An answer that is an Error, or throws one, is what the request rejects with; a request without
 * an answer rejects with a TypeError. Limits have no meaning, but for a `signal` that has aborted.
 *
 * For what depends on connections, limits and retries use `FakeOrigin` with an instance.
 *
 * @example
 * const client = stubFinch({
 *   'GET https://api.example.com/users/1': { json: { name: 'Ada' } },
 *   'POST https://api.example.com/users': [new Error('the first one fails'), { status: 201 }],
 * });
 * (await client.get('https://api.example.com/users/1')).json(); // { name: 'Ada' }
 * client.requests.length; // 1
 */
export function stubFinch(answers: StubAnswers): StubFinch {
  return new Stub(answers);
}

class Stub implements StubFinch {
  readonly requests: StubbedRequest[] = [];
  readonly #script = new Script<StubAnswer>('GET https://api.example.com/users');

  constructor(answers: StubAnswers) {
    if (isAnswer(answers)) this.#add('* *', [answers]);
    else {
      for (const [target, given] of Object.entries(answers)) {
        const list = Array.isArray(given) ? (given as StubAnswer[]) : [given as StubAnswer];
        this.#add(canonical(target), list);
      }
    }
  }

  #add(target: string, answers: readonly StubAnswer[]): void {
    for (const answer of answers) {
      if (typeof answer !== 'function' && !(answer instanceof Error)) checkReply(answer);
    }
    this.#script.set(target, answers);
  }

  async request(input: Request | string | URL, options?: RequestOptions): Promise<Response> {
    const { status, headers, body, trailers } = await this.#answer(input, options);
    const pieces: Uint8Array[] = [];
    for await (const piece of bytesOf(body)) pieces.push(piece);
    return new Response(status, Fields.of(headers), pieces, Fields.of(trailers));
  }

  get(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('GET', url, options);
  }

  head(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('HEAD', url, options);
  }

  delete(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('DELETE', url, options);
  }

  options(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('OPTIONS', url, options);
  }

  post(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('POST', url, options, body);
  }

  put(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('PUT', url, options, body);
  }

  patch(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('PATCH', url, options, body);
  }

  async stream<Acc>(
    input: Request | string | URL,
    acc: Acc,
    callback: (part: ResponsePart, acc: Acc) => Acc | PromiseLike<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    let current = acc;
    for await (const part of responseParts(await this.#answer(input, options))) {
      current = await callback(part, current);
    }
    return current;
  }

  async streamWhile<Acc>(
    input: Request | string | URL,
    acc: Acc,
    callback: StreamFunction<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    let current = acc;
    for await (const part of responseParts(await this.#answer(input, options))) {
      const step = await callback(part, current);
      if ('halt' in step) return step.halt;
      current = step.cont;
    }
    return current;
  }

  async open(input: Request | string | URL, options?: RequestOptions): Promise<OpenResponse> {
    const parts = await this.#answer(input, options);
    const { status, headers } = parts;
    const source = new StubBody(parts);
    return new OpenResponse({ status, headers: Fields.of(headers), informational: [], source });
  }

  #send(
    method: string,
    url: string | URL,
    options: SendOptions | undefined,
    given?: BodyInput,
  ): Promise<Response> {
    const { headers, body = given, poolTag, unixSocket, trailers, ...rest } = options ?? {};
    return new Promise((resolve) => {
      const request = buildRequest(method, url, headers, body, {
        ...(poolTag === undefined ? undefined : { poolTag }),
        ...(unixSocket === undefined ? undefined : { unixSocket }),
        ...(trailers === undefined ? undefined : { trailers }),
      });
      resolve(this.request(request, rest));
    });
  }

  async #answer(
    input: Request | string | URL,
    options: RequestOptions | undefined,
  ): Promise<ReplyParts> {
    const request = isRequest(input) ? input : buildRequest('GET', input);
    const { signal } = readRequestOptions(options);
    if (signal?.aborted === true) {
      throw new RequestCancelledError({ phase: 'queue', reason: signal.reason });
    }
    const body = await bodyOf(request);
    this.requests.push({ request, body });
    const target = targetOf(request);
    const answer = this.#script.next(request.method, target);
    if (answer === undefined) {
      const known = this.#script.targets.join(', ');
      throw new TypeError(
        `stubFinch has no answer to ${request.method} ${target}, but to ${known}`,
      );
    }
    const reply = typeof answer === 'function' ? await answer(request, body) : answer;
    if (reply instanceof Error) throw reply;
    checkReply(reply);
    return partsOf(reply);
  }
}

/** Whether it is one answer, and no record of them: its keys are those of a reply. */
function isAnswer(answers: StubAnswers): answers is StubAnswer {
  if (typeof answers !== 'object' || (answers as unknown) === null) return true;
  if (answers instanceof Error) return true;
  return !Object.keys(answers).some((key) => key.includes(' '));
}

/** As the target of a request is written: `https://api.example.com` ends with a slash. */
function canonical(target: string): string {
  const [method = '', url = ''] = target.split(' ');
  if (url.startsWith('/')) {
    throw new TypeError(
      `${JSON.stringify(target)} has no server: say '${method} https://api.example.com${url}', or '${method} *' for any`,
    );
  }
  return url.endsWith('*') || !URL.canParse(url) ? target : `${method} ${new URL(url).href}`;
}

/** The URL without its query and without a port that goes without saying. */
function targetOf({ pool, path }: Request): string {
  const { scheme, host } = pool;
  if (pool.unixSocket !== undefined) return `${scheme}://${host}${path}`;
  return new URL(`${pool.origin}${path}`).href;
}

async function bodyOf({ body }: Request): Promise<Uint8Array> {
  const opened = openBody(body);
  if (opened === null) return new Uint8Array();
  if (typeof opened === 'string' || opened instanceof Uint8Array) return Buffer.from(opened);
  const pieces: Uint8Array[] = [];
  for await (const piece of opened as AsyncIterable<string | Uint8Array>) {
    pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
  }
  return Buffer.concat(pieces);
}

async function* responseParts(parts: ReplyParts): AsyncGenerator<ResponsePart> {
  yield statusPart(parts.status);
  yield headersPart(Fields.of(parts.headers));
  for await (const piece of bytesOf(parts.body)) yield dataPart(piece);
  const trailers = trailersPart(Fields.of(parts.trailers));
  if (trailers !== undefined) yield trailers;
}
