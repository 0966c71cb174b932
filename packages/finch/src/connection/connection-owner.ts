/** The pool, as a connection sees it, and what a connection tells it. */
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import type { Connection } from './connection.ts';

/** Why a connection ended; the exit reason of its process is `{ shutdown: reason }`. */
export type CloseReason =
  /** It was idle for `connMaxIdleTime`. */
  | 'idle_timeout'
  /** It could not be opened. */
  | 'connect_failed'
  /** The server or the network ended it. */
  | 'closed'
  /** Its age, its number of requests, new certificates, or `connection: close`. */
  | 'worn'
  /** The server announced its end (HTTP/2: GOAWAY). */
  | 'goaway'
  /** The server left a PING unanswered for `http2.pingTimeout`. */
  | 'ping_timeout'
  /** It was found unusable when it was about to be used. */
  | 'stale'
  /** The pool winds down or shrinks. */
  | 'drained'
  /** It made room for a connection to another server. */
  | 'evicted'
  /** Whoever had it gave up in the middle of an exchange. */
  | 'abandoned'
  | 'pool_down';

/** The pool, as a connection sees it. */
export interface ConnectionOwner {
  /** The name of the instance. */
  readonly instance: string;
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  /** The time in `idle` after which a connection closes, in ms; Infinity for never. */
  readonly idleTime: number;
  /** How many requests at a time the server is taken to allow until it says so. */
  readonly streams: number;
  /** Whether the server wants HTTP/1.1 for the time being. */
  readonly http1Only: boolean;
  /**
   * The server asked for HTTP/1.1 (RFC 9113, 7: HTTP_1_1_REQUIRED): nothing else is spoken for a
   * while. False where that is not allowed.
   */
  requireHttp1(): boolean;
  /** It is open; it is the owner's turn to use it or to keep it idle. */
  opened(connection: Connection): void;
  /** The server changed how many requests it may carry, or announced its end. */
  changed(connection: Connection): void;
  /** It could not be opened. */
  failed(connection: Connection, error: Error): void;
  /** Its process died while it was being opened; `gone` follows. */
  lost(connection: Connection, error: Error): void;
  gone(connection: Connection, from: ConnectionState): void;
}

/** The states of a connection that its owner sees. */
export type ConnectionState = 'connecting' | 'idle' | 'in_use' | 'draining';
