/**
 * From a pool's options to a connection that can take requests: name lookup,
 * TCP or QUIC, proxy, TLS, and the first SETTINGS of an HTTP/2 server, all
 * under one deadline, the pool's `connectTimeout`.
 */
import { arm, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import type { Dial, Wire } from '@linnet/mint';
import type { AlternativeService } from '../alt-svc/store.ts';
import { fromMint } from '../errors/from-mint.ts';
import { ConnectError, ConnectionClosedError, ConnectTimeoutError } from '../errors/index.ts';
import { toNumber } from '../options/limit.ts';
import type { ConnectTarget } from './connect-target.ts';
import { dialWire, quicLost } from './dial-wire.ts';

/** What asked for a connection; called once, and never inside of `new Connect`. */
export interface ConnectUser {
  /** It is open. Its wire has no handlers yet: set them before this returns. */
  connected(wire: Wire, alternative: AlternativeService | undefined): void;
  /** It could not be opened, and nothing of it is left. */
  connectFailed(error: Error): void;
}

/** The opening of one connection. */
export class Connect implements TimeoutTarget {
  private readonly target: ConnectTarget;
  private readonly user: ConnectUser;
  private readonly limit: number;
  /** TCP is there already: a connection over QUIC is to take its place. */
  private readonly onlyQuic: boolean;
  /** Where the server can be reached by HTTP/3. */
  private readonly alternative: AlternativeService | undefined;
  private readonly startedAt = now();
  private readonly dialling: Dial<Wire> | undefined;
  /** The wire whose server has not sent its SETTINGS yet. */
  private awaited: Wire | undefined = undefined;
  private timer: Timer | undefined = undefined;
  private over = false;

  constructor(target: ConnectTarget, user: ConnectUser, onlyQuic = false) {
    this.target = target;
    this.user = user;
    this.limit = toNumber(target.options.connOpts.connectTimeout);
    this.onlyQuic = onlyQuic;
    this.alternative = target.http1Only ? undefined : target.discovery?.find();
    if (onlyQuic && this.alternative === undefined) {
      // It was set aside, or withdrawn, since the connection was asked for.
      const { origin } = target.pool;
      const error = new ConnectError({ origin, reason: 'NO_ALTERNATIVE' });
      this.dialling = undefined;
      queueMicrotask(() => this.fail(error));
      return;
    }
    this.dialling = dialWire(target, this.limit, this.alternative, onlyQuic);
    this.dialling.result.then(
      (wire) => this.dialled(wire),
      (error: unknown) => this.dialFailed(error),
    );
  }

  /** The connection is not wanted any more: nothing of it is left, and the user is not called. */
  cancel(error: Error): void {
    if (this.over) return;
    this.end();
    this.dialling?.cancel(error);
    this.awaited?.destroy();
  }

  /** The server has not sent its SETTINGS in time. */
  onTimeout(): void {
    this.fail(this.timedOut());
  }

  private dialled(wire: Wire): void {
    if (this.over) wire.destroy();
    else if (wire.limitKnown || !this.target.options.http2.waitForServerSettings)
      this.succeed(wire);
    else this.awaitSettings(wire);
  }

  private dialFailed(given: unknown): void {
    if (this.over) return;
    if (this.onlyQuic && this.alternative !== undefined) {
      quicLost(this.target, this.alternative, given);
    }
    const error = fromMint(given, { origin: this.target.pool.origin });
    // What was the limit of one of two dials was less than that of both.
    this.fail(error instanceof ConnectTimeoutError ? this.timedOut(error.proxy) : error);
  }

  /** The server is to say how many requests it takes, in what is left of the time. */
  private awaitSettings(wire: Wire): void {
    this.awaited = wire;
    if (this.limit !== Number.POSITIVE_INFINITY) {
      const left = this.startedAt + this.limit - now();
      this.timer = arm(this, Math.max(1, Math.ceil(left)));
    }
    wire.onChange = () => {
      if (wire.limitKnown) this.succeed(wire);
    };
    wire.onClosed = (cause) => {
      const { origin } = this.target.pool;
      const details = { origin, phase: 'connect', requestSent: false } as const;
      this.fail(new ConnectionClosedError({ ...details, cause: cause && fromMint(cause) }));
    };
  }

  private succeed(wire: Wire): void {
    this.end();
    const alternative = wire.protocol === 'http3' ? this.alternative : undefined;
    if (alternative !== undefined) this.target.discovery?.works(alternative);
    this.user.connected(wire, alternative);
  }

  private fail(error: Error): void {
    if (this.over) return;
    this.end();
    this.awaited?.destroy();
    this.user.connectFailed(error);
  }

  private end(): void {
    this.over = true;
    this.timer?.cancel();
    const { awaited } = this;
    if (awaited !== undefined) awaited.onChange = awaited.onClosed = () => {};
  }

  private timedOut(proxy?: string): ConnectTimeoutError {
    const { limit, target } = this;
    const { origin } = target.pool;
    return new ConnectTimeoutError({ origin, proxy, waited: now() - this.startedAt, limit });
  }
}
