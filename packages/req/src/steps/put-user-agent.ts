/** The step `putUserAgent`. */
import type { ReqRequest } from '../message/request.ts';
import { defaultUserAgent } from '../version.ts';

/** Says which client asks. */
export function putUserAgent(request: ReqRequest): void {
  request.headers.setDefault('user-agent', request.options.userAgent ?? defaultUserAgent);
}
