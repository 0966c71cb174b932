/**
 * The options of a Finch instance, and of a pool that a user's supervisor owns.
 */
import {
  boolean,
  custom,
  finiteDuration,
  type InputOf,
  invalid,
  limit,
  oneOf,
  type OutputOf,
  required,
  string,
} from '@linnet/otp/options';
import { OptionsError } from '../errors/input-errors.ts';
import { poolFrom, type PoolIdentity, type PoolLike } from '../identity/index.ts';
import type { HostLimiter } from './host-limiter.ts';
import { checkPoolOptions, parsePoolOptions, poolFields, poolSchema } from './pool-options.ts';
import type { PoolOptions, ResolvedPoolOptions } from './pool-options.ts';
import { byPrecedence, fits, poolPattern } from './pool-rules.ts';
import type { PoolRule, TagRule } from './pool-rules.ts';
import { defineSchema } from './schema.ts';

/**
 * The pools of an instance: an object with URLs as keys, or any iterable of
 * pairs (an array, a Map), whose keys may be `Pool` values as well. These pools
 * are started with the instance.
 *
 * The other keys give options to pools that are started on demand: patterns of
 * hosts (`'https://*.example.com'`), tags (`'#bulk'`, in a pair also
 * `{ tag: 'bulk' }`), and `'default'` for those that no other key matches.
 */
export type PoolsOption =
  | Readonly<Record<string, PoolOptions>>
  | Iterable<readonly [PoolLike | TagRule, PoolOptions]>;

/** A pool that the instance starts by itself. */
export interface DeclaredPool {
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
}

/** The `pools` option, checked. */
export interface ResolvedPools {
  /** The options of pools that are started on demand and that no rule matches. */
  readonly default: ResolvedPoolOptions;
  /** The options of others that are started on demand, the most specific first. */
  readonly rules: readonly PoolRule[];
  /** Those that are started with the instance, in the order given. */
  readonly declared: readonly DeclaredPool[];
}

/** The options of a pool: its own, else those of the first rule that matches, else `default`. */
export function poolOptionsFor(pools: ResolvedPools, pool: PoolIdentity): ResolvedPoolOptions {
  const own = pools.declared.find((declared) => declared.pool.key === pool.key);
  const found = own ?? pools.rules.find(({ pattern }) => fits(pattern, pool));
  return found?.options ?? pools.default;
}

/** Whether a pool is named, or matched by a pattern or tag. */
export function isDeclared(pools: ResolvedPools, pool: PoolIdentity): boolean {
  return (
    pools.declared.some((declared) => declared.pool.key === pool.key) ||
    pools.rules.some(({ pattern }) => fits(pattern, pool))
  );
}

const pools = custom<PoolsOption, ResolvedPools, ResolvedPools>({
  doc: 'The pools to start with the instance, by URL; and the options of pools that are started on demand, by a pattern of hosts, by tag, and for all others under `default`.',
  type: 'object, Map or list of pairs',
  allowed:
    "an object of pool options by URL, pattern, '#tag' or 'default', or an iterable of [Pool, URL or such a key, pool options]",
  default: Object.freeze({
    default: parsePoolOptions(),
    rules: Object.freeze([]),
    declared: Object.freeze([]),
  }),
  defaultText: '`default` with the defaults',
  entries: { at: 'default', schema: poolSchema },
  parse: parsePools,
});

export const instanceSchema = defineSchema('Finch options', {
  name: required(string({ doc: 'The name of the instance, by which `Finch.get` finds it.' })),
  pools,
  maxConnections: limit({
    min: 1,
    default: 'infinity',
    unit: 'connections',
    doc: 'The cap on open connections over all pools of the instance.',
  }),
  maxPerHost: limit({
    min: 1,
    default: 'infinity',
    unit: 'connections',
    doc: 'The cap on open connections to one host and port, over all pools of the instance.',
  }),
  hostLimiter: custom<HostLimiter>({
    doc: 'A limit on the connections to each host that the instance shares with others, such as those of all nodes of a cluster (`HostLeases` of `@linnet/cluster/finch`). It holds beside `maxPerHost`.',
    type: 'HostLimiter',
    allowed: 'an object with a method `join`',
    parse: (value) => (isHostLimiter(value) ? value : invalid),
  }),
  undeclared: oneOf(['start', 'refuse'], {
    default: 'start',
    doc: "What becomes of a request to a pool that was not declared: `'start'` starts it with the options under `default`; `'refuse'` rejects with PoolNotFoundError, which names the pool that was probably meant. Declared are the pools of the `pools` option, those that its patterns and tags match, those of `Pool.childSpec`, and those that `startPool` or `prewarm` has started.",
  }),
  captureStacks: boolean({
    default: false,
    doc: 'Whether the error of a request has the frames of the code that made it, which an error on a socket lacks. It costs some microseconds a request.',
  }),
});

