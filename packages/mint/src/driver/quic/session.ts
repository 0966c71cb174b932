/**
 * One QUIC connection (RFC 9000) as HTTP/3 uses it: streams of bytes with their
 * ends and resets, and the end of the connection. Sockets, datagrams and timers
 * are behind it.
 */
import type { WireInfo } from '../../wire.ts';

/** Who uses the streams of a connection: the wire. Its methods are called outside of the requester's async context. */
export interface QuicUser {
  /**
   * A stream has bytes to read, or its end, or was reset. Called once in each turn in which datagrams
   * came, for each such stream: also for one that is left unread.
   */
  onReadable(id: number): void;
  /** A stream that took less than it was given takes more; or the peer stopped it, which the next `write` says. */
  onWritable(id: number): void;
  /** `streamsLeft` has grown. */
  onCapacity(): void;
  /** The peer gave a sign of life: a packet of it was taken. Called where it is set. */
  onActivity?: (() => void) | undefined;
  /** The end of a turn in which datagrams were taken or `schedule` was called, before datagrams are written. */
  onTurn(): void;
  /** The connection has ended by the peer or the network: what had come can be read until this returns. Called where it is set. */
  onEnding?: (() => void) | undefined;
  /** The connection is gone. Called once, and nothing after it. */
  onClose(end: QuicEnd): void;
}

/** How a connection ended. */
export interface QuicEnd {
  /**
   * `peer`: it closed the connection. `local`: this side did, by `close` or because the peer broke
   * QUIC (then `isApplication` is false). `idle`: nothing came for the idle time. `gone`: nothing
   * listens at the peer's address any more, or what does says that it does not know the connection
   * (a stateless reset).
   */
  readonly by: 'idle' | 'peer' | 'local' | 'gone';
  /** The error code that was sent or came (RFC 9000, 20): of HTTP/3 where `isApplication`, else of QUIC. */
  readonly code: number;
  readonly isApplication: boolean;
  /** What was said with it; often empty. */
  readonly reason: string;
}

/** `read`: there is nothing more now. */
export const nothingYet = -1;

/** `read`: the peer reset the stream. `write`: it asked to stop (STOP_SENDING). `code` has its error code. */
export const streamEnded = -2;

/**
 * An open connection. Every method may be called at any time; on a connection or a stream that is
 * over, none has an effect: `read` gives {@link nothingYet}, `write` takes nothing.
 */
export interface QuicSession {
  readonly info: WireInfo;
  /** Set by the wire, in the turn in which the dial hands the session over. */
  user: QuicUser;
  /** Whether `onClose` was called or is about to follow. */
  readonly isClosed: boolean;
  /** How many bidirectional streams the peer lets this side open now. */
  readonly streamsLeft: number;
  /** Whether the last `read` came to the end of its stream. */
  readonly fin: boolean;
  /** The error code of the last `read` or `write` that gave {@link streamEnded}. */
  readonly code: number;

  /**
   * Copies bytes of a stream into `into`: how many, and `fin`; or {@link nothingYet}, or
   * {@link streamEnded}. What is not read the peer may not send beyond the window of the stream.
   */
  read(id: number, into: Buffer): number;
  /**
   * Gives bytes to a stream, and its end; the first write opens it. How many were taken: when less
   * than all, the end was not, and `onWritable` follows. Or {@link streamEnded}; its code is 0 where the
   * peer's is not known any more.
   */
  write(id: number, bytes: Uint8Array, fin: boolean): number;
  /** Ends the sending on a stream without its end (RESET_STREAM). */
  reset(id: number, code: number): void;
  /** Asks the peer to end its sending on a stream (STOP_SENDING); what comes of it is dropped. */
  stop(id: number, code: number): void;
  /** Measures a round trip, in ms, with a PING. Rejects when the connection ends first. */
  ping(): Promise<number>;
  /** Has `onTurn` called at the end of the event loop's turn, and datagrams written. What is done to a stream schedules that, too. */
  schedule(): void;
  /** Closes the connection (CONNECTION_CLOSE with a code of HTTP/3). `onClose` is called before this returns. */
  close(code: number, reason: string): void;
  /**
   * Keeps the program running, and the peer from giving the connection up as idle: for as long as
   * there are requests. A session begins unreferenced.
   */
  ref(): void;
  /** Ends what `ref` does. */
  unref(): void;
}
