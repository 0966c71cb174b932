/** Stopping children: ask, wait, kill. */
import type { ShutdownTime } from '../process/start/child-spec.ts';
import { arm, type Timer, type TimeoutTarget } from '../process/time/clock.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { unlinkProcesses } from '../process/links/link.ts';
import { processOf, type Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { signalExit } from '../process/links/signals.ts';
import { attachWatch, Watch } from '../process/links/watch.ts';

/**
 * The end of one child: `'shutdown'`, then `'kill'` after its shutdown time.
 *
 * A child that does not trap exits dies inside the constructor. When the supervisor itself is
 * killed meanwhile, the wait ends without a result.
 */
export class Stopping extends Watch implements TimeoutTarget {
  readonly #supervisor: Process;
  readonly #child: Pid;
  #done = false;
  #reason: ExitReason;
  #timer: Timer | undefined;
  #resolve: (() => void) | undefined;

  /** `ended`: with which reason it has, if it is dead already. */
  constructor(supervisor: Process, child: Pid, shutdown: ShutdownTime, ended: ExitReason) {
    super();
    this.#supervisor = supervisor;
    this.#child = child;
    const target = processOf(child);
    if (target === undefined) {
      this.#finish(ended);
      return;
    }
    attachWatch(this, target, supervisor);
    if (shutdown === 'brutal_kill') {
      signalExit(target, supervisor.pid, 'kill');
      return;
    }
    signalExit(target, supervisor.pid, 'shutdown');
    if (!this.#done && shutdown !== 'infinity') this.#timer = arm(this, shutdown);
  }

  get done(): boolean {
    return this.#done;
  }

  /** Why the child ended. */
  get reason(): ExitReason {
    return this.#reason;
  }

  /** Resolves when the child is dead. */
  finished(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  onTimeout(): void {
    this.#timer = undefined;
    const target = processOf(this.#child);
    if (target !== undefined) signalExit(target, this.#supervisor.pid, 'kill');
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.#timer?.cancel();
    this.#finish(reason);
  }

  protected override ownerDown(): void {
    this.#timer?.cancel();
  }

  /** Unlinks the child before its EXIT is sent, so that this death is not taken for a crash. */
  #finish(reason: ExitReason): void {
    this.#done = true;
    this.#reason = reason;
    unlinkProcesses(this.#supervisor, this.#child);
    this.#resolve?.();
  }
}
