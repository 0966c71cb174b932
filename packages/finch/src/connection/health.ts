/** Probing a connection that is silent: a server that leaves a PING unanswered is gone. */
import { arm, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import type { Wire } from '@linnet/mint';

/** On timers that keep no program running; at most one PING is under way. */
export class Heartbeat implements TimeoutTarget {
  private readonly wire: Wire;
  private readonly interval: number;
  private readonly timeout: number;
  private readonly onDead: () => void;
  private heardAt = now();
  private probing = false;
  private stopped = false;
  private timer: Timer;

  /**
   * Probes after `interval` ms of silence, and calls `onDead` when nothing at all came within
   * `timeout` ms from then on.
   */
  constructor(wire: Wire, interval: number, timeout: number, onDead: () => void) {
    this.wire = wire;
    this.interval = interval;
    this.timeout = timeout;
    this.onDead = onDead;
    wire.onActivity = () => this.heard();
    this.timer = arm(this, interval, true);
  }

  stop(): void {
    this.stopped = true;
    this.wire.onActivity = undefined;
    this.timer.cancel();
  }

  onTimeout(): void {
    if (this.probing) {
      this.onDead();
      return;
    }
    const left = Math.ceil(this.heardAt + this.interval - now());
    if (left > 0) {
      this.timer = arm(this, left, true);
      return;
    }
    this.probing = true;
    this.timer = arm(this, this.timeout, true);
    // A connection that ends before the answer says so itself.
    this.wire.ping?.().then(
      () => this.heard(),
      () => {},
    );
  }

  private heard(): void {
    this.heardAt = now();
    if (!this.probing || this.stopped) return;
    this.probing = false;
    // The next silence counts from here, not from the end of the wait for this one.
    this.timer.cancel();
    this.timer = arm(this, this.interval, true);
  }
}
