/** Waiting for the death of a process without a message. */
import { arm, type Timer, type TimeoutTarget } from '../process/time/clock.ts';
import { currentProcess } from '../process/context.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { processOf, type Pid } from '../process/pid.ts';
import { attachWatch, Watch } from '../process/links/watch.ts';

/**
 * Resolves with the reason with which a process ends, `'noproc'` if it is dead, or undefined when
 * it is alive after `timeout`. Never settles when the caller dies.
 */
export function deathOf(
  pid: Pid,
  timeout: number | 'infinity',
): Promise<{ readonly reason: ExitReason } | undefined> {
  return new Promise((resolve) => {
    const target = processOf(pid);
    if (target === undefined) {
      resolve({ reason: 'noproc' });
      return;
    }
    const death = new Death(resolve);
    attachWatch(death, target, currentProcess());
    if (timeout !== 'infinity') death.armTimeout(timeout);
  });
}

class Death extends Watch implements TimeoutTarget {
  readonly #resolve: (death: { readonly reason: ExitReason } | undefined) => void;
  #timer: Timer | undefined;

  constructor(resolve: (death: { readonly reason: ExitReason } | undefined) => void) {
    super();
    this.#resolve = resolve;
  }

  armTimeout(timeout: number): void {
    this.#timer = arm(this, timeout);
  }

  onTimeout(): void {
    this.unwatch();
    this.#resolve(undefined);
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.#timer?.cancel();
    this.#resolve({ reason });
  }

  protected override ownerDown(): void {
    this.#timer?.cancel();
  }
}
