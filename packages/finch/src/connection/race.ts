/**
 * QUIC and TCP side by side, in the manner of Happy Eyeballs (RFC 8305): QUIC has a head start, and what
 * is open first is taken. TCP begins at once when QUIC fails before that. The loser is given up, and
 * nothing was sent on it.
 *
 * QUIC has lost only if TCP has won: where neither is open in the end, the server is down, which says
 * nothing of QUIC.
 */
import type { Alarm, Clock, Dial } from '@linnet/mint';

/** What runs the race. Both dials get what is left of the time, in ms. */
export interface RaceDials<T> {
  quic(limit: number): Dial<T>;
  tcp(limit: number): Dial<T>;
  /** Closes what was opened too late. */
  discard(made: T): void;
  /** TCP has won. `error`: what QUIC failed with; undefined when it was slower. */
  quicLost(error: unknown): void;
}

export interface RaceTimes {
  /** The limit on all of it, in ms; Infinity for none. */
  readonly limit: number;
  /** For how long QUIC is alone, in ms. */
  readonly headStart: number;
  readonly clock: Clock;
}

export class Race<T> implements Dial<T> {
  readonly result: Promise<T>;
  private readonly dials: RaceDials<T>;
  private readonly times: RaceTimes;
  private readonly startedAt: number;
  private readonly quic: Dial<T>;
  private tcp: Dial<T> | undefined = undefined;
  private headStart: Alarm | undefined = undefined;
  private quicFailed = false;
  private quicError: unknown = undefined;
  private tcpFailed = false;
  private tcpError: unknown = undefined;
  private isOver = false;
  private resolve!: (made: T) => void;
  private reject!: (error: unknown) => void;

  constructor(dials: RaceDials<T>, times: RaceTimes) {
    this.dials = dials;
    this.times = times;
    this.startedAt = times.clock.now();
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.result.catch(() => {});
    this.quic = dials.quic(times.limit);
    this.headStart = times.clock.after(times.headStart, () => this.startTcp());
    this.quic.result.then(
      (made) => this.quicOpen(made),
      (error: unknown) => this.quicDown(error),
    );
  }

  cancel(reason?: Error): void {
    if (this.isOver) return;
    this.end();
    this.quic.cancel(reason);
    this.tcp?.cancel(reason);
    this.reject(reason ?? new Error('cancelled'));
  }

  /** Only while there is time. */
  private startTcp(): void {
    const { limit, clock } = this.times;
    const left = this.startedAt + limit - clock.now();
    if (this.isOver || this.tcp !== undefined || left <= 0) return;
    this.headStart?.cancel();
    this.tcp = this.dials.tcp(left);
    this.tcp.result.then(
      (made) => this.tcpOpen(made),
      (error: unknown) => this.tcpDown(error),
    );
  }

  private quicOpen(made: T): void {
    if (this.isOver) {
      this.dials.discard(made);
      return;
    }
    this.end();
    this.tcp?.cancel();
    this.resolve(made);
  }

  private quicDown(error: unknown): void {
    if (this.isOver) return;
    this.quicFailed = true;
    this.quicError = error;
    this.startTcp();
    this.failIfBoth();
  }

  private tcpOpen(made: T): void {
    if (this.isOver) {
      this.dials.discard(made);
      return;
    }
    this.end();
    this.quic.cancel();
    this.dials.quicLost(this.quicError);
    this.resolve(made);
  }

  private tcpDown(error: unknown): void {
    if (this.isOver) return;
    this.tcpFailed = true;
    this.tcpError = error;
    this.failIfBoth();
  }

  private failIfBoth(): void {
    if (!this.quicFailed || (!this.tcpFailed && this.tcp !== undefined)) return;
    this.end();
    this.reject(this.tcp === undefined ? this.quicError : this.tcpError);
  }

  private end(): void {
    this.isOver = true;
    this.headStart?.cancel();
  }
}
