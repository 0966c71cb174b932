/**
 * Alerts of TLS (RFC 8446, 6.2): what the other side says when it ends a
 * connection for a reason of TLS. With TLS 1.3 one may come after the
 * handshake: a server that requires a certificate of the client judges it when
 * this side is done, and may have sent a request.
 */

/** The reasons that OpenSSL gives to alerts of the peer, by the version that introduced each; no other reason begins so. */
const received = /^ERR_SSL_(?:SSL\/TLS|SSLV3|TLSV1|TLSV13)_/;

/**
 * The code of the error with which node:tls reports an alert of the peer
 * (`ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`); undefined for every other error.
 *
 * @example
 * const reason = tlsAlertOf(error);
 * if (reason !== undefined) throw new TlsError({ origin, reason, cause: error });
 */
export function tlsAlertOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && received.test(code) ? code : undefined;
}
