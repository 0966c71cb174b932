/**
 * Whether a request has the parts that it must have. TypeScript says so, too;
 * in JavaScript fields that are an object would be sent without a word as none.
 */
import { InvalidRequestError } from './errors/index.ts';

type Part = 'method' | 'target' | 'headers' | 'body';

const allowed: Readonly<Record<Part, string>> = {
  method: 'a string, such as GET',
  target: 'a string, such as /users?page=2',
  headers: 'a flat list of strings: name, value, name, value',
  body: 'a string, bytes, an iterable or async iterable of them, a ReadableStream, or null',
};

/** What is wrong with the parts of a request; undefined if they are of the right kinds. */
export function misshapen(request: {
  readonly [Name in Part]?: unknown;
}): InvalidRequestError | undefined {
  const { method, target, headers = [], body = null } = request;
  if (typeof method !== 'string') return wrong('method', method);
  if (typeof target !== 'string') return wrong('target', target);
  if (!isFlatList(headers)) return wrong('headers', headers);
  return isBody(body) ? undefined : wrong('body', body);
}

function isFlatList(headers: unknown): boolean {
  return (
    Array.isArray(headers) &&
    headers.length % 2 === 0 &&
    headers.every((part) => typeof part === 'string')
  );
}

function isBody(body: unknown): boolean {
  if (body === null || typeof body === 'string') return true;
  if (typeof body !== 'object') return false;
  return Symbol.iterator in body || Symbol.asyncIterator in body || body instanceof ReadableStream;
}

function wrong(option: Part, value: unknown): InvalidRequestError {
  const problem = `The ${option} of the request ${value === undefined ? 'is missing' : 'cannot be sent'}`;
  return new InvalidRequestError({ option, value, allowed: allowed[option], problem });
}
