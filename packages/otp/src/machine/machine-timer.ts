/** Timers of machines: they fire through the mailbox, so that a state change first voids them. */
import { arm, type Timer, type TimeoutTarget } from '../process/time/clock.ts';
import type { Process } from '../process/process.ts';

/** What a timer belongs to. */
export interface TimerOwner {
  readonly process: Process;
  /** Takes a timer whose time is over at once, because its delay is 0. */
  dueNow(timer: MachineTimer): void;
}

/** A timer; also the message that it puts into the mailbox when it fires. */
export abstract class MachineTimer implements TimeoutTarget {
  readonly owner: TimerOwner;
  /** Fired, and not yet handled or cancelled. */
  due = false;
  /** Started with a delay of 0. */
  immediate = false;
  #timer: Timer | undefined;

  constructor(owner: TimerOwner) {
    this.owner = owner;
  }

  /** Starts it. A delay of 0 is no timer: it is due right after the current transition. */
  start(delay: number, background: boolean): void {
    this.immediate = delay === 0;
    if (this.immediate) {
      this.due = true;
      this.owner.dueNow(this);
    } else if (delay !== Number.POSITIVE_INFINITY) {
      this.#timer = arm(this, delay, background);
    }
  }

  cancel(): void {
    this.due = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  onTimeout(): void {
    this.#timer = undefined;
    this.due = true;
    this.owner.process.deliver(this);
  }
}
