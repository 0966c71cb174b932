/**
 * The options of a user for one connection.
 */
import { isIP } from 'node:net';
import type { DialLimits } from './attempt.ts';
import {
  booleanRule,
  functionRule,
  isListOf,
  isText,
  numberRule,
  objectRule,
  oneOfRule,
  textRule,
} from './option-rules.ts';
import type { OptionRules } from './option-rules.ts';
import type { ProxyOptions } from './proxy/proxy-options.ts';
import type { SocketOptions } from './dial-target.ts';
import type { TlsIdentity } from './tls-identity.ts';
import type { TlsOptions } from './tls-options.ts';
import type { TlsSource } from './tls-source.ts';

/** What a connection may speak. */
export type Protocol = 'http1' | 'http2' | 'http3';

/** What it may speak over TCP. */
export type TcpProtocol = Exclude<Protocol, 'http3'>;

/** How a connection is opened, and what it may speak. */
export interface ConnectOptions
  extends DialLimits, Omit<SocketOptions, 'alpnProtocols' | 'requireAlpn'> {
  /**
   * What may be spoken, the preferred first. Default: `['http2', 'http1']` with
   * `https://`, where ALPN selects it; `['http1']` with `http://`. `['http2']`
   * with `http://` is for a server that is known to speak it. `['http3']`, by itself, opens a QUIC
   * connection, for which the optional package `@matrixai/quic` has to be installed.
   */
  readonly protocols?: readonly Protocol[] | undefined;
  /** TLS with the server; a `TlsIdentity` or `TlsSource` is shared by many connections. */
  readonly tls?: TlsOptions | TlsIdentity | TlsSource | undefined;
  /**
   * The name or address that the server's certificate must be for; a name is
   * sent as SNI, too. Default: the host of the URL.
   */
  readonly servername?: string | undefined;
  /** The proxy to go through: its URL, `'environment'`, or its options. Default: none. */
  readonly proxy?: string | URL | ProxyOptions | undefined;
  /**
   * The path of a unix socket to connect to, in place of host and port of the
   * URL; on Linux also an abstract one (`\0name`).
   */
  readonly unixSocket?: string | undefined;
  /** HTTP/3: how long nothing may come before the connection ends, in ms; the server may want less. Default 30000. */
  readonly idleTimeout?: number | undefined;
  /**
   * HTTP/3: how often a PING is sent while there are requests, in ms; `Infinity` for never. Default: a
   * third of the idle time.
   */
  readonly keepAliveInterval?: number | undefined;
}

/** The rules of {@link ConnectOptions}; options of a wire may be checked together with them. */
export const connectRules: OptionRules<ConnectOptions> = {
  protocols: {
    allowed: `a list of 'http1' or 'http2', or of both; or ['http3']`,
    accepts: (value) =>
      isListOf(value, (item) => item === 'http1' || item === 'http2' || item === 'http3') &&
      isUsable(value as readonly unknown[]),
  },
  tls: objectRule('an object of TLS options, or a TlsIdentity or TlsSource'),
  servername: textRule,
  proxy: {
    allowed: `the URL of a proxy, 'environment', or an object of proxy options`,
    accepts: (value) => isText(value) || (typeof value === 'object' && value !== null),
  },
  unixSocket: {
    allowed: 'the path of a unix socket, or on Linux a NUL and the name of an abstract one',
    accepts: isSocketPath,
  },
  idleTimeout: numberRule(
    'an integer of ms above 0',
    (value) => Number.isSafeInteger(value) && value > 0,
  ),
  keepAliveInterval: numberRule('a number of ms above 0, or Infinity', (value) => value > 0),
  localAddress: {
    allowed: 'an IPv4 or IPv6 address',
    accepts: (value) => isText(value) && isIP(value) !== 0,
  },
  family: oneOfRule(4, 6),
  lookup: functionRule('dns.lookup'),
  autoSelectFamily: booleanRule,
  autoSelectFamilyAttemptTimeout: numberRule(
    'an integer of ms, from 10',
    (value) => Number.isSafeInteger(value) && value >= 10,
  ),
  noDelay: booleanRule,
  keepAlive: {
    allowed: 'a number of ms from 0, or false',
    accepts: (value) =>
      value === false || (typeof value === 'number' && Number.isFinite(value) && value >= 0),
  },
  connectTimeout: numberRule('a number of ms above 0, or Infinity', (value) => value > 0),
  signal: { allowed: 'an AbortSignal', accepts: (value) => value instanceof AbortSignal },
  clock: objectRule('a Clock'),
};

/** Whether each protocol is there once, and HTTP/3 by itself: which of TCP and QUIC to take is for a pool to find out. */
function isUsable(protocols: readonly unknown[]): boolean {
  const isEachOnce = new Set(protocols).size === protocols.length;
  return isEachOnce && (protocols.length === 1 || !protocols.includes('http3'));
}

function isSocketPath(value: unknown): boolean {
  if (!isText(value) || !value.isWellFormed()) return false;
  const isAbstract = value.startsWith('\0') && process.platform === 'linux';
  return isAbstract ? value.length > 1 : !value.includes('\0');
}
