/**
 * What the wires of HTTP/2 and HTTP/3 do alike: a request is begun or refused, a stream is reset
 * within the budget, and a connection that takes no further requests ends after the last one.
 */
import type { ConnectionLife, HandedOver, UnderWay } from './connection-life.ts';
import type { Clock } from '../clock.ts';
import type { Exchange, Wire, WireHandler, WireRequest } from '../../wire.ts';
import { Retired } from '../failures.ts';
import { ResetBudget } from './reset-budget.ts';
import { StreamExchange } from './stream-exchange.ts';
import type { StreamWire, WireRequests, WireStream } from './stream-wire.ts';
import { Upgrades, type UpgradesWire } from './upgrades.ts';

/** What a wire with streams is given beside what its codec wants. */
export interface StreamWireOptions {
  /** The server, for messages: `https://api.example.com:443`. */
  readonly origin: string;
  /** The most bytes of a response's body. Default: no limit. */
  readonly maxResponseSize?: number | undefined;
  /**
   * How many streams the wire may reset (aborted requests, early responses) before it is not
   * `usable` any more, and ends after what is under way: servers end connections that reset more,
   * with all that is on them. Default 400.
   */
  readonly resetBurst?: number | undefined;
  /** How many more resets each second allows. Default 20. */
  readonly resetRate?: number | undefined;
  /** Time. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** In what the two wires differ. */
export interface RequestsWire
  extends StreamWire, UpgradesWire, Pick<Wire, 'onChange' | 'onClosed'> {
  /** It is being closed, or is gone. */
  readonly isEnding: boolean;
  /** A request has its stream. */
  begun(): void;
  /** Resets a stream, or the rest of its request if the response is complete. */
  resetStream(stream: WireStream): void;
  /** Has what was said written at the end of the turn. */
  schedule(): void;
  /** Keeps the program running while requests are under way. */
  ref(): void;
  unref(): void;
  /** Closes the connection in order. */
  end(): void;
}

export class StreamRequests implements WireRequests {
  /** How many requests were sent. */
  served = 0;
  private readonly wire: RequestsWire;
  private readonly life: ConnectionLife;
  private readonly resets: ResetBudget;
  private readonly upgrades: Upgrades;
  /** It was retired, and that is to be told at the end of the turn. */
  private hasChanged = false;
  /** It ends by this side, or after the last response, as it was to. */
  private isOrderly = false;

  constructor(wire: RequestsWire, { resetBurst, resetRate }: StreamWireOptions) {
    this.wire = wire;
    this.life = wire.life;
    this.resets = new ResetBudget(resetBurst, resetRate);
    this.upgrades = new Upgrades(wire, (exchange) => this.begin(exchange));
  }

  /** How many requests are under way without a stream: upgrades that wait for the server's SETTINGS. */
  get unopened(): number {
    return this.upgrades.count;
  }

  send(request: WireRequest, handler: WireHandler): Exchange {
    const { life, wire } = this;
    const exchange = new StreamExchange(wire, request, handler);
    const refusal = wire.refusal(1);
    if (refusal !== undefined) {
      exchange.failUnsent(refusal);
      return exchange;
    }
    life.begin(exchange);
    if (life.underWay === 1) wire.ref();
    const { upgrade } = request;
    if (upgrade === undefined) this.begin(exchange);
    else this.upgrades.begin(exchange, upgrade);
    return exchange;
  }

  /** This side ends the connection. */
  destroy(error: Error | undefined): void {
    const { life, wire } = this;
    if (wire.isEnding) return;
    this.isOrderly = true;
    life.failure ??= error ?? new Error('closed by this side');
    wire.end();
    life.destroyed(life.failure, error);
  }

  // The exchanges' side -------------------------------------------------------

  finished(exchange: UnderWay): void {
    if (this.life.end(exchange)) this.becameIdle();
  }

  tunnelClosed(tunnel: HandedOver): void {
    if (this.life.endTunnel(tunnel)) this.becameIdle();
  }

  /** When too many were reset, the server is not told: the connection is retired, and the stream ends with it. */
  reset(stream: WireStream): void {
    const { resets, wire } = this;
    if (wire.isEnding || stream.isClosed) return;
    if (!resets.isSpent) {
      wire.resetStream(stream);
      resets.spend(wire.clock.now());
    }
    if (resets.isSpent) this.retire(new Retired());
    wire.schedule();
  }

  // The wire's side -----------------------------------------------------------

  /** The server's SETTINGS have come. */
  onSettings(): void {
    this.upgrades.onSettings();
  }

  /**
   * GOAWAY has come: `retired` is why no further request is taken, `fault` the end of those that the
   * server has not looked at, of whose streams `drop` is told before.
   */
  onGoaway(
    retired: Error,
    fault: Error,
    isUnprocessed: (id: number) => boolean,
    drop: (id: number) => void,
  ): void {
    const { life, wire } = this;
    const isFirst = life.retired === undefined;
    life.retired = retired;
    if (isFirst) wire.onChange();
    life.unprocessed(isUnprocessed, fault, drop);
    this.checkIdle();
  }

  /** Takes the connection for no further requests. */
  retire(reason: Error): void {
    const { life } = this;
    if (life.retired !== undefined) return;
    life.retired = reason;
    this.hasChanged = true;
  }

  /** The end of a turn in which something was written, or was to be. */
  onTurn(): void {
    if (this.hasChanged) {
      this.hasChanged = false;
      this.wire.onChange();
    }
    this.checkIdle();
  }

  /** The connection is gone; `byServer`: in order, as the server had announced. */
  closed(byServer: boolean): void {
    const { life, wire } = this;
    const { failure, origin } = life;
    const isOrderly = this.isOrderly || (byServer && life.retired !== undefined);
    if (isOrderly || failure === undefined) wire.onClosed();
    else wire.onClosed(wire.errorOf(failure, { origin }));
  }

  private begin(exchange: StreamExchange): void {
    this.served += 1;
    try {
      exchange.begin();
    } catch (error) {
      this.served -= 1;
      exchange.failWith(error as Error);
      return;
    }
    this.wire.begun();
  }

  private checkIdle(): void {
    if (this.life.underWay === 0) this.becameIdle();
  }

  /** Nothing is under way any more. */
  private becameIdle(): void {
    const { life, wire } = this;
    if (wire.isEnding) return;
    wire.unref();
    if (life.retired === undefined) return;
    this.isOrderly = true;
    life.failure ??= life.retired;
    wire.end();
  }
}
