/** The pool, as a connection sees it, and what a connection tells it. */
import type { Discovery } from '../alt-svc/discovery.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';

/** Why a connection ended; the exit reason of its process is `{ shutdown: reason }`. */
export type CloseReason =
  /** It was idle for `connMaxIdleTime`. */
  | 'idle_timeout'
  /** It could not be opened. */
  | 'connect_failed'
  /** The server or the network ended it. */
  | 'closed'
  /** Its age, its number of requests, new certificates, or `connection: close`. */
  | 'expired'
  /** The server announced its end (GOAWAY). */
  | 'goaway'
  /** The server left a PING unanswered for `http2.pingTimeout` or `http3.pingTimeout`. */
  | 'ping_timeout'
  /** It was found unusable when it was about to be used. */
  | 'stale'
  /** The pool winds down or shrinks. */
  | 'drained'
  /** It made room for a connection to another server. */
  | 'evicted'
  /** An HTTP/3 connection took its place. */
  | 'superseded'
  /** An alternative of the server answered that it does not speak for it: 421. */
  | 'misdirected'
  /** Its user gave up in the middle of an exchange. */
  | 'abandoned'
  | 'pool_down';

/** The states of a connection, as its machine names them. */
export type ConnectionState = 'connecting' | 'idle' | 'in_use' | 'draining' | 'closed';

/** The pool, as a connection `C` sees it. */
export interface ConnectionOwner<C> {
  /** The name of the instance. */
  readonly instance: string;
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  /** The time in `idle` after which a connection closes, in ms; Infinity for never. */
  readonly idleTime: number;
  /** How many requests at a time the server is assumed to allow until it says so. */
  readonly streams: number;
  /** Whether the server wants HTTP/1.1 for the time being. */
  readonly http1Only: boolean;
  /** Where the server can be reached by HTTP/3; undefined where that is of no interest. */
  readonly discovery: Discovery | undefined;
  /** A number from 0 to below 1, at random. */
  random(): number;
  /**
   * The server asked for HTTP/1.1 (RFC 9113, 7: HTTP_1_1_REQUIRED): nothing else is spoken for a
   * while. False where that is not allowed.
   */
  requireHttp1(): boolean;
  /** It is open and idle: the owner's to give to a caller. */
  opened(connection: C): void;
  /** The server changed how many requests it may carry, or announced its end. */
  changed(connection: C): void;
  /** The server was heard to have an alternative that speaks HTTP/3. */
  alternativeKnown(): void;
  /** It must not be used for further requests. */
  retire(connection: C, reason: CloseReason): void;
  /** It could not be opened, and is closed. */
  failed(connection: C, error: Error): void;
  /** It is closed, for any other reason; `error` is what its users are told, if it has any. */
  gone(connection: C, error: Error | undefined): void;
}
