/** The handler: from a request to a response, whatever server it is mounted in. */
import { pageNames, type PageName, type Session } from '../protocol/documents.ts';
import { parseQuery, type Query } from '../protocol/query.ts';
import { ActionError } from '../errors.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Actions } from '../actions/actions.ts';
import { json, refuse, answer } from './answers.ts';
import type { Assets } from './assets.ts';
import type { Guard } from './guard.ts';
import type { Streams } from './stream.ts';
import { formatReason } from '@linnet/otp';
import { thisNode } from '@linnet/otp/distribution';
import { NodeUnreachableError } from '../collect/cluster/node-agent.ts';

/** The longest URL that is looked at, in characters. */
const longestUrl = 4096;

/** The longest body of an action, in bytes. */
const longestBody = 4096;

export interface HandlerParts {
  readonly options: ResolvedOptions;
  readonly guard: Guard;
  readonly assets: Assets;
  readonly streams: Streams;
  readonly actions: Actions;
  collect(page: PageName, query: Query): Promise<object>;
  /** The same of another node. */
  collectOf(node: string, page: PageName, search: string): Promise<object>;
  /** A viewer looks at a page; the function that is returned is called once when it leaves. */
  enter(page: PageName): () => void;
}

export class Handler {
  readonly #parts: HandlerParts;

  constructor(parts: HandlerParts) {
    this.#parts = parts;
  }

  async handle(request: Request): Promise<Response> {
    const { guard, options } = this.#parts;
    if (request.url.length > longestUrl) return refuse(414, 'the URL is too long');
    const url = new URL(request.url);
    const { pathname } = url;
    if (pathname === options.basePath) {
      return answer(null, 'text/plain', 308, { location: `${pathname}/` });
    }
    if (!pathname.startsWith(`${options.basePath}/`)) return refuse(404, 'not found');
    const refusal = await guard.refusal(request);
    if (refusal !== undefined) return refusal;
    const path = pathname.slice(options.basePath.length + 1);
    const foreign = path.startsWith('api/') ? guard.foreignRefusal(request) : undefined;
    if (foreign !== undefined) return foreign;
    if (path.startsWith('api/actions/')) return this.#act(request, path.slice(12));
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse(405, 'only GET and HEAD', { allow: 'GET, HEAD' });
    }
    const response = await this.#show(request, url, path);
    if (request.method === 'GET') return response;
    await response.body?.cancel();
    return new Response(null, { status: response.status, headers: response.headers });
  }

  async #show(request: Request, url: URL, path: string): Promise<Response> {
    const { assets } = this.#parts;
    if (path === 'api/session') return json(this.#session());
    const page = pageNames.find((name) => path === `api/${name}`);
    if (page !== undefined) return this.#page(request, url, page);
    const acceptsGzip = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
    const file = await assets.get(path === '' ? 'index.html' : path, acceptsGzip);
    return file ?? refuse(404, 'not found');
  }

  #session(): Session {
    const { options, guard } = this.#parts;
    const { actions, reveal, logger } = options;
    return {
      actions,
      reveal,
      ...(actions ? { token: guard.token } : undefined),
      ...(logger === undefined ? undefined : { logLevel: logger.level }),
    };
  }

  async #page(request: Request, url: URL, page: PageName): Promise<Response> {
    const { streams } = this.#parts;
    const query = parseQuery(url.searchParams);
    const isHere = query.node === '' || query.node === thisNode().name;
    const enter = (): (() => void) => (isHere ? this.#parts.enter(page) : () => {});
    const collect = isHere
      ? (): Promise<object> => this.#parts.collect(page, query)
      : this.#collectingOf(query.node, page, url);
    const wantsStream = request.headers.get('accept')?.includes('text/event-stream') === true;
    const isStream = wantsStream && request.method !== 'HEAD';
    let first: object | undefined;
    // Whether another node answers is known before a stream of it begins.
    if (!isStream || !isHere) {
      enter()();
      try {
        first = await collect();
      } catch (error) {
        if (error instanceof NodeUnreachableError) return refuse(502, error.message);
        throw error;
      }
    }
    if (!isStream) return json(first);
    const interval = query.interval * 1000;
    const stream = streams.start({ collect, first, enter, interval }, request.signal);
    return stream ?? refuse(503, 'too many viewers', { 'retry-after': '30' });
  }

  #collectingOf(node: string, page: PageName, { searchParams }: URL): () => Promise<object> {
    searchParams.delete('node');
    const search = searchParams.toString();
    return () => this.#parts.collectOf(node, page, search);
  }

  async #act(request: Request, name: string): Promise<Response> {
    if (request.method !== 'POST') return refuse(405, 'only POST', { allow: 'POST' });
    const { guard, actions } = this.#parts;
    const refusal = guard.actionRefusal(request);
    if (refusal !== undefined) return refusal;
    const body = await readBody(request);
    if (body === undefined) return refuse(413, 'the body is too long');
    let input: unknown;
    try {
      input = JSON.parse(body);
    } catch {
      return refuse(400, 'the body is no JSON');
    }
    try {
      return json({ done: await actions.run(name, input) });
    } catch (error) {
      if (error instanceof ActionError) return refuse(400, error.message);
      return refuse(409, formatReason(error).slice(0, 1000));
    }
  }
}

/** Undefined when it is longer than what an action needs. */
async function readBody(request: Request): Promise<string | undefined> {
  if (request.body === null) return '';
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    length += chunk.length;
    if (length > longestBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
