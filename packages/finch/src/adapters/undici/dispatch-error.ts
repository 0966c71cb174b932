/**
 * What a dispatch fails with. Programs and interceptors that know undici go by `error.code`: the
 * codes of undici and of Node.js for the failures that these have as well.
 */
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
} from '../../errors/index.ts';
import { nameErrors } from '../../errors/finch-error.ts';

/**
 * A request of `finch.dispatcher()` or `finch.fetch` failed in a way for which undici or Node.js
 * has a code: `ECONNREFUSED`, `UND_ERR_CONNECT_TIMEOUT`, `UND_ERR_HEADERS_TIMEOUT`… That is its
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
 *   if (cause instanceof DispatchError) console.error(cause.code, cause.cause);
 * }
 */
export class DispatchError extends FinchError {
  static override readonly code = 'ERR_FINCH_DISPATCH';
  declare readonly cause: FinchError;

  /** @internal */
  constructor(code: string, cause: FinchError) {
    super(cause.message, { ...Object.fromEntries(Object.entries(cause)), code, cause });
  }

  static {
    nameErrors(this, 'DispatchError');
  }
}

/** The error as it is handed on; `headCame`: whether the head of the response had come. */
export function dispatchError(error: Error, headCame: boolean): Error {
  if (!isFinchError(error)) return error;
  const code = codeOf(error, headCame);
  return code === undefined ? error : new DispatchError(code, error);
}

function codeOf(error: FinchError, headCame: boolean): string | undefined {
  if (error instanceof ConnectTimeoutError) return 'UND_ERR_CONNECT_TIMEOUT';
  if (error instanceof TlsError) return error.reason;
  if (error instanceof ConnectError) return isErrno(error.reason) ? error.reason : socketCode;
  if (error instanceof ConnectionClosedError) {
    return isErrno(error.reason) ? error.reason : socketCode;
  }
  if (error instanceof StreamResetError) return socketCode;
  if (error instanceof ReceiveTimeoutError) {
    return headCame ? 'UND_ERR_BODY_TIMEOUT' : 'UND_ERR_HEADERS_TIMEOUT';
  }
  if (error instanceof ResponseTooLargeError) return 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
  if (error instanceof RequestCancelledError) return 'UND_ERR_ABORTED';
  return undefined;
}

const socketCode = 'UND_ERR_SOCKET';

/** Whether a reason is the name of an error number of the system, such as `ECONNRESET`. */
function isErrno(reason: string | undefined): reason is string {
  return reason !== undefined && /^E[A-Z0-9_]+$/.test(reason);
}
