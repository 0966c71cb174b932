/** The step `encodeBody`. */
import { encodeMultipart } from '../body/multipart.ts';
import { ReqOptionsError } from '../errors/index.ts';
import type { ReqRequest } from '../message/request.ts';

/** Makes the body of `json`, `form` or `formMultipart`. */
export function encodeBody(request: ReqRequest): Promise<void> | undefined {
  const { json, form, formMultipart } = request.options;
  const { headers } = request;
  if (json !== undefined) {
    request.body = jsonText(json.value);
    headers.setDefault('content-type', 'application/json').setDefault('accept', 'application/json');
  } else if (form !== undefined) {
    request.body = new URLSearchParams(form).toString();
    headers.setDefault('content-type', 'application/x-www-form-urlencoded');
  } else if (formMultipart !== undefined) {
    return encodeMultipart(formMultipart).then(({ body, contentType, length }) => {
      request.body = body;
      headers.set('content-type', contentType);
      if (length !== undefined) headers.setDefault('content-length', length);
    });
  }
  return undefined;
}

function jsonText(value: unknown): string {
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) return text;
    throw new TypeError('it has no JSON');
  } catch (cause) {
    const allowed = 'a value that JSON has: without circles, bigints and functions at its top';
    throw new ReqOptionsError({ option: 'json', value, allowed, secret: true, cause });
  }
}
