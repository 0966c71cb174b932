import type { Alarm, Clock } from '../../src/index.ts';
/** A clock that goes on only when a test says so. */

export class ManualClock implements Clock {
  private time = 0;
  private readonly alarms = new Set<{ readonly at: number; readonly run: () => void }>();

  now(): number {
    return this.time;
  }

  after(ms: number, run: () => void): Alarm {
    const alarm = { at: this.time + ms, run };
    this.alarms.add(alarm);
    return { cancel: () => void this.alarms.delete(alarm) };
  }

  /** How many alarms have still to go off. */
  get pending(): number {
    return this.alarms.size;
  }

  /** Lets this many milliseconds pass. */
  advance(ms: number): void {
    this.time += ms;
    for (const alarm of this.alarms) {
      if (alarm.at > this.time) continue;
      this.alarms.delete(alarm);
      alarm.run();
    }
  }
}
