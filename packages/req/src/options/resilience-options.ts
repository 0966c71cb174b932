/** What is done when a server fails or is slow. */
import {
  boolean,
  custom,
  duration,
  finiteDuration,
  integer,
  invalid,
  isDelay,
  isObject,
  type OutputOf,
  string,
} from '@linnet/otp/options';
import type { HeaderList } from '../header-list.ts';
import { defineSchema } from './schema.ts';

/** What a function of `retry` is told. */
export interface RetryContext {
  readonly method: string;
  readonly url: string;
  /** How many attempts were made, 1 at first. */
  readonly attempt: number;
  /** What came, unless it was an error. */
  readonly response: { readonly status: number; readonly headers: HeaderList } | undefined;
  readonly error: Error | undefined;
}

/** Says whether to send again: after the usual delay (`true`), after so many ms, or not. */
export type RetryFunction = (context: RetryContext) => boolean | number | Promise<boolean | number>;

/** What is sent again. */
export type RetryRule = 'safe_transient' | 'transient' | false | RetryFunction;

const budgetSchema = defineSchema('retry budget', {
  ratio: custom<number, number, 0.2>({
    default: 0.2,
    doc: 'How many retries each call adds to the budget.',
    type: 'number',
    allowed: 'a number from 0 to 1',
    parse: (value) => (typeof value === 'number' && value >= 0 && value <= 1 ? value : invalid),
  }),
  burst: integer({ min: 0, default: 50, doc: 'How many retries there are at first and at most.' }),
});

const breakerSchema = defineSchema('breaker options', {
  name: string({
    doc: 'Clients with one name and the same settings share the breaker of an origin.',
  }),
  failures: integer({
    min: 1,
    default: 5,
    doc: 'After how many failures in a row the breaker opens.',
  }),
  failureRate: custom<number, number, 0.5>({
    default: 0.5,
    doc: 'It also opens when so much of the calls within `window` failed, 0 to 1.',
    type: 'number',
    allowed: 'a number above 0, up to 1',
    parse: (value) => (typeof value === 'number' && value > 0 && value <= 1 ? value : invalid),
  }),
  minimumCalls: integer({
    min: 1,
    default: 20,
    doc: 'How many calls there must have been within `window` for `failureRate` to count.',
  }),
  window: duration({ default: 10_000, doc: 'The time over which `failureRate` is taken.' }),
  resetTimeout: duration({
    default: 30_000,
    doc: 'How long the breaker stays open before it lets calls try.',
  }),
  halfOpenCalls: integer({
    min: 1,
    default: 1,
    doc: 'How many calls may try at once while it is half open; as many successes close it.',
  }),
});

const outlierSchema = defineSchema('outlier options', {
  failures: integer({
    min: 1,
    default: 5,
    doc: 'After how many failures in a row a server is ejected.',
  }),
  ejectionTime: finiteDuration({
    min: 1,
    default: 30_000,
    doc: 'For how long the first time; twice as long the second time, three times the third, and so on. Each such time in the rotation makes up for one of them.',
  }),
  maxEjectionTime: finiteDuration({
    min: 1,
    default: 300_000,
    doc: 'For how long at most.',
  }),
  maxEjected: custom<number, number, 0.5>({
    default: 0.5,
    doc: 'How much of the list may be ejected at a time, 0 to 1.',
    type: 'number',
    allowed: 'a number from 0 to 1',
    parse: (value) => (typeof value === 'number' && value >= 0 && value <= 1 ? value : invalid),
  }),
});

const rateLimitSchema = defineSchema('rate limit options', {
  name: string({
    doc: 'Clients with one name and the same settings share the limit of an origin.',
  }),
  requests: integer({ min: 1, default: 10, doc: 'How many requests may begin within `per`.' }),
  per: duration({ default: 1000, doc: 'The time in which they may begin.' }),
  burst: integer({
    min: 1,
    doc: 'How many may begin at once after a pause.',
    defaultText: '`requests`',
  }),
  maxQueue: integer({
    min: 0,
    default: 1000,
    doc: 'How many may wait for their turn; one more is a `RateLimitError`.',
  }),
});

const hedgeSchema = defineSchema('hedge options', {
  delay: duration({
    default: 100,
    doc: 'After which time without a response another request is sent.',
  }),
  max: integer({ min: 1, default: 1, doc: 'How many more requests may be sent.' }),
});

