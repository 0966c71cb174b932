/** Processor time of the steps of a case. */

/** Does a step and notes how long it took. */
export type Timed = <T>(step: string, work: () => T | Promise<T>) => Promise<T>;

/** Runs a case once; gives the milliseconds of processor time of each step. */
export async function timeSteps(
  run: (count: number, timed: Timed) => Promise<void>,
  count: number,
): Promise<Map<string, number>> {
  const steps = new Map<string, number>();
  await run(count, async (step, work) => {
    // What earlier steps have left to collect is not this one's.
    globalThis.gc?.();
    const before = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(before);
    steps.set(step, (steps.get(step) ?? 0) + (user + system) / 1000);
    return result;
  });
  return steps;
}
