/** What wires of all protocols are told of their pool. */
import { hostHeader, type PoolIdentity } from '../identity/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { runtimeClock } from './clock.ts';

export function wireOptionsOf(
  pool: PoolIdentity,
  { maxHeaderSize, maxResponseSize }: ResolvedPoolOptions,
) {
  return {
    origin: pool.origin,
    authority: hostHeader(pool),
    maxHeaderSize,
    maxResponseSize: maxResponseSize === 'infinity' ? undefined : maxResponseSize,
    clock: runtimeClock,
  };
}
