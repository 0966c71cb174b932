/** Finds the breaker and the rate limit of an origin; starts them at the first call. */
import { GenServer, Registry, UnknownRegistryError, CallError } from '@linnet/otp';
import { NotRunningError } from '../errors/index.ts';
import type { BreakerSettings, RateLimitSettings, ResolvedOptions } from '../options/index.ts';
import { Breaker } from './breaker.ts';
import type { Guard, Wanted } from './manager.ts';
import { managerName, registryName } from './names.ts';
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
  try {
    const found = lookUp(options.supervisor, { kind: 'rate_limit', key, origin, settings });
    return found instanceof TokenBucket ? found : undefined;
  } catch {
    return undefined;
  }
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

function lookUp(tree: string, wanted: Wanted): Guard | undefined {
  try {
    return Registry.lookup(registryName(tree), wanted.key)[0]?.value as Guard | undefined;
  } catch (cause) {
    throw cause instanceof UnknownRegistryError ? notRunning(tree, wanted, cause) : cause;
  }
}

function notRunning(tree: string, { kind }: Wanted, cause: unknown): NotRunningError {
  return new NotRunningError({
    missing: tree,
    neededBy: `the option ${kind === 'breaker' ? 'breaker' : 'rateLimit'}`,
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
  settings: BreakerSettings | RateLimitSettings,
): string {
  let text = keys.get(settings);
  if (text === undefined) {
    text = JSON.stringify(settings);
    keys.set(settings, text);
  }
  // Behind each Unix socket there is another server, whatever the URL says.
  return `${kind} ${origin} ${text}${unixSocket === undefined ? '' : ` ${unixSocket}`}`;
}
