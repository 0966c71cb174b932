/** The step `auth`, and `refreshAuth` after it. */
import { authorizationOf } from '../auth/authorization.ts';
import { isReplayable } from '../body/replayable.ts';
import type { Again } from '../message/control.ts';
import type { ReqRequest, RequestInput } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';

/** Puts credentials into `authorization`, unless the request has that header. */
export function auth(request: ReqRequest): Promise<void> | undefined {
  const { options, call, headers } = request;
  if (options.auth === undefined || options.auth === false) return undefined;
  if (headers.has('authorization')) return undefined;
  const { refused, signal } = call;
  const { origin } = request;
  const value = authorizationOf(options.auth, { origin, refused, signal });
  if (value instanceof Promise) {
    return value.then((found) => {
      if (found !== undefined) headers.set('authorization', found);
    });
  }
  if (value !== undefined) headers.set('authorization', value);
  return undefined;
}

/** Sends a request once more that was answered 401, when a function can give other credentials. */
export function refreshAuth(
  request: ReqRequest,
  response: ReqResponse,
): Again<RequestInput> | undefined {
  const { options, call } = request;
  if (response.status !== 401 || typeof options.auth !== 'function') return undefined;
  if (call.refused !== undefined || !isReplayable(options)) return undefined;
  const refused = request.headers.get('authorization');
  if (refused === undefined || options.headers?.has('authorization') === true) return undefined;
  call.refused = refused;
  return request.again();
}
