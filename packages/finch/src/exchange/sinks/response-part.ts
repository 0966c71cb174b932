/** The parts in which a response is handed on while it comes. */
import { ResponseHeaders } from '../../response/index.ts';
import type { Fields } from '@linnet/mint';

/**
 * A part of a response: any number of interim ones, then `status`, `headers`,
 * `data` for each piece of the body, and `trailers` if there are any.
 *
 * The bytes of a `data` part are the receiver's to keep.
 *
 * Mirrors what the function of `Finch.stream/5` is called with; interim
 * responses (1xx) have a part of their own and are not mixed with the final one.
 */
export type ResponsePart =
  | {
      readonly type: 'informational';
      readonly status: number;
      readonly headers: ResponseHeaders;
    }
  | { readonly type: 'status'; readonly status: number }
  | { readonly type: 'headers'; readonly headers: ResponseHeaders }
  | { readonly type: 'data'; readonly data: Uint8Array }
  | { readonly type: 'trailers'; readonly trailers: ResponseHeaders };

export function informationalPart(status: number, raw: Fields): ResponsePart {
  return { type: 'informational', status, headers: new ResponseHeaders(raw) };
}

export function statusPart(status: number): ResponsePart {
  return { type: 'status', status };
}

export function headersPart(raw: Fields): ResponsePart {
  return { type: 'headers', headers: new ResponseHeaders(raw) };
}

export function dataPart(data: Uint8Array): ResponsePart {
  return { type: 'data', data };
}

/** The part of trailers; undefined when there are none. */
export function trailersPart(raw: Fields): ResponsePart | undefined {
  return raw.isEmpty ? undefined : { type: 'trailers', trailers: new ResponseHeaders(raw) };
}
