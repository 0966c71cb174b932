/** Where a request goes, and what it says of itself. */
import type { HeadersInput } from '@linnet/finch';
import { boolean, custom, invalid, oneOf, string } from '@linnet/otp/options';
import { Upstreams } from '../upstreams.ts';
import { fieldsOf, HeaderList } from '../header-list.ts';
import { auth } from './auth.ts';
import { params, pathParams } from './params.ts';

/** The start of every URL, several to be used in turn, or what gives it for each attempt. */
export type BaseUrl =
  | string
  | URL
  | ReadonlyArray<string | URL>
  | (() => string | URL | Promise<string | URL>);

export const urlFields = {
  baseUrl: custom<BaseUrl, Exclude<BaseUrl, readonly unknown[]> | Upstreams>({
    doc: 'What is put before a URL that has no scheme; a list of those of servers that give the same, of which each attempt takes the next (see `outlier`); or a function that returns it.',
    type: 'string | URL | (string | URL)[] | function',
    allowed: 'an http or https URL, a list of them, or a function that returns one',
    parse(value) {
      if (typeof value === 'function' || isHttpUrl(value)) {
        return value as Exclude<BaseUrl, readonly unknown[]>;
      }
      if (!Array.isArray(value) || value.length === 0 || !value.every(isHttpUrl)) return invalid;
      return new Upstreams(value.map(String));
    },
  }),
  params,
  pathParams,
  pathParamsStyle: oneOf(['colon', 'curly'], {
    default: 'colon',
    doc: "How `pathParams` stand in the path: `'colon'` as `:name`, `'curly'` as `{name}`.",
  }),
  headers: custom<HeadersInput, HeaderList>({
    doc: 'Headers. Merging replaces those of the same name.',
    type: 'HeadersInput',
    allowed: 'an object, pairs, a Map or Headers, of strings, numbers, or lists of them',
    parse(value) {
      if (typeof value !== 'object' || value === null) return invalid;
      for (const pair of Symbol.iterator in value ? (value as Iterable<unknown>) : []) {
        if (!Array.isArray(pair) || typeof pair[0] !== 'string') return invalid;
      }
      return HeaderList.over(fieldsOf(value as HeadersInput));
    },
  }),
  userAgent: string({
    doc: 'The header `user-agent`.',
    defaultText: '`linnet-req/<version>`',
  }),
  range: string({
    doc: "The header `range`, as `'bytes=0-99'`. Responses to it are not asked to be compressed.",
  }),
  auth,
  compressed: boolean({
    default: true,
    doc: 'Whether the server is told, by `accept-encoding`, that the response may be compressed.',
  }),
};

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string' && !(value instanceof URL)) return false;
  return URL.canParse(String(value)) && /^https?:/i.test(String(value));
}
