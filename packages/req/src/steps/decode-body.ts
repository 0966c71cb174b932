/** The step `decodeBody`. */
import { check } from '../body/check.ts';
import { charsetOf, decodeText, kindOf, utf8 } from '../body/text.ts';
import { DecodeError } from '../errors/index.ts';
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import { isSchema, type ResponseHead } from '../options/index.ts';

/** How much of a body an error shows. */
const longestSnippet = 100;

/** Makes JSON, text or bytes of the body, by its content type or by `decode`. */
export function decodeBody(
  request: ReqRequest,
  response: ReqResponse,
): Error | Promise<Error | undefined> | undefined {
  const { decode, raw } = request.options;
  if (raw) return undefined;
  const { body, status, headers } = response;
  const head: ResponseHead = { url: request.url, status, headers };
  if (body instanceof Uint8Array) {
    const isKnown = decode === 'json' || decode === 'text' || decode === 'bytes';
    const kind = isKnown ? decode : kindOf(headers);
    if (kind === 'json') {
      const error = decodeJson(body, response, head, decode === 'json');
      if (error !== undefined) return error;
    } else if (kind === 'text') {
      const text = textOf(body, head);
      if (text instanceof Error) return text;
      response.body = text;
    }
  }
  return isSchema(decode) && isWanted(request, response)
    ? validate(decode, response, head)
    : undefined;
}

/** A status that the caller expects has the body that the schema describes. */
function isWanted({ options: { expect } }: ReqRequest, { ok, status }: ReqResponse): boolean {
  return expect === undefined ? ok : expect.includes(status);
}

/**
 * JSON is in UTF-8 (RFC 8259, 8.1). No bytes are no value: `undefined`. The body of a failure that is no
 * JSON, which it then only claims to be, is text: the status is what matters.
 */
function decodeJson(
  bytes: Uint8Array,
  response: ReqResponse,
  head: ResponseHead,
  asked: boolean,
): Error | undefined {
  if (bytes.length === 0) {
    response.body = undefined;
    return undefined;
  }
  const text = utf8(bytes);
  try {
    response.body = JSON.parse(text);
    return undefined;
  } catch (cause) {
    if (head.status >= 400 && !asked) {
      response.body = text;
      return undefined;
    }
    return new DecodeError({
      ...whereOf(head),
      reason: 'invalid_json',
      snippet: text.slice(0, longestSnippet),
      cause,
    });
  }
}

function textOf(bytes: Uint8Array, head: ResponseHead): string | DecodeError {
  try {
    return decodeText(bytes, charsetOf(head.headers));
  } catch (cause) {
    return new DecodeError({ ...whereOf(head), reason: 'charset', cause });
  }
}

async function validate(
  schema: Parameters<typeof check>[0],
  response: ReqResponse,
  head: ResponseHead,
): Promise<Error | undefined> {
  const result = await check(schema, response.body);
  if (!('value' in result)) {
    return new DecodeError({ ...whereOf(head), reason: 'schema', issues: result });
  }
  response.body = result.value;
  return undefined;
}

function whereOf({ url, status, headers }: ResponseHead) {
  return { url, status, contentType: headers.get('content-type') };
}
