/**
 * The life of a connection with streams, of HTTP/2 or HTTP/3: what is under way
 * on it, why it takes nothing further, and what ended it.
 */
import { isMintError } from '../../errors/index.ts';
import type { ExchangeFacts } from '../../errors/index.ts';
import { ExchangeTable } from './exchange-table.ts';
import type { Placed } from './exchange-table.ts';
import { PeerClosed } from '../failures.ts';

/** One request that is under way. */
export interface UnderWay extends Placed {
  /** `isComplete`: all of the response came, though it may wait for its reader. */
  readonly stream: { readonly id: number; readonly isComplete: boolean } | undefined;
  /** Ends it with an error of the connection. */
  fail(error: Error): void;
  /** The same, as one that the server has not processed. */
  failUnsent(error: Error): void;
  /** Ends it with just this error. */
  failWith(error: Error): void;
  /** The same as `fail`, unless all of its response came. */
  connectionLost(failure: Error): void;
}

/** A stream that was handed over to the requester. */
export interface HandedOver {
  /** Its identifier. */
  readonly id: number;
  /** The stream or its connection ended early. */
  fail(error: Error): void;
}

/** The typed error of an exchange, or of a connection without one. */
export type ErrorOf = (error: Error, facts: ExchangeFacts) => Error;

export class ConnectionLife {
  readonly origin: string;
  /** How many responses have begun: a connection without any may be none that works. */
  answered = 0;
  /** What ended the connection, once something did. */
  failure: Error | undefined = undefined;
  /** Why it takes no further requests. */
  retired: Error | undefined = undefined;
  private readonly exchanges = new ExchangeTable<UnderWay>();
  private readonly tunnels = new Set<HandedOver>();
  private readonly errorOf: ErrorOf;

  constructor(origin: string, errorOf: ErrorOf) {
    this.origin = origin;
    this.errorOf = errorOf;
  }

  get usable(): boolean {
    return this.failure === undefined && this.retired === undefined;
  }

  /** How many requests are under way, and streams that were handed over. */
  get underWay(): number {
    return this.exchanges.size + this.tunnels.size;
  }

  begin(exchange: UnderWay): void {
    this.exchanges.add(exchange);
  }

  /** An exchange is over; returns whether that was the last thing under way. */
  end(exchange: UnderWay): boolean {
    return this.exchanges.delete(exchange) && this.underWay === 0;
  }

  handOver(tunnel: HandedOver): void {
    this.tunnels.add(tunnel);
  }

  /** A stream that was handed over ended; returns whether that was the last thing under way. */
  endTunnel(tunnel: HandedOver): boolean {
    return this.tunnels.delete(tunnel) && this.underWay === 0;
  }

  /** Why nothing can be sent. */
  unusable(): Error {
    const reason = this.failure ?? this.retired ?? new PeerClosed();
    const facts = {
      origin: this.origin,
      reused: this.answered > 0,
      requestSent: false,
      bytesReceived: 0,
    };
    // An error of another request is not this one's.
    return this.errorOf(isMintError(reason) ? new PeerClosed() : reason, facts);
  }

  /** The server says that it has not looked at some streams: `drop` is told of those of requests, before they fail. */
  unprocessed(
    isUnprocessed: (id: number) => boolean,
    fault: Error,
    drop: (id: number) => void,
  ): void {
    for (const exchange of this.exchanges.all()) {
      const { stream } = exchange;
      // What was answered was processed, whatever the server says.
      if (stream === undefined || stream.isComplete || !isUnprocessed(stream.id)) continue;
      drop(stream.id);
      exchange.failUnsent(fault);
    }
    for (const tunnel of this.tunnels) {
      if (isUnprocessed(tunnel.id)) tunnel.fail(this.errorOf(fault, { origin: this.origin }));
    }
  }

  /** This side ends it: all that is under way fails, with `error` itself if there is one. */
  destroyed(failure: Error, error: Error | undefined): void {
    for (const exchange of this.exchanges.all()) {
      if (error === undefined) exchange.fail(failure);
      else exchange.failWith(error);
    }
    this.failTunnels();
  }

  /** It came to its end by the server or by the network. */
  lost(failure: Error): void {
    for (const exchange of this.exchanges.all()) exchange.connectionLost(failure);
    this.failTunnels();
  }

  private failTunnels(): void {
    if (this.tunnels.size === 0) return;
    const error = this.errorOf(this.failure ?? new PeerClosed(), { origin: this.origin });
    for (const tunnel of this.tunnels) tunnel.fail(error);
  }
}
