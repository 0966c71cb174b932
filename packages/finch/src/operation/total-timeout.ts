/** `requestTimeout`: the limit on all of a request. */
import type { TimeoutTarget } from '@linnet/otp';

/** What has such a limit. */
interface Timed {
  totalTimedOut(): void;
}

/** A target of its own, since that of the request itself is for `receiveTimeout`. */
export class TotalTimeout implements TimeoutTarget {
  private readonly timed: Timed;

  constructor(timed: Timed) {
    this.timed = timed;
  }

  onTimeout(): void {
    this.timed.totalTimedOut();
  }
}
