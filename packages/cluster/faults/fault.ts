/** What a fault is, and what comes of it. */

/** What one fault came to. */
export interface Outcome {
  readonly holds: boolean;
  readonly seen: string;
}

export interface Fault {
  readonly name: string;
  /** What must hold. */
  readonly bar: string;
  /** A text says why the fault cannot be tried here. */
  run(): Promise<Outcome | string>;
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds, to be read. */
export const ms = (value: number | undefined): string =>
  value === undefined ? 'never' : `${Math.round(value)} ms`;

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Waits for something that comes true; the milliseconds that it took, or undefined. */
export async function waitFor(
  condition: () => boolean,
  limitMs = 20_000,
): Promise<number | undefined> {
  const began = performance.now();
  for (; performance.now() - began < limitMs; await pause(5)) {
    if (condition()) return performance.now() - began;
  }
  return undefined;
}
