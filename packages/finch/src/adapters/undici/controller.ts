/** The controller of one dispatch: what its handler steers it with. */
import type { Fields } from '@linnet/mint';
import { rawFields } from './fields.ts';
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
  headers: Fields | undefined = undefined;
  trailers: Fields | undefined = undefined;
  private readonly dispatched: Dispatched;

  constructor(dispatched: Dispatched) {
    this.dispatched = dispatched;
  }

  /** Made when it is asked for: most handlers use the parsed form. */
  get rawHeaders(): Buffer[] | null {
    return this.headers === undefined ? null : rawFields(this.headers);
  }

  get rawTrailers(): Buffer[] | null {
    return this.trailers === undefined ? null : rawFields(this.trailers);
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
