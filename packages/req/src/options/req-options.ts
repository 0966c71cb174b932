/** All options of a client and of a call, and how those of the one are merged into those of the other. */
import type { InputOf, OutputOf } from '@linnet/otp/options';
import { HeaderList } from '../header-list.ts';
import { ReqOptionsError } from '../errors/index.ts';
import { bodyFields } from './body-options.ts';
import { mergePairs } from './params.ts';
import { resilienceFields } from './resilience-options.ts';
import { isSchema, responseFields } from './response-options.ts';
import { defineSchema } from './schema.ts';
import { transportFields } from './transport-options.ts';
import { urlFields } from './url-options.ts';

/** What other clients call them. */
const elsewhere = {
  agent: 'finch',
  baseURL: 'baseUrl',
  cookieJar: 'cookies',
  data: 'json',
  decompress: 'raw',
  dispatcher: 'finch',
  followRedirect: 'redirect',
  jar: 'cookies',
  multipart: 'formMultipart',
  parseJson: 'decode',
  prefixUrl: 'baseUrl',
  qs: 'params',
  query: 'params',
  responseType: 'decode',
  searchParams: 'params',
  throwHttpErrors: 'httpErrors',
  validateStatus: 'httpErrors',
} as const;

export const reqSchema = defineSchema(
  'options of Req',
  { ...urlFields, ...bodyFields, ...responseFields, ...resilienceFields, ...transportFields },
  undefined,
  elsewhere,
);

/** The options of `Req.new`, and of every call; see docs/reference/options.md. */
export type ReqOptions = InputOf<(typeof reqSchema)['fields']>;
/** The same, checked, with the defaults. */
export type ResolvedOptions = OutputOf<(typeof reqSchema)['fields']>;
/** Checked options as far as they were given. */
export type GivenOptions = Partial<ResolvedOptions>;

const bodies = ['body', 'json', 'form', 'formMultipart'] as const;

/**
 * Checks options.
 *
 * @throws ReqOptionsError
 */
export function parseOptions(options: ReqOptions | undefined): GivenOptions {
  const given = reqSchema.given(options);
  const named = bodies.filter((name) => given[name] !== undefined);
  if (named.length > 1) {
    throw new ReqOptionsError({
      option: named.join(', '),
      value: options,
      allowed: 'one of body, json, form and formMultipart',
    });
  }
  return given;
}

/**
 * Later options replace earlier ones; headers, `params` and `pathParams` are merged by their names, and a
 * body of any kind replaces a body of any other.
 */
export function mergeOptions<O extends GivenOptions>(before: O, after: GivenOptions): O {
  const merged: O & { -readonly [K in keyof GivenOptions]: GivenOptions[K] } = {
    ...before,
    ...after,
  };
  if (bodies.some((name) => after[name] !== undefined)) {
    for (const name of bodies) {
      if (after[name] === undefined) merged[name] = undefined;
    }
  }
  if (before.headers !== undefined && after.headers !== undefined) {
    merged.headers = mergeHeaders(before.headers, after.headers);
  }
  if (before.params !== undefined && after.params !== undefined) {
    merged.params = mergePairs(before.params, after.params);
  }
  if (before.pathParams !== undefined && after.pathParams !== undefined) {
    merged.pathParams = { ...before.pathParams, ...after.pathParams };
  }
  // A schema types what a call resolves with, so that another status must not be resolved with.
  if (isSchema(after.decode)) {
    if (after.httpErrors === undefined) merged.httpErrors = 'raise';
    checkDecoded(merged);
  }
  return merged;
}

/** Every option: as given, or its default. */
export function resolveOptions(given: GivenOptions): ResolvedOptions {
  return { ...reqSchema.defaults, ...given };
}

/** What a schema types has to be there, and decoded. */
function checkDecoded({ raw, into, decode }: GivenOptions): void {
  const other = raw === true ? 'raw' : into === undefined ? undefined : 'into';
  if (other === undefined) return;
  throw new ReqOptionsError({
    option: 'decode',
    value: decode,
    detail: `a schema checks a body that is decoded in memory, and ${other} says otherwise`,
    allowed: 'a schema without raw and into; req.jsonLines checks values as they come',
  });
}

function mergeHeaders(before: HeaderList, after: HeaderList): HeaderList {
  const names = new Set(Array.from(after, ([name]) => name));
  return HeaderList.over([...[...before].filter(([name]) => !names.has(name)), ...after]);
}
