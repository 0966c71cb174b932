/**
 * Why a dial failed, as one of the package's errors.
 */
import { ConnectError, TlsError } from '../errors/index.ts';

/** How far a dial came. */
export interface DialProgress {
  readonly origin: string;
  /** Set when it is this proxy that is being connected to. */
  readonly proxy: string | undefined;
  /** How long it took, in ms. */
  readonly waited: number;
  /** Whether the TLS handshake was under way. */
  readonly securing: boolean;
  /** The name that the certificate is checked against. */
  readonly servername: string | undefined;
}

/** What node:net or node:tls reported, as a `ConnectError` or a `TlsError`. */
export function dialError(error: Error, progress: DialProgress): ConnectError | TlsError {
  const { origin, proxy, waited, securing, servername } = progress;
  return securing
    ? new TlsError({ origin, proxy, servername, cause: error })
    : new ConnectError({ origin, proxy, waited, cause: error });
}
