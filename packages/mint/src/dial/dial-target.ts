/**
 * What is dialled, and how its socket is opened.
 */
import type { LookupFunction, Socket } from 'node:net';
import type { TlsIdentity } from './tls-identity.ts';

/** An open way to a server through a proxy. */
export interface Tunnel {
  /** It belongs to the dial: whatever fails, it is closed. */
  readonly socket: Socket;
  /** The proxy: sessions that were resumed through it are not resumed through another one. */
  readonly proxy: string;
}

/** What to connect to. */
export interface DialTarget {
  /** The server, for messages: `https://api.example.com:443`. */
  readonly origin: string;
  /**
   * The host name or address (IPv6 without brackets) and port, with the tunnel
   * through which TLS is to be spoken, if any; or the path of a unix socket,
   * which on Linux may be abstract (`\0name`).
   */
  readonly address:
    | { readonly host: string; readonly port: number; readonly tunnel?: Tunnel | undefined }
    | { readonly path: string };
  /** The proxy that the address is of, when the connection is one to a proxy; for messages. */
  readonly proxy?: string | undefined;
  /** Speak TLS, as this identity. */
  readonly tls?: TlsIdentity | undefined;
  /**
   * The name or address that the certificate must be for; a name is sent as SNI,
   * too. Default: the host; on a unix socket `localhost`.
   */
  readonly servername?: string | undefined;
}

/** Between which addresses to connect. */
export interface AddressOptions {
  /** The local address to connect from. */
  readonly localAddress?: string | undefined;
  /** 4 or 6: use addresses of that family only. Default: both. */
  readonly family?: 4 | 6 | undefined;
  /** Try the addresses of a name in turn, both families interleaved (RFC 8305). Default: Node's, which is true. */
  readonly autoSelectFamily?: boolean | undefined;
  /** How long one address is tried before the next one is, too, in ms. Default: Node's, which is 250. */
  readonly autoSelectFamilyAttemptTimeout?: number | undefined;
  /** Replaces `dns.lookup`. */
  readonly lookup?: LookupFunction | undefined;
}

/** How to open a socket. */
export interface SocketOptions extends AddressOptions {
  /** The protocols offered by ALPN, the preferred first. Default: none. */
  readonly alpnProtocols?: readonly string[] | undefined;
  /**
   * Whether a server with TLS must select one of `alpnProtocols`. Default
   * false: a server without ALPN is one that speaks HTTP/1.1.
   */
  readonly requireAlpn?: boolean | undefined;
  /** Send small writes at once (TCP_NODELAY). Default true. */
  readonly noDelay?: boolean | undefined;
  /** After how many ms of silence TCP keep-alive probes begin; `false` for none. Default 60000. */
  readonly keepAlive?: number | false | undefined;
}
