/** Notices that the other side of a WebSocket is gone, which an open connection does not tell by itself. */
import { arm, type Timer } from '@linnet/otp';

/** What is watched. */
export interface Watched {
  /** How many bytes have come. */
  readonly received: number;
  /** Whether it is not read just now, so that nothing can come. */
  readonly isPaused: boolean;
  ping(): void;
  /** Nothing came for so many ms, though the other side was asked. */
  lost(silence: number): void;
}

/** Sends a ping (RFC 6455, 5.5.2) in each interval; the other side has until the next one to send anything. */
export class Heartbeat {
  readonly #watched: Watched;
  readonly #interval: number;
  #timer: Timer;
  /** The bytes that had come when the last ping was sent; undefined when nothing is expected. */
  #before: number | undefined;

  constructor(watched: Watched, interval: number) {
    this.#watched = watched;
    this.#interval = interval;
    this.#timer = arm(this, interval);
  }

  onTimeout(): void {
    const { received, isPaused } = this.#watched;
    if (!isPaused && this.#before === received) {
      this.#watched.lost(this.#interval);
      return;
    }
    this.#before = isPaused ? undefined : received;
    this.#timer = arm(this, this.#interval);
    this.#watched.ping();
  }

  end(): void {
    this.#timer.cancel();
  }
}
