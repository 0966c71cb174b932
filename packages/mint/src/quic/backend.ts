/**
 * What this package needs of an implementation of QUIC: a state machine without
 * a socket or a clock, which turns datagrams into streams and back. quiche is
 * behind it today; ngtcp2 or `node:quic` could be.
 */

/**
 * The largest datagram that is sent, in bytes: what every network must carry. Larger ones are for those
 * who search for what a network carries (RFC 9000, 14.2), which quiche 0.18 does not: where they are
 * lost, behind a tunnel for example, a request that fills one would never arrive.
 */
export const maxDatagram = 1200;

/** An address and port; IPv6 without brackets. */
export interface QuicAddress {
  readonly host: string;
  readonly port: number;
}

/** The two ends of a connection. */
export interface QuicPath {
  readonly local: QuicAddress;
  readonly remote: QuicAddress;
}

/** What a connection says of itself in its handshake, and which authorities it trusts. */
export interface QuicSettings {
  /** Whether the peer's certificate must be valid. */
  readonly verifyPeer: boolean;
  /** Certificates to trust, in PEM. */
  readonly ca?: string | undefined;
  /** The own certificate with its chain, and its key, in PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The protocols that are offered or taken by ALPN. */
  readonly alpn: readonly string[];
  /** How long nothing may come before the connection ends, in ms. */
  readonly idleTimeout: number;
  /** How many bytes the peer may send ahead of their reading: on all streams together, which may be Infinity; on one. */
  readonly connectionWindow: number;
  readonly streamWindow: number;
  /** How many bidirectional streams the peer may open at a time. */
  readonly streams: number;
  /** Whether the keys of connections can be logged: see `connect`. */
  readonly logsKeys?: boolean | undefined;
}

/**
 * Settings as the backend has parsed them, to be shared by connections: the list of trusted
 * certificates is long.
 */
export interface QuicConfig {
  /**
   * Begins a connection. `servername` is sent as SNI, and the certificate must be for it; without
   * it nothing is sent, and of the certificate only the chain is verified.
   *
   * @throws Error when the keys cannot be logged into `keyLogFile`.
   */
  connect(servername: string | undefined, path: QuicPath, keyLogFile?: string): QuicConnection;
  /** Begins the connection that a client asks for in the datagram that is given to it first. */
  accept(path: QuicPath): QuicConnection;
}

/** What a connection was closed with (CONNECTION_CLOSE). */
export interface QuicCloseReason {
  readonly code: number;
  /** Whether the code is one of the protocol over QUIC. */
  readonly isApplication: boolean;
  readonly reason: string;
}

/** `read`, `send`: there is nothing now. */
export const nothing = -1;
/** `read`: the peer reset the stream. `write`, `capacity`: it asked to stop. `errorCode` says why. */
export const stopped = -2;
/** `read`, `write`, `capacity`: there is no such stream any more, or not yet: the peer allows no more. */
export const noStream = -3;

/** One connection. No method throws, whatever the peer has sent and whenever it is called. */
export interface QuicConnection {
  readonly isEstablished: boolean;
  /** Nothing is sent or taken any more, but perhaps for late datagrams of the peer, which are dropped. */
  readonly isClosed: boolean;
  /** Whether nothing came for the idle time. */
  readonly isTimedOut: boolean;
  /**
   * What closed it: the peer, or this side, by `close` or as the peer broke QUIC or TLS. Neither when
   * it was idle, or the peer does not know it any more (a stateless reset: RFC 9000, 10.3).
   */
  readonly peerClose: QuicCloseReason | undefined;
  readonly localClose: QuicCloseReason | undefined;
  /** The peer's certificate in DER, when the handshake has got so far. */
  readonly peerCertificate: Uint8Array | undefined;
  /** The peer's idle time, in ms; undefined when it has none. */
  readonly peerIdleTimeout: number | undefined;
  /** How many packets of the peer were taken and could be read. */
  readonly packetsReceived: number;
  /** How many bidirectional streams may be opened now. */
  readonly streamsLeft: number;

  /** Takes a datagram, in whose buffer it may write. */
  receive(datagram: Uint8Array): void;
  /** Makes the next datagram; returns its length, or {@link nothing}. */
  send(into: Uint8Array): number;
  /** In how many ms `onTimeout` is to be called, as of now; undefined for never. */
  timeout(): number | undefined;
  onTimeout(): void;

  /** Whether any stream has something to read, or this one; and all that have, which costs more. */
  hasReadable(): boolean;
  isReadable(id: number): boolean;
  readable(): Iterable<number>;
  /** How many bytes were copied, and `fin`; or {@link nothing}, {@link stopped}, {@link noStream}. */
  read(id: number, into: Uint8Array): number;
  /** Whether the last `read` came to the end of the stream. */
  readonly fin: boolean;
  /** How many bytes were taken, and with all of them `fin`; or {@link stopped}, {@link noStream}. */
  write(id: number, bytes: Uint8Array, fin: boolean): number;
  /** How many bytes `write` would take; or {@link stopped}, {@link noStream}. */
  capacity(id: number): number;
  /** The peer's code, after {@link stopped}. */
  readonly errorCode: number;
  /** RESET_STREAM, and STOP_SENDING. */
  reset(id: number, code: number): void;
  stop(id: number, code: number): void;

  /** Has something sent that the peer acknowledges. */
  ping(): void;
  close(isApplication: boolean, code: number, reason: string): void;
}

/** An implementation of QUIC. */
export interface QuicBackend {
  /** @throws Error for certificates or a key that cannot be used. */
  configure(settings: QuicSettings): QuicConfig;
}
