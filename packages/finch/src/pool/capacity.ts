/**
 * How many callers a connection will carry that is not open yet: what the server
 * spoke when it was last connected to, and how many requests at a time it allowed.
 */
import type { PoolConnection } from './pool-connection.ts';

/** What a server is assumed to allow before it has said so (RFC 9113, 6.5.2; RFC 9114, 6.1). */
const assumedStreams = 100;

/** How long a server that wants HTTP/1.1 is spoken to in nothing else, in ms. */
const http1RequiredFor = 600_000;

/** What a pool may speak. */
export interface Spoken {
  /** Whether connections may turn out to carry several requests at once. */
  readonly mayShare: boolean;
  /** Whether they may speak HTTP/1.1. */
  readonly mayBeHttp1: boolean;
}

export class ServerCapacity {
  /** How many requests at a time the server allows on a shared connection, as far as is known. */
  streams = assumedStreams;
  /** What the server spoke; undefined when that is not known, or not any more. */
  protocol: 'http1' | 'http2' | 'http3' | undefined = undefined;
  private readonly spoken: Spoken;
  private readonly now: () => number;
  /** Until when the server is spoken to in HTTP/1.1 only. */
  private http1Until = 0;

  /** `now` gives the time in ms. */
  constructor(spoken: Spoken, now: () => number) {
    this.spoken = spoken;
    this.now = now;
  }

  /** Whether connections may turn out to be shared ones. */
  private get mayShare(): boolean {
    return this.spoken.mayShare && this.protocol !== 'http1' && !this.http1Only;
  }

  /** Whether the server wants HTTP/1.1 for the time being. */
  get http1Only(): boolean {
    return this.http1Until > 0 && this.now() < this.http1Until;
  }

  /** The server asked for HTTP/1.1; false where that may not be spoken. */
  requireHttp1(): boolean {
    if (this.spoken.mayBeHttp1) this.http1Until = this.now() + http1RequiredFor;
    return this.spoken.mayBeHttp1;
  }

  /** How many callers a new connection is expected to carry. */
  get callers(): number {
    return this.mayShare ? this.streams : 1;
  }

  /** Whether one of the connections will soon show how many callers it carries: no other is opened until then. */
  isPending<C extends PoolConnection<C>>(connections: Iterable<C>): boolean {
    if (!this.mayShare) return false;
    for (const { state, limitKnown, successor } of connections) {
      if (state === 'draining' || (successor && state === 'connecting')) continue;
      if (state === 'connecting' ? this.protocol === undefined : !limitKnown) return true;
    }
    return false;
  }

  /**
   * Learns from an open connection, which may be new; returns whether further ones are expected to carry
   * fewer than before. The credit of an HTTP/3 connection comes and goes: that of a new one counts.
   */
  learn<C extends PoolConnection<C>>({ protocol, limitKnown, limit }: C, isNew: boolean): boolean {
    const { callers } = this;
    this.protocol = protocol;
    const isTold = protocol === 'http3' ? isNew : limitKnown && protocol !== 'http1';
    if (isTold) this.streams = Math.max(1, limit);
    return this.callers < callers;
  }

  /** The server cannot be reached, and may be another one when it can. */
  forget(): void {
    this.protocol = undefined;
  }
}
