/** New certificates for running pools. */
import { tlsSourceOf } from '../connection/tls.ts';
import { fromMint } from '../errors/from-mint.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolLike } from '../identity/index.ts';
import type { Pool } from '../pool/pool.ts';
import type { Instance } from './instance.ts';
import { requirePool } from './pools.ts';

/**
 * Reads the TLS files of a pool, or of all, again. Pools with the same options object
 * share a TLS identity. Returns the keys of the running pools that have a new one.
 *
 * @throws OptionsError for the first file that cannot be used; the others are replaced all the same.
 */
export function reloadTls(instance: Instance, id: PoolLike | undefined): string[] {
  const pools = instance.pools().map(({ pool }) => pool);
  const options =
    id === undefined ? allOptions(instance, pools) : [requirePool(instance, id).options];
  const failures: unknown[] = [];
  const renewed = new Set<ResolvedPoolOptions>();
  for (const each of new Set(options)) {
    try {
      if (tlsSourceOf(each).reload()) renewed.add(each);
    } catch (error) {
      failures.push(fromMint(error));
    }
  }
  const changed = pools.filter((pool) => renewed.has(pool.options));
  for (const shard of changed.flatMap(({ live }) => live)) shard.discardExpired();
  if (failures.length > 0) throw failures[0];
  return changed.map(({ identity }) => identity.key);
}

/** The options of running pools, and those for pools that are started later. */
function allOptions({ options }: Instance, pools: readonly Pool[]): ResolvedPoolOptions[] {
  const { default: template, rules, declared } = options.pools;
  return [template, ...rules, ...declared, ...pools].map((each) =>
    'options' in each ? each.options : each,
  );
}
