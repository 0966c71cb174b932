/**
 * The options of a Finch instance, and of a pool that a user's supervisor owns.
 */
import { OptionsError } from '../errors/input-errors.ts';
import { poolFrom } from '../pool/identity.ts';
import type { PoolIdentity, PoolLike } from '../pool/identity.ts';
import { custom, finiteDuration, limit, required, string } from './fields.ts';
import { checkPoolOptions, parsePoolOptions, poolFields, poolSchema } from './pool-options.ts';
import type { PoolOptions, ResolvedPoolOptions } from './pool-options.ts';
import { defineSchema, invalid } from './schema.ts';
import type { InputOf, OutputOf } from './schema.ts';

/**
 * The pools of an instance: an object with URLs as keys, or any iterable of
 * pairs (an array, a Map), whose keys may be `Pool` values as well. The key
 * `'default'` holds the options of pools that are started on demand.
 */
export type PoolsOption =
  | Readonly<Record<string, PoolOptions>>
  | Iterable<readonly [PoolLike, PoolOptions]>;

/** A pool that the instance starts by itself. */
export interface DeclaredPool {
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
}

/** The `pools` option, checked. */
export interface ResolvedPools {
  /** The options of pools that are started on demand. */
  readonly default: ResolvedPoolOptions;
  /** The others, in the order given. */
  readonly declared: readonly DeclaredPool[];
}

const pools = custom<PoolsOption, ResolvedPools, ResolvedPools>({
  doc: 'The pools to start with the instance, by URL; `default` holds the options of pools that are started on demand.',
  type: 'object, Map or list of pairs',
  allowed:
    "an object of pool options by URL or 'default', or an iterable of [Pool or URL, pool options]",
  default: Object.freeze({ default: parsePoolOptions(), declared: Object.freeze([]) }),
  defaultText: '`default` with the defaults',
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

/** What `Pool.childSpec` is given, checked and taken apart. */
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

function parsePools(value: unknown, path: string): ResolvedPools | typeof invalid {
  if (typeof value !== 'object' || value === null) return invalid;
  const entries: Iterable<unknown> =
    Symbol.iterator in value ? (value as Iterable<unknown>) : Object.entries(value);
  let template: ResolvedPoolOptions | undefined;
  const declared = new Map<string, DeclaredPool>();
  for (const entry of entries) {
    if (!Array.isArray(entry) || entry.length !== 2) return invalid;
    const [key, given] = entry as [PoolLike, PoolOptions | undefined];
    const name = `${path}[${typeof key === 'string' ? `'${key}'` : 'pool'}]`;
    const isDefault = key === 'default';
    const pool = isDefault ? undefined : poolFrom(key);
    if (pool === undefined ? template !== undefined : declared.has(pool.key)) {
      throw new OptionsError({
        option: name,
        value: pool?.key ?? key,
        scope: 'Finch options',
        detail: 'this pool is there twice',
        allowed: 'each pool once',
      });
    }
    const options = parsePoolOptions(given, `${name}.`);
    if (pool === undefined) template = options;
    else declared.set(pool.key, Object.freeze({ pool, options }));
  }
  return Object.freeze({
    default: template ?? parsePoolOptions(),
    declared: Object.freeze([...declared.values()]),
  });
}
