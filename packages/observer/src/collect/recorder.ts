/**
 * What is recorded while somebody looks: requests and the event loop. The first viewer starts it; some
 * time after the last one has left, nothing of it is left: no timer, no subscription.
 */
import { arm, now, type Timer } from '@linnet/otp';
import type { RequestLog } from './request-log.ts';
import type { LoopMonitor } from './loop-monitor.ts';

/** How long it goes on without a viewer, in ms: one that changes the page, or asks again and again, keeps it. */
const lingering = 10_000;

/** The shortest time over which percentiles are taken, in ms. */
const shortestWindow = 950;

export class Recorder {
  readonly #requests: RequestLog;
  readonly #loop: LoopMonitor;
  #viewers = 0;
  #isRunning = false;
  #windowSince = 0;
  #end: Timer | undefined;

  constructor(requests: RequestLog, loop: LoopMonitor) {
    this.#requests = requests;
    this.#loop = loop;
  }

  get running(): boolean {
    return this.#isRunning;
  }

  /** A viewer has come. */
  enter(): void {
    this.#viewers++;
    this.#end?.cancel();
    this.#end = undefined;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#windowSince = now();
    this.#requests.start();
    this.#loop.start();
  }

  /** A viewer has left. */
  leave(): void {
    this.#viewers--;
    if (this.#viewers > 0 || !this.#isRunning) return;
    this.#end = arm({ onTimeout: () => this.stop() }, lingering, true);
  }

  /** Ends it at once. */
  stop(): void {
    this.#end?.cancel();
    this.#end = undefined;
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#requests.stop();
    this.#loop.stop();
  }

  /** Begins a new window of the percentiles when the present one is long enough. */
  rotate(): void {
    const time = now();
    if (!this.#isRunning || time - this.#windowSince < shortestWindow) return;
    this.#windowSince = time;
    this.#requests.rotate();
    this.#loop.rotate();
  }
}
