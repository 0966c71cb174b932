/** The step `putParams`. */
import type { ReqRequest } from '../message/request.ts';

/** Adds `params` to the query, in the encoding of HTML forms. */
export function putParams(request: ReqRequest): void {
  const { params } = request.options;
  if (params === undefined || params.length === 0) return;
  const [url = ''] = request.url.split('#', 1);
  const separator = !url.includes('?') ? '?' : /[?&]$/.test(url) ? '' : '&';
  request.url = url + separator + new URLSearchParams(params).toString();
}
