/**
 * Interleaved turns: A B C, B C A, C A B, … so that whatever else the machine does falls on all
 * variants alike. Each variant is a process of its own that waits while the others have theirs.
 */

/** One variant of a measure. */
export interface Variant<T> {
  readonly name: string;
  /** One turn of about `ms` milliseconds. */
  turn(ms: number): Promise<T>;
}

export interface TurnOptions {
  /** Length of a turn. */
  readonly ms: number;
  /** Rounds before those that count. */
  readonly warmUp: number;
  readonly rounds: number;
}

/** Runs the rounds; gives the results of each variant, round by round. */
export async function interleave<T>(
  variants: ReadonlyArray<Variant<T>>,
  { ms, warmUp, rounds }: TurnOptions,
): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>(variants.map(({ name }) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (let place = 0; place < variants.length; place++) {
      const variant = variants[(place + round + warmUp) % variants.length] as Variant<T>;
      const result = await variant.turn(ms);
      if (round >= 0) results.get(variant.name)?.push(result);
    }
  }
  return results;
}

/** Rounds that fit into a time, within reason. */
export function roundsIn(
  seconds: number,
  variants: number,
  turnMs: number,
  warmUp: number,
): number {
  const rounds = Math.floor((seconds * 1000) / (variants * turnMs)) - warmUp;
  return Math.max(3, rounds);
}
