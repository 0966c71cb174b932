/** The process that makes a request: the request ends with it. */
import { Watch } from '@linnet/otp';

/** What ends with its caller. */
interface CalledFor {
  /** The process is dead. Called once. */
  callerDown(): void;
}

/** Watches the process on whose behalf something is done; undone by `unwatch`. */
export class Caller extends Watch {
  private readonly calledFor: CalledFor;

  constructor(calledFor: CalledFor) {
    super();
    this.calledFor = calledFor;
  }

  protected override down(): void {
    this.calledFor.callerDown();
  }
}
