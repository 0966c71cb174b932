/** A call in the turn in which a process dies, before links and monitors hear of it. */
import { Watch, type ExitReason, type Pid } from '@linnet/otp';

/** Calls a function once when the process that it watches dies; until then `unwatch` undoes it. */
export class OnDown extends Watch {
  private readonly act: (reason: ExitReason) => void;

  constructor(act: (reason: ExitReason) => void) {
    super();
    this.act = act;
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.act(reason);
  }
}
