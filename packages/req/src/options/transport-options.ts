/** How a request is sent: over which instance, within which times, with which shared stores. */
import { Finch, type PoolStrategy, type TrailersInput } from '@linnet/finch';
import { CookieJar } from 'tough-cookie';
import { custom, duration, invalid, string } from '@linnet/otp/options';
import { HttpCache } from '../cache/http-cache.ts';

export const transportFields = {
  finch: custom<Finch | string>({
    doc: 'The Finch instance that sends, or its name.',
    type: 'Finch | string',
    defaultText: "`'<supervisor>.Finch'`, which `Req.childSpec` starts",
    allowed: 'a Finch instance or its name',
    parse: (value) =>
      value instanceof Finch || (typeof value === 'string' && value !== '') ? value : invalid,
  }),
  supervisor: custom<string, string, 'Req'>({
    default: 'Req',
    doc: 'The name of the tree of `Req.childSpec`, for `breaker`, `rateLimit` and the default `finch`.',
    type: 'string',
    allowed: 'the name given to Req.childSpec',
    parse: (value) => (typeof value === 'string' && value !== '' ? value : invalid),
  }),
  poolTag: string({ doc: 'The tag of the pool that serves the request.' }),
  unixSocket: custom<string>({
    doc: 'The path of a Unix socket to connect to.',
    type: 'string',
    allowed: 'the path of a Unix socket',
    parse: (value) => (typeof value === 'string' && value !== '' ? value : invalid),
  }),
  trailers: custom<TrailersInput>({
    doc: 'Fields that are sent after the body, or a function that makes them then.',
    type: 'object | function',
    allowed: 'headers, or a function that returns headers',
    parse: (value) =>
      typeof value === 'function' || (typeof value === 'object' && value !== null)
        ? (value as TrailersInput)
        : invalid,
  }),
  timeout: duration({
    doc: "How long the whole call may take: attempts, redirects, waits, and the body unless `into` is `'stream'`.",
    defaultText: 'none',
  }),
  poolTimeout: duration({
    doc: 'How long an attempt may wait for a connection.',
    defaultText: "Finch's, 5000",
  }),
  connectTimeout: duration({
    doc: 'How long an attempt may wait for a connection that is being opened.',
    defaultText: "the pool's",
  }),
  receiveTimeout: duration({
    doc: 'How long the server may send nothing.',
    defaultText: "Finch's, 15000",
  }),
  requestTimeout: duration({
    doc: 'How long one attempt may take.',
    defaultText: 'none',
  }),
  poolStrategy: custom<PoolStrategy>({
    doc: "How a shard of the pool is chosen: Finch's `poolStrategy`.",
    type: 'PoolStrategy',
    allowed: 'a strategy of Finch',
    parse: (value) =>
      typeof value === 'string' || typeof value === 'function' ? (value as PoolStrategy) : invalid,
  }),
  signal: custom<AbortSignal>({
    doc: 'Cancels the call when it aborts.',
    type: 'AbortSignal',
    allowed: 'an AbortSignal',
    parse: (value) => (value instanceof AbortSignal ? value : invalid),
  }),
  cookies: custom<CookieJar | boolean, CookieJar | false>({
    doc: 'Where cookies are kept and taken from: a `CookieJar` of tough-cookie, or `true` for a new one that clients made by `merge` share.',
    type: 'CookieJar | boolean',
    defaultText: '`false`',
    allowed: 'a CookieJar of tough-cookie, true or false',
    parse: (value) => {
      if (value === true) return new CookieJar();
      return value === false || value instanceof CookieJar ? value : invalid;
    },
  }),
  cache: custom<HttpCache | boolean, HttpCache | false>({
    doc: 'Where responses are kept by the rules of RFC 9111: an `HttpCache`, or `true` for a new one that clients made by `merge` share.',
    type: 'HttpCache | boolean',
    defaultText: '`false`',
    allowed: 'an HttpCache, true or false',
    parse: (value) => {
      if (value === true) return new HttpCache();
      return value === false || value instanceof HttpCache ? value : invalid;
    },
  }),
};
