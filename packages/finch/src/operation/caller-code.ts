/**
 * Code of the caller's that makes the body of a request or the fields after it:
 * it runs in the caller's context, whoever happens to have freed the connection
 * on which the request is sent.
 */
import { StepBody, trailerFields, type Request, type RequestBody } from '../request/index.ts';
import { callerContext, type CallerContext } from './caller-context.ts';

/** Whether a body is read while it is sent. The steps of `streamWhile` have a way of their own. */
export function isRead(body: RequestBody): boolean {
  return (
    body !== null &&
    typeof body !== 'string' &&
    !(body instanceof Uint8Array) &&
    !(body instanceof StepBody)
  );
}

/** The context of the caller, for a request that runs code of his; undefined for one that does not. */
export function contextOf({ body, trailers }: Request): CallerContext | undefined {
  return typeof trailers === 'function' || isRead(body) ? callerContext() : undefined;
}

/**
 * The fields after a request's body.
 *
 * @throws what the caller's function throws; InvalidRequestError.
 */
export function makeTrailers(
  { trailers = {} }: Request,
  inCaller: CallerContext | undefined,
): readonly string[] {
  if (typeof trailers !== 'function') return trailerFields(trailers);
  return trailerFields(inCaller === undefined ? trailers() : inCaller(trailers));
}
