/**
 * Requests that switch protocols by extended CONNECT (RFC 8441, RFC 9220), which a
 * client may send when the server has said that it allows them: until then they wait.
 */
import { noUpgrade } from '../failures.ts';
import type { Wire } from '../../wire.ts';
import type { StreamExchange } from './stream-exchange.ts';

/** What they need of their wire. */
export interface UpgradesWire {
  /** Whether the server allows them; undefined until its SETTINGS have come. */
  readonly allowsUpgrades: boolean | undefined;
  readonly protocol: Wire['protocol'];
  /** Why no request can be sent, or not so many `more` than are under way. */
  refusal(more: number): Error | undefined;
}

interface Waiting {
  readonly exchange: StreamExchange;
  readonly protocol: string;
}

export class Upgrades {
  private readonly wire: UpgradesWire;
  private readonly send: (exchange: StreamExchange) => void;
  private waiting: Waiting[] = [];

  /** `send` is called with each that may be sent. */
  constructor(wire: UpgradesWire, send: (exchange: StreamExchange) => void) {
    this.wire = wire;
    this.send = send;
  }

  /** How many wait, and have no stream yet. */
  get count(): number {
    return this.waiting.length === 0 ? 0 : this.stillWaiting().length;
  }

  /** Sends a request, now or when the server's SETTINGS have come. */
  begin(exchange: StreamExchange, protocol: string): void {
    if (this.wire.allowsUpgrades !== undefined) this.decide(exchange, protocol);
    else this.waiting = [...this.stillWaiting(), { exchange, protocol }];
  }

  /** The server's SETTINGS have come. */
  onSettings(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    for (const { exchange, protocol } of waiting) {
      if (!exchange.over) this.decide(exchange, protocol);
    }
  }

  private stillWaiting(): Waiting[] {
    return this.waiting.filter(({ exchange }) => !exchange.over);
  }

  private decide(exchange: StreamExchange, protocol: string): void {
    const { wire } = this;
    const isAllowed = wire.allowsUpgrades === true;
    const refusal = isAllowed ? wire.refusal(0) : noUpgrade(protocol, wire.protocol);
    if (refusal === undefined) this.send(exchange);
    else exchange.failUnsent(refusal);
  }
}
