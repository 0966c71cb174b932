/** What the upload of a request body waits for: room in the socket or a window, and `100 Continue`. */
import { RequestBodyError } from '../errors/index.ts';
import type { ExchangeFacts } from '../errors/index.ts';
import type { Clock } from './clock.ts';

/** One wait at a time; none after `stop`. */
export class UploadWaits {
  private stopped = false;
  private awaitsContinue = false;
  private resume: (() => void) | undefined = undefined;

  /** Whether the body is held back for `100 Continue`. */
  get forContinue(): boolean {
    return this.awaitsContinue;
  }

  /** Waits for `wake`, or for `stop`. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.stopped) resolve();
      else this.resume = resolve;
    });
  }

  /** The same for the server's word on `expect: 100-continue`, for `timeout` ms at most. */
  async nextContinue(clock: Clock, timeout: number): Promise<void> {
    this.awaitsContinue = true;
    const alarm = clock.after(timeout, () => this.wake());
    await this.next();
    alarm.cancel();
    this.awaitsContinue = false;
  }

  wake(): void {
    const { resume } = this;
    this.resume = undefined;
    resume?.();
  }

  /** The rest of the body is not wanted: nothing waits from here on. */
  stop(): void {
    this.stopped = true;
    this.wake();
  }
}

/** The fields that the caller's function makes when the body is sent. @throws RequestBodyError */
export function trailersOf(
  make: () => readonly string[],
  facts: () => ExchangeFacts,
): readonly string[] {
  try {
    return make();
  } catch (cause) {
    throw new RequestBodyError({ ...facts(), part: 'trailers', cause });
  }
}
