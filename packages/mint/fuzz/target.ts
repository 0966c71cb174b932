/**
 * What is fuzzed: a codec of ours beside an independent one, and beside itself
 * with the same bytes in other pieces.
 */
import type { Random } from './random.ts';

/** What was found for one input. */
export interface Finding {
  /** What kind of result it is: `both refuse`, `only the peer accepts: …`. */
  readonly kind: string;
  /** `same`: no difference; `known`: one that is as it should be; `failure`: all others. */
  readonly verdict: 'same' | 'known' | 'failure';
  /** The input as a line of a test. */
  readonly input: string;
  /** What each made of it, in short. */
  readonly detail: string;
}

export interface FuzzTarget {
  readonly name: string;
  /** Tries one random input. */
  tryOne(random: Random): Promise<readonly Finding[]>;
}
