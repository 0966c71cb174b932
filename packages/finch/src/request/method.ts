/**
 * Request methods: which are known, and which are idempotent.
 */
import { isToken } from '@linnet/mint';
import { describeValue } from '@linnet/otp/options';
import { InvalidRequestError } from '../errors/input-errors.ts';

/** The methods that are accepted in any case: RFC 9110 section 9, PATCH, QUERY. */
export type Method =
  | 'GET'
  | 'HEAD'
  | 'POST'
  | 'PUT'
  | 'PATCH'
  | 'DELETE'
  | 'OPTIONS'
  | 'TRACE'
  | 'QUERY';

const known: readonly Method[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'QUERY',
];

const bySpelling = new Map<string, string>(
  known.flatMap((method) => [
    [method, method],
    [method.toLowerCase(), method],
  ]),
);

/** RFC 9110 section 9.2.2; QUERY is safe, hence idempotent. */
const idempotent: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'QUERY',
]);

/**
 * The method as it is sent. Methods are case-sensitive (RFC 9110 section 9.1),
 * so a known one is put in upper case and any other is left alone.
 *
 * @throws InvalidRequestError when it is not a token, or `CONNECT`.
 */
export function normalizeMethod(method: unknown): string {
  if (typeof method === 'string') {
    const asKnown = bySpelling.get(method) ?? bySpelling.get(method.toUpperCase());
    if (asKnown !== undefined) return asKnown;
    if (method.toUpperCase() === 'CONNECT') {
      throw new InvalidRequestError({
        option: 'method',
        value: method,
        problem: 'CONNECT asks a proxy for a tunnel and cannot be sent as a request',
        allowed: 'any other method',
      });
    }
    if (isToken(method)) return method;
  }
  throw new InvalidRequestError({
    option: 'method',
    value: method,
    problem: `got unsupported method ${describeValue(method)}`,
    allowed: `${known.join(', ')} in any case, or another token (RFC 9110 section 5.6.2)`,
  });
}

/** Whether sending the request twice has the effect of sending it once. */
export function isIdempotent(method: string): boolean {
  return idempotent.has(method);
}
