/**
 * What the wire beneath says, as one of this package's errors: with its pool,
 * its remedy and the names that users know.
 */
import * as mint from '@linnet/mint';
import {
  ConnectError,
  ConnectionClosedError,
  ConnectTimeoutError,
  Http3UnavailableError,
  TlsError,
} from './connection-errors.ts';
import type { WhereDetails } from './details.ts';
import { isFinchError } from './finch-error.ts';
import { InvalidRequestError, OptionsError } from './input-errors.ts';
import { ProxyError } from './proxy-error.ts';
import { RequestBodyError } from './request-body-error.ts';
import { ProtocolError } from './request-errors.ts';
import { ResponseTooLargeError } from './response-errors.ts';
import { StreamResetError } from './stream-errors.ts';

/** The error of this package for one of the wire's; every other error stays what it is. */
export function fromMint(error: unknown, where: WhereDetails = {}): Error {
  if (!mint.isMintError(error)) return error as Error;
  const cause = error.cause === undefined ? undefined : fromMint(error.cause);
  if (error instanceof mint.ConnectionClosedError) {
    return new ConnectionClosedError({ ...fieldsOf(error), ...where, cause });
  }
  if (error instanceof mint.ProtocolError) {
    return new ProtocolError({ ...fieldsOf(error), ...where, cause });
  }
  if (error instanceof mint.StreamResetError) {
    return new StreamResetError({ ...fieldsOf(error), ...where, cause });
  }
  if (error instanceof mint.ResponseTooLargeError) {
    return new ResponseTooLargeError({ ...fieldsOf(error), ...where, cause });
  }
  if (error instanceof mint.RequestBodyError) {
    // Trailers that cannot be sent.
    if (isFinchError(error.cause)) return error.cause;
    return new RequestBodyError({ ...fieldsOf(error), ...where, cause });
  }
  if (error instanceof mint.ConnectTimeoutError) {
    return new ConnectTimeoutError({ ...fieldsOf(error), ...known(where), cause });
  }
  if (error instanceof mint.ConnectError) {
    return new ConnectError({ ...fieldsOf(error), ...known(where), cause });
  }
  if (error instanceof mint.TlsError) {
    return new TlsError({ ...fieldsOf(error), ...known(where), cause });
  }
  if (error instanceof mint.QuicUnavailableError) {
    return new Http3UnavailableError({ origin: where.origin ?? '', ...known(where), cause: error });
  }
  if (error instanceof mint.ProxyError) {
    return new ProxyError({ ...fieldsOf(error), ...known(where), cause });
  }
  if (error instanceof mint.InvalidRequestError) {
    return new InvalidRequestError({ ...fieldsOf(error), value: error.value, cause });
  }
  if (error instanceof mint.OptionsError) {
    const { option, value, allowed, problem: detail } = error;
    // All but the path of a file may be a key or a passphrase.
    const secret = !option.endsWith('File');
    const scope = 'TLS options';
    return new OptionsError({ option, value, secret, scope, allowed, detail, cause });
  }
  return error;
}

/** What an error tells beside its code and message. */
function fieldsOf<E extends mint.MintError>(error: E): Omit<E, 'code'> {
  const { code: _, ...fields } = error;
  return fields;
}

/** The origin of an error that has one stays. */
function known({ pool }: WhereDetails): { readonly pool?: string | undefined } {
  return { pool };
}
