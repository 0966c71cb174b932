/**
 * Something that is recorded while viewers look: requests, or the event loop. The first one starts it; some
 * time after the last one has left, nothing of it is left: no timer, no subscription.
 */
import { arm, now, type Timer } from '@linnet/otp';

/** What is recorded. */
export interface Recorded {
  start(): void;
  stop(): void;
  /** Begins a new window of its percentiles. */
  rotate(): void;
}

/** How long it goes on without a viewer, in ms: one that changes the page, or asks again and again, keeps it. */
const lingering = 10_000;

/** The shortest time over which percentiles are taken, in ms. */
const shortestWindow = 950;

export class Recorder {
  readonly #recorded: Recorded;
  #viewers = 0;
  #isRunning = false;
  #windowSince = 0;
  #end: Timer | undefined;

  constructor(recorded: Recorded) {
    this.#recorded = recorded;
  }

  /** A viewer has come; the function that is returned is called once when it leaves. */
  enter(): () => void {
    this.#viewers++;
    this.#end?.cancel();
    this.#end = undefined;
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#windowSince = now();
      this.#recorded.start();
    }
    return () => this.#leave();
  }

  /** Ends it at once. */
  stop(): void {
    this.#end?.cancel();
    this.#end = undefined;
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#recorded.stop();
  }

  /** Begins a new window when the present one is long enough. */
  rotate(): void {
    const time = now();
    if (!this.#isRunning || time - this.#windowSince < shortestWindow) return;
    this.#windowSince = time;
    this.#recorded.rotate();
  }

  #leave(): void {
    this.#viewers--;
    if (this.#viewers > 0 || !this.#isRunning) return;
    this.#end = arm({ onTimeout: () => this.stop() }, lingering, true);
  }
}
