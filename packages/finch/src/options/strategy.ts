/**
 * Which shard of a pool serves a request, when `count` is above 1.
 */
import { custom, invalid } from '@linnet/otp/options';
import type { Figures } from '../errors/index.ts';

/** What a strategy function sees of a shard. */
export interface ShardLoad extends Pick<Figures, 'inUse' | 'inFlight' | 'idle' | 'queued'> {
  /** From 0. */
  readonly index: number;
}

/** Picks a shard: returns the `index` of one of those given. */
export type PoolStrategyFunction = (shards: readonly ShardLoad[]) => number;

/**
 * How a shard is chosen. Not used when there is only one.
 *
 * - `'least_busy'`: the one with the fewest requests in use and queued
 * - `'round_robin'`: each in turn
 * - `'random'`: any (what Finch does by default)
 * - `'hash'`: always the same one for a calling process
 * - `{ hash: key }`: always the same one for a key
 * - a function
 */
export type PoolStrategy =
  | 'least_busy'
  | 'round_robin'
  | 'random'
  | 'hash'
  | { readonly hash: string | number }
  | PoolStrategyFunction;

const words: readonly unknown[] = ['least_busy', 'round_robin', 'random', 'hash'];

/** The `poolStrategy` option, of a pool or of a request. */
export function strategy<const D extends PoolStrategy | undefined = undefined>(spec: {
  readonly doc: string;
  readonly default?: D;
  readonly defaultText?: string;
}) {
  return custom<PoolStrategy, PoolStrategy, D>({
    ...spec,
    type: "'least_busy' | 'round_robin' | 'random' | 'hash' | { hash } | function",
    allowed:
      "'least_busy', 'round_robin', 'random', 'hash', { hash: string | number }, or a function of the shards that returns an index",
    parse: (value) => (isStrategy(value) ? value : invalid),
  });
}

function isStrategy(value: unknown): value is PoolStrategy {
  if (typeof value === 'function' || words.includes(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { hash, ...others } = value as { hash?: unknown };
  return (typeof hash === 'string' || Number.isFinite(hash)) && Object.keys(others).length === 0;
}
