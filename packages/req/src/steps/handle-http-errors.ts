/** The step `handleHttpErrors`. */
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import { StatusError } from '../message/status-error.ts';

/** Makes a status that is not expected an error, when `expect` or `httpErrors` says so. */
export function handleHttpErrors(request: ReqRequest, response: ReqResponse): Error | undefined {
  const { expect, httpErrors } = request.options;
  const isExpected =
    expect === undefined
      ? response.ok || httpErrors === 'return'
      : expect.includes(response.status);
  return isExpected ? undefined : new StatusError(response, request.method);
}
