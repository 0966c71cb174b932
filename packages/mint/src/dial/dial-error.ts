/**
 * Why a socket could not be opened, as one of the package's errors.
 */
import { ConnectError, TlsError } from '../errors/index.ts';

/** How far an attempt came. */
export interface DialProgress {
  readonly origin: string;
  /** Set when it is this proxy that is being connected to. */
  readonly proxy: string | undefined;
  /** How long the dial has taken, in ms. */
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
    ? new TlsError({ origin, proxy, waited, servername, cause: error })
    : new ConnectError({ origin, proxy, waited, cause: error });
}

/**
 * ALPN selected nothing that was offered, where that is required.
 *
 * (RFC 7301, 3.2: a server that knows the extension and shares no protocol with
 * the client fails the handshake itself; one that does not know it goes on.)
 */
export function alpnError(offered: readonly string[], progress: DialProgress): TlsError {
  const { origin, proxy, waited, servername } = progress;
  const cause = new Error(`the server did not select ${offered.join(' or ')}`);
  return new TlsError({
    origin,
    proxy,
    waited,
    servername,
    reason: 'NO_APPLICATION_PROTOCOL',
    cause,
  });
}
