/**
 * The error codes of QUIC itself (RFC 9000, 20.1), among which are the alerts
 * of TLS (RFC 9001, 4.8).
 */

const names: Readonly<Record<number, string>> = {
  0x0: 'NO_ERROR',
  0x1: 'INTERNAL_ERROR',
  0x2: 'CONNECTION_REFUSED',
  0x3: 'FLOW_CONTROL_ERROR',
  0x4: 'STREAM_LIMIT_ERROR',
  0x5: 'STREAM_STATE_ERROR',
  0x6: 'FINAL_SIZE_ERROR',
  0x7: 'FRAME_ENCODING_ERROR',
  0x8: 'TRANSPORT_PARAMETER_ERROR',
  0x9: 'CONNECTION_ID_LIMIT_ERROR',
  0xa: 'PROTOCOL_VIOLATION',
  0xb: 'INVALID_TOKEN',
  0xc: 'APPLICATION_ERROR',
  0xd: 'CRYPTO_BUFFER_EXCEEDED',
  0xe: 'KEY_UPDATE_ERROR',
  0xf: 'AEAD_LIMIT_REACHED',
  0x10: 'NO_VIABLE_PATH',
};

/** RFC 8446, 6; RFC 7301, 3.2. */
const alerts: Readonly<Record<number, string>> = {
  0: 'CLOSE_NOTIFY',
  10: 'UNEXPECTED_MESSAGE',
  20: 'BAD_RECORD_MAC',
  22: 'RECORD_OVERFLOW',
  40: 'HANDSHAKE_FAILURE',
  42: 'BAD_CERTIFICATE',
  43: 'UNSUPPORTED_CERTIFICATE',
  44: 'CERTIFICATE_REVOKED',
  45: 'CERTIFICATE_EXPIRED',
  46: 'CERTIFICATE_UNKNOWN',
  47: 'ILLEGAL_PARAMETER',
  48: 'UNKNOWN_CA',
  49: 'ACCESS_DENIED',
  50: 'DECODE_ERROR',
  51: 'DECRYPT_ERROR',
  70: 'PROTOCOL_VERSION',
  71: 'INSUFFICIENT_SECURITY',
  80: 'INTERNAL_ERROR',
  86: 'INAPPROPRIATE_FALLBACK',
  90: 'USER_CANCELED',
  109: 'MISSING_EXTENSION',
  110: 'UNSUPPORTED_EXTENSION',
  112: 'UNRECOGNIZED_NAME',
  113: 'BAD_CERTIFICATE_STATUS_RESPONSE',
  115: 'UNKNOWN_PSK_IDENTITY',
  116: 'CERTIFICATE_REQUIRED',
  120: 'NO_APPLICATION_PROTOCOL',
};

const firstAlert = 0x100;
const lastAlert = 0x1ff;

/** The alert of TLS: the certificate that is not for the server, as this side says it. */
export const badCertificate = firstAlert + 42;

/**
 * The name of the TLS alert that an error code of QUIC carries; undefined for every other code.
 *
 * @example
 * quicAlertOf(0x130); // 'UNKNOWN_CA'
 */
export function quicAlertOf(code: number): string | undefined {
  if (code < firstAlert || code > lastAlert) return undefined;
  return alerts[code - firstAlert] ?? `TLS_ALERT_${code - firstAlert}`;
}

/**
 * The name of an error code of QUIC; `0x1f` where it has none.
 *
 * @example
 * quicCodeName(0x3); // 'FLOW_CONTROL_ERROR'
 */
export function quicCodeName(code: number): string {
  return names[code] ?? quicAlertOf(code) ?? `0x${code.toString(16)}`;
}
