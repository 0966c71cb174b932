/**
 * `Finch.build`: from method, URL, headers and body to a request that can be
 * sent, or to an error that says what is wrong, before any socket opens.
 */
import { describeValue } from '@linnet/otp/options';
import type { HeadersInput, TrailersInput } from '../options/headers-input.ts';
import { buildSchema } from '../options/request-options.ts';
import type { BuildOptions } from '../options/request-options.ts';
import { bodyLength, impliedContentType, normalizeBody } from './body.ts';
import type { BodyInput } from './body.ts';
import { buildHeaders, trailerFields } from './headers.ts';
import { InvalidRequestError } from '../errors/input-errors.ts';
import { normalizeMethod } from './method.ts';
import type { Method } from './method.ts';
import { Request } from './request.ts';
import { expectErrors, isNodeStream } from './source.ts';
import { parseTarget } from './target.ts';

/**
 * Builds a request: `Finch.build`.
 *
 * Use it to send the same request many times, to send one through a tagged pool
 * or a Unix socket, or to find bad input before anything is sent. Building the
 * same URL again is cheap: its parts are cached.
 *
 * - `method`: known methods in any case; other tokens as they are.
 * - `url`: absolute http or https, as a string or a `URL`. Path and query of a
 *   string are sent as they are. The fragment is dropped; credentials are
 *   refused: send an `authorization` header.
 * - `headers`: an object, pairs, a Map or `Headers`; see {@link buildHeaders} for
 *   the defaults and for what is refused.
 * - `body`: a string, bytes, an array of those, URLSearchParams, FormData, a
 *   Blob, a ReadableStream, an (async) iterable, a function that returns one, or
 *   null. A stream or an iterator can be sent once. From here on an error of a
 *   stream is the request's: sending it rejects with RequestBodyError.
 * - `options`: `poolTag` (`'default'`), `unixSocket` (a path, or `'\0name'` on
 *   Linux) and `trailers` (fields to send after the body, or a function that makes
 *   them then).
 *
 * Mirrors `Finch.build/5`.
 *
 * @throws InvalidRequestError for a bad method, URL, header or body, a tag that is
 * no Unicode text, or a contradiction between them; OptionsError for a bad option.
 *
 * @example
 * const request = buildRequest(
 *   'POST',
 *   'https://api.internal/users',
 *   { 'content-type': 'application/json' },
 *   JSON.stringify({ name: 'Ada' }),
 *   { poolTag: 'api' },
 * );
 */
export function buildRequest(
  // The known methods are proposed by an editor, any other string is allowed.
  method: Method | (string & {}),
  url: string | URL,
  headers?: HeadersInput | null,
  body?: BodyInput,
  options?: BuildOptions,
): Request {
  const name = normalizeMethod(method);
  const { origin, path, query, target } = parseTarget(url);
  const { poolTag, unixSocket, trailers } =
    options === undefined ? buildSchema.defaults : buildSchema.read(options);
  if (!poolTag.isWellFormed()) throw badTag(poolTag);
  const pool = origin.poolOf(poolTag, unixSocket);
  const theBody = normalizeBody(body);
  const hasBody = theBody !== null;
  if (hasBody && name === 'TRACE') throw traceWithBody();
  if (trailers !== undefined) checkTrailers(trailers, hasBody);
  // A body that trailers follow is sent in chunks.
  const contentLength = trailers === undefined ? bodyLength(theBody) : undefined;
  const built =
    !hasBody && (headers === undefined || headers === null)
      ? { headers: origin.plainHeaders, expectContinue: false }
      : buildHeaders(headers, {
          host: origin.hostHeader,
          bodyLength: contentLength,
          hasBody,
          contentType: impliedContentType(body, theBody),
        });
  if (hasBody && isNodeStream(theBody)) expectErrors(theBody);
  return new Request(
    {
      method: name,
      path,
      query,
      target,
      headers: built.headers,
      body: theBody,
      contentLength,
      trailers,
      expectContinue: built.expectContinue,
      pool,
    },
    origin,
  );
}

function checkTrailers(trailers: TrailersInput, hasBody: boolean): void {
  if (!hasBody) {
    throw new InvalidRequestError({
      option: 'trailers',
      value: undefined,
      problem: 'A request without body has trailers',
      allowed: 'trailers after a body, which may be an empty stream',
    });
  }
  // Those of a function are checked when it has returned them.
  if (typeof trailers !== 'function') trailerFields(trailers);
}

/** A lone surrogate has no percent-encoding, so there is no key of such a pool. */
function badTag(tag: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'poolTag',
    value: tag,
    problem: `The tag ${describeValue(tag)} has a lone surrogate`,
    allowed: 'a string that is not empty and is Unicode text',
  });
}

/** RFC 9110 section 9.3.8: a client must not send content in a TRACE request. */
function traceWithBody(): InvalidRequestError {
  return new InvalidRequestError({
    option: 'body',
    value: undefined,
    problem: 'A TRACE request has a body',
    allowed: 'null',
  });
}
