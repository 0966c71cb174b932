/**
 * What is dialled over QUIC, and how.
 */
import type { QuicSession } from '../../driver/quic/session.ts';
import type { DialLimits, DialTimings } from '../attempt.ts';
import type { AddressOptions } from '../dial-target.ts';
import type { TlsIdentity } from '../tls-identity.ts';

/** What to connect to over QUIC. */
export interface QuicTarget {
  /** The server, for messages: `https://api.example.com:443`. */
  readonly origin: string;
  /** Where it listens: a host name or address (IPv6 without brackets), and a UDP port. */
  readonly host: string;
  readonly port: number;
  /**
   * The name or address that the certificate must be for; a name is sent as SNI, too. Where the
   * server listens on another host, as Alt-Svc may say, this is still the origin's. Default: the host.
   */
  readonly servername?: string | undefined;
  /** Who this side is, and which authorities it trusts. Default: no certificate, and those that Node trusts. */
  readonly tls?: TlsIdentity | undefined;
}

/** How to connect over QUIC. */
export interface QuicDialOptions extends DialLimits, AddressOptions {
  /** How long nothing may come before the connection ends, in ms; the server may want less. Default 30000. */
  readonly idleTimeout?: number | undefined;
  /**
   * How often a PING is sent while there are requests, in ms; `Infinity` for never. It keeps a slow
   * response from being taken for an idle connection. Default: a third of the idle time.
   */
  readonly keepAliveInterval?: number | undefined;
  /** How many bytes of one response the server may send before they are read. Default 1 MiB. */
  readonly streamWindowSize?: number | undefined;
  /**
   * How many bytes of all responses together the server may send before they are read. Default: no
   * limit but that of each response. With one, a response that is left unread takes from it, and
   * holds others up when it is used; so does one that was given up, for as long as the connection lives.
   */
  readonly connectionWindowSize?: number | undefined;
}

/** An open QUIC connection. */
export interface DialledQuic {
  /** Its user is to be set in the turn in which it is handed over. */
  readonly session: QuicSession;
  /** `connect` is the whole handshake, which TLS is a part of. */
  readonly timings: DialTimings;
}
