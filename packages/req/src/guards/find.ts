/** Finds the breaker, the rate limit and the machine of an upstream of an origin; starts them at the first call. */
import { GenServer, Registry, UnknownRegistryError, CallError } from '@linnet/otp';
import { NotRunningError } from '../errors/index.ts';
import type {
  BreakerSettings,
  OutlierSettings,
  RateLimitSettings,
  ResolvedOptions,
} from '../options/index.ts';
import { Breaker } from './breaker.ts';
import type { Guard, Wanted } from './manager.ts';
import { managerName, registryName } from './names.ts';
import { Outlier } from './outlier.ts';
import { TokenBucket } from './token-bucket.ts';

/** The breaker. @throws NotRunningError */
export function breakerOf(
  options: ResolvedOptions,
  origin: string,
  settings: BreakerSettings,
): Breaker | Promise<Breaker> {
  const key = keyOf('breaker', options, origin, settings);
  const isBreaker = (guard: Guard): guard is Breaker => guard instanceof Breaker;
  return find(options.supervisor, { kind: 'breaker', key, origin, settings }, isBreaker);
}

/** The rate limit. @throws NotRunningError */
export function bucketOf(
  options: ResolvedOptions,
  origin: string,
  settings: RateLimitSettings,
): TokenBucket | Promise<TokenBucket> {
  const key = keyOf('rate_limit', options, origin, settings);
  const isBucket = (guard: Guard): guard is TokenBucket => guard instanceof TokenBucket;
  return find(options.supervisor, { kind: 'rate_limit', key, origin, settings }, isBucket);
}

/** The rate limit if its process runs; never throws. */
export function runningBucket(
  options: ResolvedOptions,
  origin: string,
  settings: RateLimitSettings,
): TokenBucket | undefined {
  const key = keyOf('rate_limit', options, origin, settings);
  const found = running(options.supervisor, { kind: 'rate_limit', key, origin, settings });
  return found instanceof TokenBucket ? found : undefined;
}

/** The machine of an upstream. @throws NotRunningError */
export function outlierOf(
  options: ResolvedOptions,
  origin: string,
  settings: OutlierSettings,
): Outlier | Promise<Outlier> {
  const key = keyOf('outlier', options, origin, settings);
  const isOutlier = (guard: Guard): guard is Outlier => guard instanceof Outlier;
  return find(options.supervisor, { kind: 'outlier', key, origin, settings }, isOutlier);
}

/** Those of these upstreams that are ejected at this moment; never throws. */
export function ejectedOf(
  options: ResolvedOptions,
  origins: ReadonlySet<string>,
  settings: OutlierSettings,
): ReadonlySet<string> {
  const ejected = new Set<string>();
  for (const origin of origins) {
    const key = keyOf('outlier', options, origin, settings);
    const found = running(options.supervisor, { kind: 'outlier', key, origin, settings });
    if (found instanceof Outlier && found.isEjected) ejected.add(origin);
  }
  return ejected;
}

function find<G extends Guard>(
  tree: string,
  wanted: Wanted,
  isWanted: (guard: Guard) => guard is G,
): G | Promise<G> {
  const found = lookUp(tree, wanted);
  return found !== undefined && isWanted(found) ? found : start(tree, wanted, isWanted);
}

async function start<G extends Guard>(
  tree: string,
  wanted: Wanted,
  isWanted: (guard: Guard) => guard is G,
): Promise<G> {
  try {
    await GenServer.call(managerName(tree), ['ensure', wanted]);
  } catch (cause) {
    throw cause instanceof CallError ? notRunning(tree, wanted, cause) : cause;
  }
  const found = lookUp(tree, wanted);
  if (found !== undefined && isWanted(found)) return found;
  throw notRunning(tree, wanted, undefined);
}

/** What runs at this moment, if the tree does. */
function running(tree: string, wanted: Wanted): Guard | undefined {
  try {
    return lookUp(tree, wanted);
  } catch {
    return undefined;
  }
}

function lookUp(tree: string, wanted: Wanted): Guard | undefined {
  try {
    return Registry.lookup(registryName(tree), wanted.key)[0]?.value as Guard | undefined;
  } catch (cause) {
    throw cause instanceof UnknownRegistryError ? notRunning(tree, wanted, cause) : cause;
  }
}

/** The option that a guard is of. */
const optionOf = { breaker: 'breaker', outlier: 'outlier', rate_limit: 'rateLimit' } as const;

function notRunning(tree: string, { kind }: Wanted, cause: unknown): NotRunningError {
  return new NotRunningError({
    missing: tree,
    neededBy: `the option ${optionOf[kind]}`,
    remedy: 'Put Req.childSpec() into your supervisor; the option supervisor names another tree.',
    cause,
  });
}

/** By the settings, too: clients with other settings have another one. */
const keys = new WeakMap<object, string>();

function keyOf(
  kind: string,
  { unixSocket }: ResolvedOptions,
  origin: string,
  settings: BreakerSettings | OutlierSettings | RateLimitSettings,
): string {
  let text = keys.get(settings);
  if (text === undefined) {
    text = JSON.stringify(settings);
    keys.set(settings, text);
  }
  // Behind each Unix socket there is another server, whatever the URL says.
  return `${kind} ${origin} ${text}${unixSocket === undefined ? '' : ` ${unixSocket}`}`;
}