/** When a circuit breaker opens and closes. */
export type BreakerSettings = OutputOf<(typeof breakerSchema)['fields']>;
/** When an upstream is ejected, and for how long. */
export type OutlierSettings = OutputOf<(typeof outlierSchema)['fields']>;
/** How many requests may begin. */
export type RateLimitSettings = OutputOf<(typeof rateLimitSchema)['fields']>;
/** How many retries there may be over all calls of a client. */
export type BudgetSettings = OutputOf<(typeof budgetSchema)['fields']>;

/** An option that is `false`, `true` for its defaults, or an object; `on` without being given. */
function settings<S>(
  schema: { readonly defaults: S; parse(given: object, path: string): S },
  spec: { readonly doc: string; readonly type: string; readonly on: boolean },
) {
  return custom<boolean | Partial<S>, S | false, S | false>({
    ...spec,
    default: spec.on ? schema.defaults : false,
    defaultText: `\`${spec.on}\``,
    allowed: 'true, false or an object of options',
    parse(value, path) {
      if (typeof value === 'boolean') return value && schema.defaults;
      if (!isObject(value)) return invalid;
      return schema.parse(value, `${path}.`);
    },
  });
}

export const resilienceFields = {
  retry: custom<RetryRule, RetryRule, 'safe_transient'>({
    default: 'safe_transient',
    doc: "What is sent again: `'safe_transient'` (default) GET, HEAD, OPTIONS and TRACE after an error of the connection or a status of `retryStatuses`, and any request of which provably nothing was sent; `'transient'` every method; `false` nothing; or a function.",
    type: "'safe_transient' | 'transient' | false | function",
    allowed: "'safe_transient', 'transient', false or a function",
    parse: (value) =>
      value === 'safe_transient' || value === 'transient' || value === false
        ? value
        : typeof value === 'function'
          ? (value as RetryFunction)
          : invalid,
  }),
  maxRetries: integer({ min: 0, default: 3, doc: 'How often a request is sent again at most.' }),
  retryStatuses: custom<readonly number[], readonly number[], readonly number[]>({
    doc: 'The statuses after which it is sent again.',
    type: 'integer[]',
    default: [408, 429, 500, 502, 503, 504],
    allowed: 'a list of statuses',
    parse: (value) =>
      Array.isArray(value) && value.every((each) => Number.isInteger(each))
        ? (value as number[])
        : invalid,
  }),
  retryDelay: custom<number | ((retry: number) => number)>({
    doc: 'The wait before retry n (0, 1, …): ms, or a function of n. `Retry-After` comes first.',
    type: 'integer | function',
    unit: 'ms',
    defaultText: 'between half and all of 1000 · 2ⁿ',
    allowed: 'ms, or a function that returns ms',
    parse: (value) =>
      isDelay(value)
        ? value
        : typeof value === 'function'
          ? (value as (n: number) => number)
          : invalid,
  }),
  maxRetryDelay: duration({
    default: 30_000,
    doc: 'The longest wait. A server that asks for more with `Retry-After` is not waited for: its response is returned.',
  }),
  retryBudget: settings(budgetSchema, {
    doc: 'How many retries a client makes over all its calls, so that they do not add to an overload: at first and at most `burst` (50), each call adds `ratio` (0.2), each retry and each hedged request takes one. Clients made by `merge` share it. `false` for no budget.',
    type: 'boolean | { ratio, burst }',
    on: true,
  }),
  breaker: settings(breakerSchema, {
    doc: 'A circuit breaker for each origin, a machine in the tree of `Req.childSpec`.',
    type: 'boolean | BreakerOptions',
    on: false,
  }),
  outlier: settings(outlierSchema, {
    doc: 'Whether a server of a list of `baseUrl` whose requests fail is ejected for a time, during which the others do its work; each has a machine in the tree of `Req.childSpec`.',
    type: 'boolean | OutlierOptions',
    on: false,
  }),
  rateLimit: settings(rateLimitSchema, {
    doc: 'A token bucket for each origin, a process in the tree of `Req.childSpec`.',
    type: 'boolean | RateLimitOptions',
    on: false,
  }),
  hedge: settings(hedgeSchema, {
    doc: 'Whether a GET, HEAD, OPTIONS or TRACE without answer is sent once more beside the first, the first response to be taken. Each further request takes a retry of `retryBudget` and a token of `rateLimit`; without one it is not sent.',
    type: 'boolean | { delay, max }',
    on: false,
  }),
  redirect: boolean({ default: true, doc: 'Whether redirects are followed.' }),
  maxRedirects: integer({ min: 0, default: 10, doc: 'How many redirects are followed.' }),
  redirectTrusted: boolean({
    default: false,
    doc: 'Whether credentials are also sent to other origins that a redirect names.',
  }),
};

export { breakerSchema, budgetSchema, hedgeSchema, outlierSchema, rateLimitSchema };
