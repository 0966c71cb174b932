/**
 * Requests that switch protocols by extended CONNECT (RFC 9220), which a client
 * may send when the server has said that it allows them: until then they wait.
 */
import { noUpgrade } from './failures.ts';
import type { Http3WireConnection } from './http3-streams.ts';
import type { StreamExchange } from './stream-exchange.ts';

/** What they need of their wire. */
export interface UpgradesWire {
  readonly connection: Http3WireConnection;
  /** Why no request can be sent now. */
  refusal(): Error | undefined;
  /** Sends a request. */
  begin(exchange: StreamExchange): void;
}

interface Waiting {
  readonly exchange: StreamExchange;
  readonly protocol: string;
}

export class Http3Upgrades {
  private readonly wire: UpgradesWire;
  private waiting: Waiting[] = [];

  constructor(wire: UpgradesWire) {
    this.wire = wire;
  }

  /** Sends a request, now or when the server's SETTINGS have come. */
  begin(exchange: StreamExchange, protocol: string): void {
    const { connection } = this.wire;
    if (!connection.peer.areKnown) this.waiting.push({ exchange, protocol });
    else this.decide(exchange, protocol);
  }

  /** The server's SETTINGS have come. */
  onSettings(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { exchange, protocol } of waiting) {
      if (!exchange.over) this.decide(exchange, protocol);
    }
  }

  private decide(exchange: StreamExchange, protocol: string): void {
    const { wire } = this;
    const isAllowed = wire.connection.peer.enableConnectProtocol;
    const refusal = isAllowed ? wire.refusal() : noUpgrade(protocol, 'HTTP/3');
    if (refusal === undefined) wire.begin(exchange);
    else exchange.failUnsent(refusal);
  }
}
