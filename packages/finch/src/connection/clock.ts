/** The runtime's clock, as connections measure their time by it. */
import { arm, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import type { Alarm, Clock } from '@linnet/mint';

class ClockAlarm implements Alarm, TimeoutTarget {
  private readonly run: () => void;
  private readonly timer: Timer;

  constructor(ms: number, run: () => void, background: boolean) {
    this.run = run;
    this.timer = arm(this, Math.max(1, Math.ceil(ms)), background);
  }

  onTimeout(): void {
    this.run();
  }

  cancel(): void {
    this.timer.cancel();
  }
}

/** The clock that a test of processes sets, too. */
export const runtimeClock: Clock = {
  now,
  after: (ms, run, background = false) => new ClockAlarm(ms, run, background),
};
