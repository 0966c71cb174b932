/** What is done when a process dies, by code that has nothing else of it. */
import type { ExitReason } from './exit-reason.ts';
import type { Pid } from './pid.ts';
import { Watch } from './watch.ts';

class DeathHook extends Watch {
  readonly #act: (reason: ExitReason) => void;

  constructor(act: (reason: ExitReason) => void) {
    super();
    this.#act = act;
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.#act(reason);
  }
}

/** Calls `act` in the turn of the death, before links and monitors hear of it. */
export function onDeath(pid: Pid, act: (reason: ExitReason) => void): void {
  new DeathHook(act).watch(pid);
}
