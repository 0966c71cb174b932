/**
 * How many callers a connection will carry that is not open yet: what the server
 * spoke when it was last connected to, and how many requests at a time it allowed.
 */
import { now } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import { mayBeHttp1, mayShare } from '../connection/protocol.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from './identity.ts';

/** What an HTTP/2 server is taken to allow before it has said so (RFC 9113, 6.5.2). */
const assumedStreams = 100;

/** How long a server that wants HTTP/1.1 is spoken to in nothing else, in ms. */
const http1RequiredFor = 600_000;

export class Forecast {
  /** How many requests at a time the server allows on a shared connection, as far as is known. */
  streams = assumedStreams;
  /** What the server spoke; undefined when that is not known, or not any more. */
  protocol: 'http1' | 'http2' | 'http3' | undefined;
  private readonly mayShare: boolean;
  private readonly mayBeHttp1: boolean;
  /** Until when the server is spoken to in HTTP/1.1 only, on the runtime's clock. */
  private http1Until = 0;

  constructor(pool: PoolIdentity, options: ResolvedPoolOptions) {
    this.mayShare = mayShare(pool, options);
    this.mayBeHttp1 = mayBeHttp1(pool, options);
  }

  /** Whether connections may turn out to be shared ones. */
  get open(): boolean {
    return this.mayShare && this.protocol !== 'http1' && !this.http1Only;
  }

  /** Whether the server wants HTTP/1.1 for the time being. */
  get http1Only(): boolean {
    return this.http1Until > 0 && now() < this.http1Until;
  }

  /** The server asked for HTTP/1.1; false where that may not be spoken. */
  requireHttp1(): boolean {
    if (this.mayBeHttp1) this.http1Until = now() + http1RequiredFor;
    return this.mayBeHttp1;
  }

  /** How many callers a new connection is taken to carry. */
  get callers(): number {
    return this.open ? this.streams : 1;
  }

  /** Whether one of the connections will soon show how many callers it carries. */
  isPending(connections: Iterable<Connection>): boolean {
    if (!this.open) return false;
    for (const { wire, draining } of connections) {
      const unknown = wire === undefined ? this.protocol === undefined : !wire.settled;
      if (unknown && !draining) return true;
    }
    return false;
  }

  /** Whether a connection carries fewer than it was taken to. */
  learn({ wire, limit }: Connection): boolean {
    if (wire === undefined) return false;
    const { callers } = this;
    this.protocol = wire.protocol;
    if (wire.settled && wire.protocol !== 'http1') this.streams = Math.max(1, limit);
    return this.callers < callers;
  }

  /** The server cannot be reached, and may be another one when it can. */
  forget(): void {
    this.protocol = undefined;
  }
}
