/**
 * Why a handshake of QUIC failed, as one of the package's errors.
 */
import type { QuicEnd } from '../../driver/quic/session.ts';
import { ConnectError, TlsError } from '../../errors/index.ts';
import { quicAlertOf, quicCodeName } from '../../quic/codes.ts';

/** How far an attempt came. */
export interface HandshakeProgress {
  readonly origin: string;
  /** How long the dial has taken, in ms. */
  readonly waited: number;
  /** The name that the certificate is checked against. */
  readonly servername: string;
}

/** `cause` is what the network reported, or what is wrong with the certificate, where either is known. */
export function handshakeError(
  { by, code, isApplication, reason }: QuicEnd,
  { servername, ...progress }: HandshakeProgress,
  cause: Error | undefined,
): ConnectError | TlsError {
  const alert = isApplication ? undefined : quicAlertOf(code);
  if (alert !== undefined) {
    if (cause !== undefined) return new TlsError({ ...progress, servername, cause });
    const who =
      by === 'peer' ? 'the server ended the handshake' : 'its certificate is not accepted';
    return new TlsError({ ...progress, servername, reason: alert, cause: new Error(who) });
  }
  switch (by) {
    case 'gone':
      return new ConnectError({ ...progress, cause });
    case 'idle':
      return new ConnectError({ ...progress, reason: 'ETIMEDOUT' });
    default: {
      const name = isApplication ? `0x${code.toString(16)}` : quicCodeName(code);
      const said = reason === '' ? undefined : new Error(reason);
      return new ConnectError({ ...progress, reason: name, cause: said });
    }
  }
}

/** What the failed attempts at the addresses of a name come to. */
export function allFailed(
  errors: readonly Error[],
  { origin, waited }: HandshakeProgress,
): Error | undefined {
  if (errors.length === 1) return errors[0];
  const causes = errors.map(({ cause }) => cause);
  return new ConnectError({ origin, waited, cause: new AggregateError(causes) });
}
