/** Choosing among the shards of a pool. */
import type { Pid } from '@linnet/otp';
import type { PoolStrategy } from '../options/index.ts';
import type { PoolCore } from './core.ts';

/** A source of numbers from 0 to below 1. */
export interface Random {
  random(): number;
}

/**
 * Picks one of at least two shards; `turn` counts the choices that the pool has made. What a
 * strategy function gives that is no shard's index counts as no choice.
 */
export function chooseShard(
  shards: readonly PoolCore[],
  strategy: PoolStrategy,
  turn: number,
  caller: Pid | undefined,
  source: Random,
): PoolCore {
  return shards[choose(shards, strategy, turn, caller, source)] ?? leastBusy(shards);
}

function choose(
  shards: readonly PoolCore[],
  strategy: PoolStrategy,
  turn: number,
  caller: Pid | undefined,
  source: Random,
): number {
  switch (strategy) {
    case 'least_busy':
      return shards.indexOf(leastBusy(shards));
    case 'round_robin':
      return turn % shards.length;
    case 'random':
      return Math.floor(source.random() * shards.length);
    case 'hash':
      return (caller?.id ?? 0) % shards.length;
    default:
      if (typeof strategy === 'object') return hashOf(strategy.hash) % shards.length;
      return strategy(
        shards.map((shard, index) => ({
          index,
          inUse: shard.inUse,
          inFlight: shard.inFlight,
          idle: shard.idleCount,
          queued: shard.load - shard.inFlight,
        })),
      );
  }
}

function leastBusy(shards: readonly PoolCore[]): PoolCore {
  return shards.reduce((best, shard) => (shard.load < best.load ? shard : best));
}

/** FNV-1a: the same key, the same shard, in every process and run. */
function hashOf(key: string | number): number {
  let hash = 0x811c9dc5;
  for (const char of String(key)) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}
