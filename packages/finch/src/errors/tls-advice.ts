/**
 * What to change when a TLS handshake fails, by the code of node:tls or OpenSSL.
 */

const trust = (options: string): string =>
  `The certificate is not signed by a trusted authority: give the one that issued it in ${options}.ca.`;

const dates = (): string => 'See the dates of the certificate, and the clock of this machine.';

const notTls = (): string =>
  'TLS is not spoken on this port: see the port, and whether the URL should begin with http:.';

const closed = (): string =>
  'The connection ended during the handshake: see whether TLS is spoken on this port, and the log of the server.';

const versions = (options: string): string =>
  `Client and server have no TLS version or cipher in common: see minVersion, maxVersion and ciphers in ${options}.`;

const advice: Readonly<Record<string, (options: string) => string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: trust,
  UNABLE_TO_GET_ISSUER_CERT: trust,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: trust,
  SELF_SIGNED_CERT_IN_CHAIN: trust,
  DEPTH_ZERO_SELF_SIGNED_CERT: trust,
  CERT_HAS_EXPIRED: dates,
  CERT_NOT_YET_VALID: dates,
  ERR_TLS_CERT_ALTNAME_INVALID: (options) =>
    `The certificate is for other names: use one of them in the URL, or set ${options}.servername.`,
  ECONNRESET: closed,
  EPIPE: closed,
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: versions,
  ERR_SSL_UNSUPPORTED_PROTOCOL: versions,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: (options) =>
    `The server requires a client certificate: set cert and key in ${options}.`,
};

/** The last sentence of a TlsError's message. */
export function tlsAdvice(reason: string, isProxy: boolean): string {
  const options = isProxy ? 'connOpts.proxy.tls' : 'connOpts.tls';
  const known = advice[reason];
  if (known !== undefined) return known(options);
  const whose = isProxy ? "proxy's" : "server's";
  return `See the ${whose} certificate and, in ${options}, ca, servername and the protocol versions.`;
}
