/** `Pool`: the identity of pools, and pools under supervisors of the user's. */
import {
  splitOverrides,
  type ChildSpec,
  type ChildSpecOverrides,
  type SupervisorHandle,
} from '@linnet/otp';
import { poolFrom, poolFromUrl, poolKey, type PoolIdentity } from './identity/index.ts';
import { startUserPool } from './instance/user-pool.ts';
import {
  parseNewPoolOptions,
  parsePoolChildOptions,
  type NewPoolOptions,
  type PoolChildOptions,
} from './options/index.ts';

/**
 * Makes the identity of a pool from a URL: `Pool.new`.
 *
 * Use it to declare a pool, to ask for one, or to send requests to a tagged
 * one. Path and query of the URL are ignored. The host is made canonical: case,
 * IDNA, IPv4 and IPv6 spelling, trailing dot, default port. A fragment is the
 * tag, so that a pool's key is itself a URL of that pool. `http+unix:///run/x.sock`
 * and `http+unix://%2Frun%2Fx.sock` name a Unix socket; `%`, `?` and `#` in its
 * path are written `%25`, `%3F` and `%23`.
 *
 * Mirrors `Finch.Pool.new/2`.
 *
 * @throws OptionsError for a URL without scheme or host, another scheme,
 * credentials in the URL, an invalid port or tag, or an unknown option.
 *
 * @example
 * Pool.new('https://API.example.com', { tag: 'api' }).key; // 'https://api.example.com:443#api'
 */
function newPool(url: string | URL, options?: NewPoolOptions): PoolIdentity {
  return poolFromUrl(url, parseNewPoolOptions(options).tag);
}

/**
 * The specification of a pool as a child of any supervisor: that supervisor owns
 * it and restarts it, and the instance named by `finch` uses it for its key.
 *
 * It is plain data: the instance is looked up when the pool starts, so both may
 * stand in one list of children, the instance first. While the pool is down,
 * requests for its key wait for it, or fail with PoolDownError; they are never
 * served by the instance's `default` options. When the instance is restarted,
 * the pool joins the new one with its connections.
 *
 * Mirrors `Finch.Pool.child_spec/1`.
 *
 * @throws OptionsError
 *
 * @example
 * await supervisor.startChild(
 *   Pool.childSpec({ finch: 'MyFinch', pool: 'https://api.internal', size: 10 }),
 * );
 */
function childSpec(options: PoolChildOptions & ChildSpecOverrides): ChildSpec<SupervisorHandle> {
  const [overrides, given] = splitOverrides(options);
  const { finch, pool, options: poolOptions } = parsePoolChildOptions(given);
  return {
    id: `${finch}/${pool.key}`,
    start: () => startUserPool(finch, pool, poolOptions),
    type: 'supervisor',
    ...overrides,
  };
}

/** A pool's identity: scheme, host, port and tag. */
export type Pool = PoolIdentity;

/** Pools by identity, and as children of the user's own supervisors. */
export const Pool: {
  /** The identity of a pool, from a URL and a tag. */
  readonly new: typeof newPool;
  /** The identity of a pool from a URL, its parts or `[scheme, host, port]`. */
  readonly from: typeof poolFrom;
  /** The canonical printable key of a pool. */
  readonly key: typeof poolKey;
  readonly childSpec: typeof childSpec;
} = Object.freeze({ new: newPool, from: poolFrom, key: poolKey, childSpec });
