/** How late the event loop is, while a viewer looks. */
import { monitorEventLoopDelay, performance, type IntervalHistogram } from 'node:perf_hooks';
import type { LoopFigures } from '../protocol/documents.ts';
import { round } from './show.ts';

/** How often the event loop is asked for its time, in ms; on time, it is `resolution` late. */
const resolution = 20;

export class LoopMonitor {
  #delay: IntervalHistogram | undefined;
  #load = performance.eventLoopUtilization();
  #figures: LoopFigures = { utilization: 0 };

  start(): void {
    this.#delay ??= monitorEventLoopDelay({ resolution });
    this.#delay.enable();
    this.#delay.reset();
    this.#load = performance.eventLoopUtilization();
  }

  stop(): void {
    this.#delay?.disable();
    this.#delay = undefined;
    this.#figures = { utilization: 0 };
  }

  get figures(): LoopFigures {
    return this.#figures;
  }

  /** Begins a new window; the figures are those of the one that ends. */
  rotate(): void {
    const load = performance.eventLoopUtilization();
    const utilization = round(performance.eventLoopUtilization(load, this.#load).utilization);
    this.#load = load;
    const delay = this.#delay;
    if (delay === undefined || delay.count === 0) {
      this.#figures = { utilization };
      return;
    }
    const late = (nanoseconds: number): number =>
      round(Math.max(0, nanoseconds / 1e6 - resolution));
    this.#figures = {
      utilization,
      delayP50: late(delay.percentile(50)),
      delayP99: late(delay.percentile(99)),
      delayMax: late(delay.max),
    };
    delay.reset();
  }
}
