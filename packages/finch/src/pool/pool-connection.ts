/** A connection, as the core of a pool sees it. */
import type { CloseReason, ConnectionState } from '../connection/owner.ts';

/**
 * `C` is the connection itself. What can fail because the process of the connection is dead returns
 * false; the core's `gone` has been called then.
 */
export interface PoolConnection<C> {
  // What the core asks.
  readonly state: ConnectionState;
  /** What it speaks; undefined while it is being opened. */
  readonly protocol: 'http1' | 'http2' | 'http3' | undefined;
  /** Whether several callers may use it at once. */
  readonly shared: boolean;
  /** Whether it may serve further requests. */
  readonly reusable: boolean;
  /** How many callers may use it at once; 0 while it is being opened. */
  readonly limit: number;
  /** Whether `limit` is the server's word, not an assumption. */
  readonly limitKnown: boolean;
  /** Whether it accepts requests at all: a server may allow none for the time being. */
  readonly acceptsRequests: boolean;
  /** How many requests and leases use it. */
  readonly inFlight: number;
  /** How many more callers may use it beside those who do. */
  readonly availableStreams: number;
  /** Why it is to end, or ended. */
  readonly closeReason: CloseReason;

  // What the core tells.
  /** Its first user takes it: `idle → in_use`. */
  checkout(): boolean;
  /** A further user takes it, beside others or in the place of one who is done. */
  reuse(): void;
  /** Its last user gives it back: `in_use → idle`. */
  checkin(): boolean;
  /** It accepts no further request: `in_use → draining`. */
  drain(reason: CloseReason): boolean;
  /** Idle, it may be so for all of the pool's idle time from now on. */
  restartIdleTime(): void;
  /** Ends it; `gone` is called before this returns, unless it was closed already. */
  close(reason: CloseReason): void;

  // What the core keeps.
  /** Open beyond the size of the pool: closed after its use. */
  overflow: boolean;
  /** Opened beside the others to take their place; no caller waits for it. */
  successor: boolean;
  /** How many in whose place it was begun died before they were open. */
  lostBefore: number;
  /** How many use it, on HTTP/1 at most one; the process that unlisted it is one of them. */
  users: number;
  /** Not given to callers of the pool; taken out of it by `unregisterH2`. */
  unlisted: boolean;
  /** The list that it is in, and its neighbours there. */
  list: object | undefined;
  above: C | undefined;
  below: C | undefined;
}