export const poolChildSchema = defineSchema(
  'options of Pool.childSpec',
  {
    finch: required(string({ doc: 'The name of the Finch instance that uses the pool.' })),
    pool: required(
      custom<PoolLike, PoolIdentity>({
        doc: 'Which pool: a `Pool`, a URL, or `[scheme, host, port]`.',
        type: 'Pool | URL | [scheme, host, port]',
        allowed: 'a Pool, a URL, or [scheme, host, port]',
        parse: (value) => poolFrom(value as PoolLike),
      }),
    ),
    ...poolFields,
  },
  checkPoolOptions,
);

export const stopPoolSchema = defineSchema('options of stopPool', {
  grace: finiteDuration({
    default: 5000,
    doc: 'How long requests in flight may go on before their connections are closed.',
  }),
});

/** The options of an instance, as a caller gives them. */
export type InstanceOptions = InputOf<(typeof instanceSchema)['fields']>;
/** The same, with the defaults. */
export type ResolvedInstanceOptions = OutputOf<(typeof instanceSchema)['fields']>;

/** The options of `Pool.childSpec`, as a caller gives them. */
export type PoolChildOptions = InputOf<(typeof poolChildSchema)['fields']>;

/** The options of `stopPool`, as a caller gives them. */
export type StopPoolOptions = InputOf<(typeof stopPoolSchema)['fields']>;

/** The options of `Pool.childSpec`, checked, by what they are about. */
export interface ResolvedPoolChild extends DeclaredPool {
  readonly finch: string;
}

/**
 * Validates the options of an instance, those of its pools included.
 *
 * @throws OptionsError
 */
export function parseInstanceOptions(options: InstanceOptions): ResolvedInstanceOptions {
  return instanceSchema.parse(options);
}

/**
 * Validates the options of `Pool.childSpec`, without asking any process.
 *
 * @throws OptionsError
 */
export function parsePoolChildOptions(options: PoolChildOptions): ResolvedPoolChild {
  const { finch, pool, ...rest } = poolChildSchema.parse(options);
  return { finch, pool, options: parsePoolOptions(rest) };
}

/**
 * Validates the options of `stopPool`.
 *
 * @throws OptionsError
 */
export function parseStopPoolOptions(options?: StopPoolOptions): { readonly grace: number } {
  return options === undefined ? stopPoolSchema.defaults : stopPoolSchema.parse(options);
}

/**
 * Checks a number of shards.
 *
 * @throws OptionsError
 */
export function checkPoolCount(count: number): void {
  poolSchema.parse({ count });
}

/**
 * Checks the size of a pool.
 *
 * @throws OptionsError
 */
export function checkPoolSize(size: number): void {
  poolSchema.parse({ size });
}

const isHostLimiter = (value: unknown): value is HostLimiter =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  'join' in value &&
  typeof value.join === 'function';

function parsePools(value: unknown, path: string): ResolvedPools | typeof invalid {
  if (typeof value !== 'object' || value === null) return invalid;
  const entries: Iterable<unknown> =
    Symbol.iterator in value ? (value as Iterable<unknown>) : Object.entries(value);
  const seen = new Set<string>();
  let template = parsePoolOptions();
  const rules: PoolRule[] = [];
  const declared: DeclaredPool[] = [];
  for (const entry of entries) {
    if (!Array.isArray(entry) || entry.length !== 2) return invalid;
    const [key, given] = entry as [PoolLike | TagRule, PoolOptions | undefined];
    const name = `${path}[${nameOf(key)}]`;
    const pattern = poolPattern(key);
    const pool = key === 'default' || pattern !== undefined ? undefined : poolFrom(key as PoolLike);
    const id = pool?.key ?? pattern?.key ?? 'default';
    if (seen.has(id)) throw twice(name, id);
    seen.add(id);
    const options = parsePoolOptions(given, `${name}.`);
    if (pool !== undefined) declared.push(Object.freeze({ pool, options }));
    else if (pattern !== undefined) rules.push(Object.freeze({ pattern, options }));
    else template = options;
  }
  return Object.freeze({
    default: template,
    rules: Object.freeze(rules.toSorted(byPrecedence)),
    declared: Object.freeze(declared),
  });
}

function nameOf(key: PoolLike | TagRule): string {
  return typeof key === 'string' ? `'${key}'` : 'pool';
}

function twice(option: string, value: string): OptionsError {
  return new OptionsError({
    option,
    value,
    scope: 'Finch options',
    detail: 'this pool is given twice',
    allowed: 'each pool and each pattern once',
  });
}
