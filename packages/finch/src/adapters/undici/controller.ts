/** The controller of one dispatch: what its handler steers it with. */
import type { DispatchController } from './handler.ts';

/** What is steered. */
export interface Dispatched {
  abort(reason: Error | undefined): void;
  resume(): void;
}

export class Controller implements DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: string[] | null = null;
  rawTrailers: string[] | null = null;
  private readonly dispatched: Dispatched;

  constructor(dispatched: Dispatched) {
    this.dispatched = dispatched;
  }

  abort(reason?: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason ?? null;
    this.dispatched.abort(reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.dispatched.resume();
  }
}
