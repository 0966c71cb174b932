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

/** What one turn showed. */
export interface Rate {
  /** Operations per second. */
  readonly perSecond: number;
  /**
   * Operations per second of processor time, all threads counted: what others do on the machine
   * does not touch it. As `perSecond` where the system does not tell processor times.
   */
  readonly perProcessorSecond: number;
}

/** Turns of a process that answers counts. */
export function rateVariant(name: string, peer: Peer): Variant<Rate> {
  let rate: Rate | undefined;
  /** Gives the milliseconds that it took. */
  const repeat = async (count: number): Promise<number> => {
    const before = peer.processorTime;
    const [nanoseconds = 0, done = 0] = (await peer.ask(String(count))).split(' ').map(Number);
    const after = peer.processorTime;
    const onProcessor = before === undefined || after === undefined ? nanoseconds : after - before;
    rate = {
      perSecond: (done * 1e9) / nanoseconds,
      perProcessorSecond: (done * 1e9) / onProcessor,
    };
    return nanoseconds / 1e6;
  };
  const countFor = (ms: number): number =>
    rate === undefined ? 1000 : Math.max(1, Math.ceil((rate.perSecond * ms) / 1000));
  return {
    name,
    async turn(ms) {
      // The first turn finds out how much fits into one; later ones have a count that nearly does.
      let took = 0;
      for (let left = 10; took < ms / 2 && left > 0; left--) took = await repeat(countFor(ms));
      return rate as Rate;
    },
  };
}
