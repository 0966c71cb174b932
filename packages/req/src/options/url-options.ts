/** Where a request goes, and what it says of itself. */
import type { HeadersInput } from '@linnet/finch';
import { fieldsOf, HeaderList } from '../header-list.ts';
import { auth } from './auth.ts';
import { invalid } from './field.ts';
import { boolean, custom, oneOf, text } from './kinds.ts';
import { params, pathParams } from './params.ts';

/** The start of every URL, or what gives it for each attempt. */
export type BaseUrl = string | URL | (() => string | URL | Promise<string | URL>);

export const urlFields = {
  baseUrl: custom<BaseUrl>({
    doc: 'What is put before a URL that has no scheme; or a function that returns it.',
    type: 'string | URL | function',
    allowed: 'an http or https URL, or a function that returns one',
    parse: (value) =>
      typeof value === 'function' || isHttpUrl(value) ? (value as BaseUrl) : invalid,
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
  userAgent: text({
    doc: 'The header `user-agent`.',
    defaultText: '`linnet-req/<version>`',
  }),
  range: text({
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
