/** Which failures pass by themselves, and which requests may be sent again after them. */
import { isFinchError } from '@linnet/finch';

/** Methods that change nothing on the server (RFC 9110, 9.2.1). */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

const transientCodes: ReadonlySet<string> = new Set([
  'ERR_FINCH_CONNECT',
  'ERR_FINCH_CONNECT_TIMEOUT',
  'ERR_FINCH_CONNECTION_CLOSED',
  'ERR_FINCH_RECEIVE_TIMEOUT',
  'ERR_FINCH_REQUEST_TIMEOUT',
  'ERR_FINCH_STREAM_RESET',
]);

/** Whether a request may be sent twice without doing anything twice. */
export function isSafe(method: string): boolean {
  return safeMethods.has(method);
}

/** Whether an error is one of the connection, or of a server that was too slow. */
export function isTransient(error: Error): boolean {
  return isFinchError(error) && transientCodes.has(error.code);
}

/** Whether an error says that no byte of the request can have reached the server. */
export function provesUnsent(error: Error): boolean {
  if (!isFinchError(error)) return false;
  if (error.code === 'ERR_FINCH_CONNECT' || error.code === 'ERR_FINCH_CONNECT_TIMEOUT') return true;
  return 'requestSent' in error && error.requestSent === false;
}
