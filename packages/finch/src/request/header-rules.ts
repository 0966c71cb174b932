/**
 * Headers that a request may not have, or only with certain values: those about the
 * connection and about the length of the body.
 */
import { InvalidRequestError } from '../errors/input-errors.ts';

/** What the headers of a request depend on besides what the caller gave. */
export interface HeaderContext {
  readonly host: string;
  /** In bytes; undefined when it is not known. */
  readonly bodyLength: number | undefined;
  readonly hasBody: boolean;
  /** The content type that the kind of body implies. */
  readonly contentType: string | undefined;
}

/** The headers that have rules of their own, as far as they were given. */
export interface SeenHeaders {
  host?: string;
  contentLength?: string;
  transferEncoding?: string;
  userAgent?: true;
  contentType?: true;
  expect?: true;
}

const never: ReadonlyMap<string, string> = new Map([
  ['upgrade', 'none: a request of a pool keeps its protocol'],
  ['keep-alive', 'none: the pool decides how long a connection lives'],
  ['proxy-connection', 'none: it was never a standard'],
  ['http2-settings', 'none: HTTP/2 is negotiated by ALPN'],
]);

const only: ReadonlyMap<string, readonly string[]> = new Map([
  ['connection', ['close', 'keep-alive']],
  ['te', ['trailers']],
  ['expect', ['100-continue']],
]);

/**
 * Refuses a header about the connection.
 *
 * @throws InvalidRequestError
 */
export function rejectReserved(name: string, value: string): void {
  const reason = never.get(name);
  if (reason !== undefined) throw reserved(name, value, reason);
  const values = only.get(name);
  if (values !== undefined && !values.includes(value.toLowerCase())) {
    throw reserved(name, value, values.join(' or '));
  }
}

/**
 * Checks the headers that say where the body ends against the body.
 *
 * @throws InvalidRequestError
 */
export function checkLength(seen: SeenHeaders, context: HeaderContext): void {
  const { contentLength, transferEncoding, host } = seen;
  if (host !== undefined && /[^\x21-\x7e]|[/?#@\\,]/.test(host)) {
    throw reserved('host', host, 'a host name or address with or without a port');
  }
  if (seen.expect === true && !context.hasBody) {
    throw reserved('expect', '100-continue', 'a request with a body');
  }
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) {
      throw reserved('transfer-encoding', transferEncoding, 'either it or content-length');
    }
    const isStreamed = context.hasBody && context.bodyLength === undefined;
    if (!isStreamed || transferEncoding.toLowerCase() !== 'chunked') {
      throw reserved(
        'transfer-encoding',
        transferEncoding,
        'chunked with a streamed body, or none: the client frames the body',
      );
    }
  }
  if (contentLength === undefined) return;
  if (!/^\d+$/.test(contentLength) || !Number.isSafeInteger(Number(contentLength))) {
    throw reserved('content-length', contentLength, 'a decimal number of bytes');
  }
  if (context.bodyLength !== undefined && Number(contentLength) !== context.bodyLength) {
    throw reserved(
      'content-length',
      contentLength,
      `${context.bodyLength}, the length of the body, or none`,
    );
  }
}

function reserved(name: string, value: string, allowed: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value: `${name}: ${value}`,
    problem: `The header ${name} cannot be ${JSON.stringify(value)}`,
    allowed,
  });
}
