/**
 * Time for connections: limits on dialling, on waiting for `100 Continue`, on
 * an idle connection. Tests give a clock of their own.
 */

/** A clock with timers. */
export interface Clock {
  /** Milliseconds since some moment; never goes backwards. */
  now(): number;
  /** Calls `run` once, `ms` milliseconds from now; with `background`, it keeps no program running. */
  after(ms: number, run: () => void, background?: boolean): Alarm;
}

/** A timer of a {@link Clock}. */
export interface Alarm {
  /** It is not to go off; no effect when it has. */
  cancel(): void;
}

/** The longest delay of a timer of Node.js. */
const longest = 2 ** 31 - 1;

class SystemAlarm implements Alarm {
  private readonly timer: NodeJS.Timeout;

  constructor(ms: number, run: () => void, background: boolean) {
    this.timer = setTimeout(run, Math.min(ms, longest));
    if (background) this.timer.unref();
  }

  cancel(): void {
    clearTimeout(this.timer);
  }
}

/** The clock of the system. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, run, background = false) => new SystemAlarm(ms, run, background),
};
