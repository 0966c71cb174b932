/** The steps of `cache`: before a request, after its response, after its error. RFC 9111 by http-cache-semantics. */
import CachePolicy from 'http-cache-semantics';
import type { CacheEntry, HttpCache, RuleHeaders, RuleRequest } from '../cache/http-cache.ts';
import { baseOf, keyOf, ruleHeaders, ruleRequest } from '../cache/keys.ts';
import type { Again } from '../message/control.ts';
import type { ReqRequest, RequestInput } from '../message/request.ts';
import { ReqResponse } from '../message/response.ts';

/** What the first step leaves for the others. */
interface Lookup {
  readonly key: string;
  /** Without what was added to it to ask whether the kept response still holds. */
  readonly request: RuleRequest;
  /** The kept response that is asked about, or that may have to do while the server fails. */
  readonly stale: CacheEntry | undefined;
  /** Whether the server is asked if it still holds. */
  readonly asks: boolean;
}

const lookup = Symbol('cache lookup');

/** Where a caller finds whether a response comes from the cache: `response.private.get('cache')`. */
const outcome = 'cache';

/** Whether a response is a kept one that its server was not asked about. */
export function isFromCache(response: ReqResponse): boolean {
  const how = response.private.get(outcome);
  return how === 'hit' || how === 'stale';
}

/** Answers from the cache, or asks whether a kept response still holds. */
export function findInCache(request: ReqRequest): ReqResponse | undefined {
  const cache = cacheOf(request);
  if (cache === undefined) return undefined;
  const key = keyOf(request, cache.shared);
  const rules = ruleRequest(request);
  let asked: CacheEntry | undefined;
  let fallback: CacheEntry | undefined;
  for (const entry of cache.find(key)) {
    const { response, revalidation } = entry.policy.evaluateRequest(rules);
    if (response !== undefined && revalidation === undefined) return answer(entry, request, 'hit');
    if (asked === undefined && hasValidator(entry, rules)) asked = entry;
    if (fallback === undefined && isFit(entry, rules)) fallback = entry;
  }
  const headers = asked?.policy.revalidationHeaders(rules) ?? {};
  for (const name of ['if-none-match', 'if-modified-since']) {
    const value = headers[name];
    if (value !== undefined) request.headers.set(name, value);
  }
  const found = { key, request: rules, stale: asked ?? fallback, asks: asked !== undefined };
  request.private.set(lookup, found satisfies Lookup);
  return undefined;
}

/** Keeps a response, or answers with the kept one that still holds. */
export function storeInCache(
  request: ReqRequest,
  response: ReqResponse,
): ReqResponse | Again<RequestInput> | undefined {
  const { cache } = request.options;
  if (cache === undefined || cache === false) return undefined;
  const found = request.private.get(lookup) as Lookup | undefined;
  if (found === undefined) {
    if (response.private.get(outcome) !== 'hit') invalidate(cache, request, response);
    return undefined;
  }
  const { key, request: asked, stale, asks } = found;
  const { status, headers, body } = response;
  const answered = { status, headers: ruleHeaders(headers) };
  if (stale !== undefined && (status !== 304 || asks)) {
    if (status === 304) addValidators(answered.headers, stale);
    const { policy, modified, matches } = stale.policy.revalidatedPolicy(asked, answered);
    if (!matches && status === 304) {
      // It is about another response than the one that is kept (RFC 9111, 4.3.4): which is asked for anew.
      cache.remove(key);
      return request.again();
    }
    if (!modified) {
      const renewed = { ...stale, policy };
      cache.put(key, renewed, stale);
      return answer(renewed, request, status === 304 ? 'revalidated' : 'stale');
    }
  }
  const policy = new CachePolicy(asked, answered, { shared: cache.shared });
  if (policy.storable() && body instanceof Uint8Array) {
    // A copy, as is what callers get of it: they may change theirs.
    const kept = { policy, status, url: request.url, headers: [...headers] };
    cache.put(key, { ...kept, body: new Uint8Array(body) }, stale);
  }
  return undefined;
}

/** Answers with a stale response while its server is down, where that allows it (RFC 5861, 4). */
export function staleIfError(request: ReqRequest): ReqResponse | undefined {
  const found = request.private.get(lookup) as Lookup | undefined;
  if (found?.stale === undefined || request.signal?.aborted === true) return undefined;
  const down = { status: 503, headers: {} };
  const { modified } = found.stale.policy.revalidatedPolicy(found.request, down);
  return modified ? undefined : answer(found.stale, request, 'stale');
}

/** The cache, for a request that it can answer: of a whole body, without conditions of its own. */
function cacheOf({ options, method, headers, body }: ReqRequest): HttpCache | undefined {
  const { cache, into, raw } = options;
  if (cache === undefined || cache === false || into !== undefined || raw) return undefined;
  if ((method !== 'GET' && method !== 'HEAD') || (body !== undefined && body !== null))
    return undefined;
  const conditional = [
    'range',
    'if-none-match',
    'if-modified-since',
    'if-match',
    'if-unmodified-since',
  ];
  return conditional.some((name) => headers.has(name)) ? undefined : cache;
}

/** A 304 should say what it is about (RFC 9110, 15.4.5). One that does not is about what was asked. */
function addValidators(headers: RuleHeaders, { policy }: CacheEntry): void {
  if ('etag' in headers || 'last-modified' in headers) return;
  const kept = policy.responseHeaders();
  for (const name of ['etag', 'last-modified']) {
    const value = kept[name];
    if (value !== undefined) headers[name] = value;
  }
}

/** Whether the kept response is to this request, and may be used when it is stale. */
function isFit({ policy }: CacheEntry, asked: RuleRequest): boolean {
  const { pragma: _, ...headers } = asked.headers;
  const anyAge = { ...asked, headers: { ...headers, 'cache-control': 'max-stale' } };
  return policy.evaluateRequest(anyAge).response !== undefined;
}

/** Whether the kept response is to this request, and its server can say whether it still holds. */
function hasValidator({ policy }: CacheEntry, asked: RuleRequest): boolean {
  const headers = policy.revalidationHeaders(asked);
  return headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;
}

function answer(
  entry: CacheEntry,
  { url }: ReqRequest,
  how: 'hit' | 'revalidated' | 'stale',
): ReqResponse {
  const headers: [string, string | readonly string[]][] = [];
  for (const [name, value] of Object.entries(entry.policy.responseHeaders())) {
    if (value !== undefined) headers.push([name, value]);
  }
  const response = new ReqResponse({
    status: entry.status,
    url,
    headers,
    body: new Uint8Array(entry.body),
  });
  response.private.set(outcome, how);
  return response;
}

/** What changed a resource makes what is kept of it void (RFC 9111, 4.4). */
function invalidate(cache: HttpCache, request: ReqRequest, response: ReqResponse): void {
  const { method, url } = request;
  if (['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method) || response.status >= 400) return;
  const urls = [url];
  for (const name of ['location', 'content-location']) {
    const other = response.headers.get(name);
    if (other === undefined || !URL.canParse(other, url)) continue;
    const { href, origin } = new URL(other, url);
    if (origin === request.origin) urls.push(href);
  }
  for (const each of urls) {
    for (const kept of ['GET', 'HEAD']) {
      cache.removeAll(baseOf(kept, each, request));
    }
  }
}
