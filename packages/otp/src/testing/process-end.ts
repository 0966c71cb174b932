/** A function that is called when a process has ended. */
import type { ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import { Watch } from '../process/watch.ts';

export class ProcessEnd extends Watch {
  readonly #ended: (reason: ExitReason) => void;

  constructor(ended: (reason: ExitReason) => void) {
    super();
    this.#ended = ended;
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.#ended(reason);
  }
}
