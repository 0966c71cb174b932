/**
 * What this package needs of an implementation of QUIC: a state machine without
 * a socket or a clock, which turns datagrams into streams and back. quiche is
 * behind it today; ngtcp2 or `node:quic` could be.
 */

/** An address and port, without brackets. */
export interface QuicAddress {
  readonly host: string;
  readonly port: number;
}

/** Where a datagram came from, and where it was sent to. */
export interface QuicPath {
  readonly from: QuicAddress;
  readonly to: QuicAddress;
}

/** What a connection says of itself in its handshake, and whom it trusts. */
export interface QuicSettings {
  /** Certificates to trust, in PEM. None for a server that asks for no certificate. */
  readonly ca?: string | undefined;
  /** The own certificate with its chain, and its key, in PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Whether the peer's certificate must be valid. */
  readonly verifyPeer: boolean;
  /** The protocols offered or taken by ALPN. */
  readonly alpn: readonly string[];
  /** How long nothing may come before the connection ends, in ms. */
  readonly idleTimeout: number;
  /** How many bytes the peer may send before they are read: of all streams together, of one. */
  readonly connectionWindow: number;
  readonly streamWindow: number;
  /** The same for a stream in one direction. */
  readonly unidirectionalWindow: number;
  /** How many streams the peer may open at a time: in both directions, in one. */
  readonly bidirectionalStreams: number;
  readonly unidirectionalStreams: number;
}

/** Settings as the backend has parsed them, to be shared by connections: the list of trusted certificates is long. */
export interface QuicConfig {
  /** Begins a connection; `servername` is sent as SNI and must be in the certificate, unless it is undefined. */
  connect(servername: string | undefined, path: QuicPath, keyLogFile?: string): QuicConnection;
  /** Takes the connection that a client's first datagram asks for. */
  accept(path: QuicPath): QuicConnection;
}

/** Why a connection ends (CONNECTION_CLOSE). */
export interface QuicCloseReason {
  readonly code: number;
  readonly isApplication: boolean;
  readonly reason: string;
}

/** Reads: nothing now. */
export const nothing = -1;
/** Reads, writes: the peer reset the stream, or asked to stop; `errorCode` says why. */
export const ended = -2;
/** Reads, writes: there is no such stream, or not yet: the peer's limit on streams is reached. */
export const noStream = -3;

/** One connection. No method throws, whatever the peer sent and whenever it is called. */
export interface QuicConnection {
  readonly isEstablished: boolean;
  /** Nothing more is sent or taken. */
  readonly isClosed: boolean;
  /** Whether it closed because nothing came for the idle time. */
  readonly isTimedOut: boolean;
  /** Whether it is closed but for the time in which late datagrams of the peer are dropped. */
  readonly isDraining: boolean;
  /** What the peer closed it with, or this side: by `close` or as the peer broke QUIC or TLS. */
  readonly peerError: QuicCloseReason | undefined;
  readonly localError: QuicCloseReason | undefined;
  /** The peer's certificate in DER, when the handshake has got so far. */
  readonly peerCertificate: Uint8Array | undefined;
  /** How many bidirectional streams may be opened now. */
  readonly streamsLeft: number;
  /** Set by `read`: whether that was the end of the stream. */
  readonly fin: boolean;
  /** Set by `read` and `write` with {@link ended}. */
  readonly errorCode: number;

  /** Takes a datagram. */
  receive(datagram: Uint8Array): void;
  /** Makes the next datagram; returns its length, or {@link nothing}. */
  send(into: Uint8Array): number;
  /** After how many ms `onTimeout` is to be called, as of now; undefined for never. */
  timeout(): number | undefined;
  onTimeout(): void;
  /** The streams that have something to read. */
  readable(): Iterable<number>;
  /** The streams that take more. */
  writable(): Iterable<number>;
  /** How many bytes were copied, {@link nothing}, {@link ended} or {@link noStream}. */
  read(id: number, into: Uint8Array): number;
  /** How many bytes were taken, {@link ended} or {@link noStream}. */
  write(id: number, bytes: Uint8Array, fin: boolean): number;
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
