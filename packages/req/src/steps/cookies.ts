/** The steps `putCookies` and `storeCookies`: RFC 6265 by tough-cookie. */
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import { isFromCache } from './cache.ts';

/** Adds the cookies of the jar to those of a `cookie` header. */
export function putCookies(request: ReqRequest): Promise<void> | undefined {
  const { cookies } = request.options;
  if (cookies === undefined || cookies === false) return undefined;
  const { headers, url } = request;
  return cookies.getCookieString(url).then((kept) => {
    const values = [...headers.getAll('cookie'), kept].filter((value) => value !== '');
    if (values.length > 0) headers.set('cookie', values.join('; '));
  });
}

/** Keeps the cookies of a response. One that the jar refuses, such as that of another domain, is not kept. */
export function storeCookies(
  request: ReqRequest,
  response: ReqResponse,
): Promise<void> | undefined {
  const { cookies } = request.options;
  if (cookies === undefined || cookies === false) return undefined;
  const fields = response.headers.getAll('set-cookie');
  // A kept response sets no cookies again, which may have changed since.
  if (fields.length === 0 || isFromCache(response)) return undefined;
  return storeAll(fields, (field) => cookies.setCookie(field, request.url, { ignoreError: true }));
}

/** In their order: a later one replaces an earlier one of its name. */
async function storeAll(
  fields: readonly string[],
  store: (field: string) => Promise<unknown>,
): Promise<void> {
  for (const field of fields) await store(field);
}
