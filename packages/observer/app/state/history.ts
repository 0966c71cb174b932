/** What is plotted: figures of the documents so far, as series of equal length. */
import type { SystemFigures } from '../../src/protocol/documents.ts';

/** Points of a series; the oldest are dropped. */
const mostPoints = 600;

/** Series by name, and the time of their points in seconds. */
export class History {
  readonly times: number[] = [];
  readonly #series = new Map<string, Array<number | null>>();

  /** Adds a point to each series; those that have no value get a gap. */
  add(at: number, values: Readonly<Record<string, number | undefined>>): void {
    const time = at / 1000;
    if (time <= (this.times.at(-1) ?? 0)) return;
    for (const name of Object.keys(values)) {
      if (!this.#series.has(name))
        this.#series.set(
          name,
          this.times.map(() => null),
        );
    }
    this.times.push(time);
    for (const [name, series] of this.#series) series.push(values[name] ?? null);
    if (this.times.length <= mostPoints) return;
    this.times.shift();
    for (const series of this.#series.values()) series.shift();
  }

  /** Gaps until there is such a series. */
  series(name: string): ReadonlyArray<number | null> {
    return this.#series.get(name) ?? this.times.map(() => null);
  }

  last(name: string): number | undefined {
    return this.#series.get(name)?.at(-1) ?? undefined;
  }
}

/** The figures of the program, on whatever page they came. */
export class SystemHistory extends History {
  #before: SystemFigures | undefined;

  addSystem(system: SystemFigures): void {
    const before = this.#before;
    const seconds = before === undefined ? 0 : (system.at - before.at) / 1000;
    if (before !== undefined && seconds <= 0) return;
    this.#before = system;
    const { memory, loop, requests } = system;
    const perSecond = (now: number | undefined, then: number | undefined): number | undefined =>
      now === undefined || then === undefined || now < then ? undefined : (now - then) / seconds;
    this.add(system.at, {
      processes: system.processes,
      runQueue: system.runQueue,
      reductions: perSecond(system.reductions, before?.reductions),
      utilization: loop.utilization * 100,
      delayP50: loop.delayP50,
      delayP99: loop.delayP99,
      rss: memory.rss / 2 ** 20,
      heapUsed: memory.heapUsed / 2 ** 20,
      requests: perSecond(requests?.count, before?.requests?.count),
      failed: perSecond(requests?.failed, before?.requests?.failed),
      p50: requests?.p50,
      p99: requests?.p99,
    });
  }
}
