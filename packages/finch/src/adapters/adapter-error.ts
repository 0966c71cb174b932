/**
 * What a request of another client fails with, over the pools of an instance. Programs and
 * libraries go by `error.code`: these are the codes of Node.js and undici, where they have one.
 */
import { nameErrors } from '../errors/finch-error.ts';
import {
  ConnectError,
  ConnectionClosedError,
  ConnectTimeoutError,
  FinchError,
  isFinchError,
  ReceiveTimeoutError,
  RequestCancelledError,
  ResponseTooLargeError,
  StreamResetError,
  TlsError,
} from '../errors/index.ts';

/**
 * A request of `finch.fetch`, `finch.dispatcher()` or `finch.agent()` failed in a way for which
 * Node.js or undici has a code: `ECONNREFUSED`, `ETIMEDOUT`, `UND_ERR_HEADERS_TIMEOUT`… That is its
 * `code`; message and fields are those of its `cause`, the error of Finch.
 *
 * Other errors, such as PoolTimeoutError, come as they are. With `fetch`, either is the `cause` of
 * its TypeError.
 *
 * @example
 * try {
 *   await finch.fetch('https://api.example.com/users');
 * } catch (error) {
 *   const cause = error instanceof TypeError ? error.cause : undefined;
 *   if (cause instanceof AdapterError) console.error(cause.code, cause.cause);
 * }
 */
export class AdapterError extends FinchError {
  static override readonly code = 'ERR_FINCH_ADAPTER';
  declare readonly cause: FinchError;

  /** @internal */
  constructor(code: string, cause: FinchError) {
    super(cause.message, { ...Object.fromEntries(Object.entries(cause)), code, cause });
  }

  static {
    nameErrors(this, 'AdapterError');
  }
}

/** The error as undici would tell it; `headCame`: whether the head of the response had come. */
export function asUndici(error: Error, headCame: boolean): Error {
  if (!isFinchError(error)) return error;
  if (error instanceof ConnectTimeoutError) return coded(error, 'UND_ERR_CONNECT_TIMEOUT');
  if (error instanceof ReceiveTimeoutError) {
    return coded(error, headCame ? 'UND_ERR_BODY_TIMEOUT' : 'UND_ERR_HEADERS_TIMEOUT');
  }
  if (error instanceof ResponseTooLargeError) return coded(error, 'UND_ERR_RES_EXCEEDED_MAX_SIZE');
  if (error instanceof RequestCancelledError) return coded(error, 'UND_ERR_ABORTED');
  const code = systemCode(error);
  if (code !== undefined) return coded(error, code);
  const isOfSocket =
    error instanceof ConnectError ||
    error instanceof ConnectionClosedError ||
    error instanceof StreamResetError;
  return isOfSocket ? coded(error, 'UND_ERR_SOCKET') : error;
}

/** The error as node:http would tell it. */
export function asNode(error: Error): Error {
  if (!isFinchError(error)) return error;
  if (error instanceof ConnectTimeoutError) return coded(error, 'ETIMEDOUT');
  const code = systemCode(error);
  if (code !== undefined) return coded(error, code);
  return error instanceof ConnectionClosedError ? coded(error, 'ECONNRESET') : error;
}

function coded(error: FinchError, code: string): AdapterError {
  return new AdapterError(code, error);
}

/** The name of an error number, such as `ECONNREFUSED`, or the reason of TLS. */
function systemCode(error: FinchError): string | undefined {
  if (error instanceof TlsError) return error.reason;
  const { reason } = error as { readonly reason?: unknown };
  const isKind = error instanceof ConnectError || error instanceof ConnectionClosedError;
  return isKind && typeof reason === 'string' && /^E[A-Z0-9_]+$/.test(reason) ? reason : undefined;
}
