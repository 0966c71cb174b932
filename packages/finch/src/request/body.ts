/**
 * Request bodies: what is accepted, how long a body is, and how it is opened when it
 * is sent.
 */
import { describeValue } from '@linnet/otp/options';
import { InvalidRequestError } from '../errors/input-errors.ts';
import { encodeForm, isForm } from './multipart.ts';
import { isWebStream, type BodyChunk, type BodySource } from './source.ts';

/**
 * What a body function of `finch.streamWhile` returns: the next piece, the end
 * of the body, or the end of the whole request; each with the accumulator.
 */
export type BodyStep<Acc> =
  | { readonly data: BodyChunk; readonly acc: Acc }
  | { readonly done: Acc }
  | { readonly halt: Acc };

/**
 * A body whose pieces come from a function of the accumulator, for
 * `finch.streamWhile` only. Say the accumulator's type at the parameter.
 *
 * Mirrors `{:stream, req_body_fun}` of `Finch.stream_while/5`.
 *
 * @example
 * const body = { stream: (n: number) => (n < 3 ? { data: `${n}`, acc: n + 1 } : { done: n }) };
 */
export interface BodySteps<Acc = never> {
  /** Gives the next piece of the body, its end, or the end of the request. */
  readonly stream: (acc: Acc) => BodyStep<unknown> | PromiseLike<BodyStep<unknown>>;
}

/** {@link BodySteps} in a request. */
export class StepBody {
  readonly next: (acc: unknown) => unknown;

  constructor(steps: BodySteps) {
    this.next = (acc) => steps.stream(acc as never);
  }
}

/** What a caller may give as a body. */
export type BodyInput =
  | BodySource
  | BodySteps
  | (() => BodySource)
  | string
  | ArrayBuffer
  | ArrayBufferView
  | URLSearchParams
  | Blob
  | FormData
  | null;

/** A body as a request holds it. */
export type RequestBody =
  | string
  | Uint8Array
  | Blob
  | BodySource
  | StepBody
  | (() => BodySource)
  | null;

/** A body as it is given to a connection. */
export type SendableBody = string | Uint8Array | BodySource | null;

const allowed =
  'a string, bytes, an array of strings or bytes, URLSearchParams, FormData, a Blob, a ReadableStream, ' +
  'an iterable or async iterable of strings or bytes, a function that returns one, ' +
  '{ stream: a function of the accumulator } for streamWhile, or null ' +
  '(of an object: JSON.stringify(it), and a content-type header)';

/**
 * Checks a body and brings it into one of a few forms. An array of pieces is
 * joined, as an iolist is, and FormData is encoded: so their length is known.
 *
 * @throws InvalidRequestError
 */
export function normalizeBody(input: BodyInput | undefined): RequestBody {
  if (input === undefined || input === null) return null;
  if (typeof input === 'string' || input instanceof Uint8Array) return input;
  if (typeof input === 'function' || input instanceof Blob) return input;
  if (input instanceof URLSearchParams) return input.toString();
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (ArrayBuffer.isView(input)) {
    return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  }
  if (Array.isArray(input)) return join(input);
  if (isForm(input)) return encodeForm(input);
  if (isSource(input)) return input;
  if (isSteps(input)) return new StepBody(input);
  throw badBody(input);
}

/** The content type that a kind of body implies, unless a header gives another. */
export function impliedContentType(
  input: BodyInput | undefined,
  body: RequestBody,
): string | undefined {
  if (input instanceof URLSearchParams) return 'application/x-www-form-urlencoded;charset=UTF-8';
  return body instanceof Blob && body.type !== '' ? body.type : undefined;
}

/** The length of a body in bytes; undefined when it is not known before sending. */
export function bodyLength(body: RequestBody): number | undefined {
  if (body === null) return 0;
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body instanceof Uint8Array) return body.byteLength;
  return body instanceof Blob ? body.size : undefined;
}

/**
 * Whether the body can be sent a second time. A stream or an iterator cannot: it may be
 * used up. A function can: it makes a new body.
 */
export function isReplayable(body: RequestBody): boolean {
  return (
    body === null ||
    typeof body === 'string' ||
    typeof body === 'function' ||
    body instanceof Uint8Array ||
    body instanceof Blob
  );
}

/**
 * The body as it is given to a connection. Call it in the caller's context, once for each
 * attempt: it runs a body function.
 *
 * @throws InvalidRequestError when the function returns something else.
 */
export function openBody(body: RequestBody): SendableBody {
  if (body instanceof StepBody) throw needsStreamWhile(body);
  if (typeof body === 'function') {
    const source: unknown = body();
    if (isSource(source)) return source;
    throw badBody(source, 'The body function returned');
  }
  return body instanceof Blob ? (body.stream() as ReadableStream<Uint8Array>) : body;
}

/** Whether something is a body that is produced while it is sent. */
export function isSource(value: unknown): value is BodySource {
  if (typeof value !== 'object' || value === null) return false;
  // Its elements are pairs or numbers, which are not meant to be sent.
  if (value instanceof Map || ArrayBuffer.isView(value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value || isWebStream(value);
}

function isSteps(value: unknown): value is BodySteps {
  return (
    typeof value === 'object' &&
    value !== null &&
    'stream' in value &&
    typeof value.stream === 'function'
  );
}

/** The error of every other function than `streamWhile`. */
export function needsStreamWhile(value: unknown): InvalidRequestError {
  return new InvalidRequestError({
    option: 'body',
    value,
    problem: 'The body is a function of an accumulator, which only streamWhile has',
    allowed: 'such a body in finch.streamWhile only; elsewhere an iterable or a generator',
  });
}

function join(pieces: readonly unknown[]): Uint8Array {
  const bytes = pieces.map((piece) => {
    if (typeof piece === 'string') return Buffer.from(piece);
    if (piece instanceof Uint8Array) return piece;
    throw badBody(piece, 'The body has a piece that is');
  });
  return Buffer.concat(bytes);
}

function badBody(value: unknown, what = 'The body is'): InvalidRequestError {
  return new InvalidRequestError({
    option: 'body',
    value,
    problem: `${what} ${value instanceof Promise ? 'a promise: await it first' : describeValue(value)}`,
    allowed,
    // A body may be anything, a password included.
    secret: typeof value !== 'object',
  });
}
