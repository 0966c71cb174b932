/** The step `handleHttpErrors`. */
import { isExpected } from '../message/expected.ts';
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import { StatusError } from '../message/status-error.ts';

/** Makes a status that is not expected an error, when `expect` or `httpErrors` says so. */
export function handleHttpErrors(request: ReqRequest, response: ReqResponse): Error | undefined {
  return isExpected(response.status, request.options)
    ? undefined
    : new StatusError(response, request.method);
}
