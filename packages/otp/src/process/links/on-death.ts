/** A function that is called when a process dies. */
import type { ExitReason } from '../exit-reason.ts';
import type { Pid } from '../pid.ts';
import { Watch } from './watch.ts';

/** Calls a function when the process that it watches dies. */
export class DeathHook extends Watch {
  readonly #act: (reason: ExitReason) => void;

  constructor(act: (reason: ExitReason) => void) {
    super();
    this.#act = act;
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.#act(reason);
  }
}

/**
 * Calls a function once when a process dies, in the turn of the death, before links and monitors
 * are told; at once with `'noproc'` when it is dead. Needs no process and no mailbox. `unwatch()`
 * of the result takes it back.
 *
 * `act` runs inside the runtime, as plain code: it must not throw, block, or call user code.
 * An object that exists once for each lease or call can extend {@link Watch} instead: it needs no
 * function.
 *
 * Source: `enif_monitor_process` and the `down` callback of NIF resources.
 * @throws {BadArgumentError} for what is no pid.
 * @example
 * const hook = onDeath(holder, () => pool.release(slot));
 * hook.unwatch(); // the holder has given the slot back
 */
export function onDeath(pid: Pid, act: (reason: ExitReason) => void): Watch {
  const hook = new DeathHook(act);
  hook.watch(pid);
  return hook;
}
