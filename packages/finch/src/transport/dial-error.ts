/**
 * Why a dial failed, as one of the package's errors.
 */
import { ConnectError, ConnectTimeoutError, TlsError } from '../errors/index.ts';

/** How far a dial came. */
export interface DialProgress {
  readonly origin: string;
  /** How long it took, in ms. */
  readonly waited: number;
  /** Whether the TLS handshake was under way. */
  readonly securing: boolean;
  /** The name that the certificate is checked against. */
  readonly servername: string | undefined;
}

/** What node:net or node:tls reported, as a `ConnectError` or a `TlsError`. */
export function dialError(error: Error, progress: DialProgress): ConnectError | TlsError {
  const { origin, waited, securing, servername } = progress;
  return securing
    ? new TlsError({ origin, servername, cause: error })
    : new ConnectError({ origin, waited, cause: error });
}

/** The `connectTimeout` ran out. */
export function dialTimeout(progress: DialProgress, limit: number): ConnectTimeoutError {
  return new ConnectTimeoutError({ origin: progress.origin, waited: progress.waited, limit });
}
