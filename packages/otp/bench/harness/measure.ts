/**
 * Timed repetitions: a process that is told how often to do something, and answers how long that
 * took. In and out are lines, so that the process can be written in any language.
 */
import { answerLines, type Peer } from './program.ts';
import type { Variant } from './turns.ts';

/** Does something so many times, or a little more or less; gives the number done. */
export type Repeat = (count: number) => Promise<number>;

/** Serves a {@link rateVariant}. */
export function answerCounts(repeat: Repeat): Promise<never> {
  return answerLines(async (line) => {
    const started = process.hrtime.bigint();
    const done = await repeat(Number(line));
    return `${process.hrtime.bigint() - started} ${done}`;
  });
}

/** Turns of a process that answers counts; the result of a turn is a rate per second. */
export function rateVariant(name: string, peer: Peer): Variant<number> {
  let rate = 0;
  const repeat = async (count: number): Promise<number> => {
    const [nanoseconds = 0, done = 0] = (await peer.ask(String(count))).split(' ').map(Number);
    rate = done / (nanoseconds / 1e9);
    return nanoseconds / 1e6;
  };
  return {
    name,
    async turn(ms) {
      // The first turn finds out how much fits into one.
      let took = rate === 0 ? 0 : await repeat(countFor(rate, ms));
      for (let count = 1000; took < ms / 2; count = countFor(rate, ms)) took = await repeat(count);
      return rate;
    },
  };
}

const countFor = (rate: number, ms: number): number => Math.max(1, Math.ceil((rate * ms) / 1000));
