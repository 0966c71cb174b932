/** The process that starts breakers, rate limits and the machines of upstreams, each once, however many calls ask for it. */
import {
  DynamicSupervisor,
  GenServer,
  onDeath,
  Registry,
  reply,
  type ChildSpec,
  type Pid,
} from '@linnet/otp';
import type { BreakerSettings, OutlierSettings, RateLimitSettings } from '../options/index.ts';
import { Breaker } from './breaker.ts';
import { BreakerProcess } from './breaker-machine.ts';
import { guardsName, registryName } from './names.ts';
import { Outlier } from './outlier.ts';
import { OutlierProcess } from './outlier-machine.ts';
import { RateLimiter } from './rate-limiter.ts';
import { TokenBucket } from './token-bucket.ts';

/** What is to be there: by its key, for an origin. */
export type Wanted =
  | {
      readonly kind: 'breaker';
      readonly key: string;
      readonly origin: string;
      readonly settings: BreakerSettings;
    }
  | {
      readonly kind: 'rate_limit';
      readonly key: string;
      readonly origin: string;
      readonly settings: RateLimitSettings;
    }
  | {
      readonly kind: 'outlier';
      readonly key: string;
      readonly origin: string;
      readonly settings: OutlierSettings;
    };

/** What the registry holds. */
export type Guard = Breaker | Outlier | TokenBucket;

/** How many there are at most: beyond that the least recently used at rest are stopped. */
const most = 1000;

export const GuardManager = GenServer.define({
  name: 'req_manager',
  init: (tree: string) => tree,
  handleCall: {
    /** Answers when it is there. */
    ensure: async (tree, wanted: Wanted) => {
      const registry = registryName(tree);
      if (Registry.lookup(registry, wanted.key).length === 0) {
        await stopLeastUsed(tree);
        await DynamicSupervisor.startChild(guardsName(tree), specOf(tree, wanted));
      }
      return reply(undefined, tree);
    },
  },
});

function specOf(tree: string, wanted: Wanted): ChildSpec {
  const { key } = wanted;
  if (wanted.kind === 'breaker') {
    const register = (breaker: Breaker): void => {
      Registry.register(registryName(tree), key, breaker);
    };
    return {
      id: key,
      // With its data anew: what is restarted knows of no failures.
      start: () => BreakerProcess.startLink(new Breaker(wanted.settings, register)),
      restart: 'transient',
    };
  }
  if (wanted.kind === 'outlier') {
    const register = (outlier: Outlier): void => {
      Registry.register(registryName(tree), key, outlier);
    };
    return {
      id: key,
      start: () => OutlierProcess.startLink(new Outlier(wanted.settings, register)),
      restart: 'transient',
    };
  }
  return {
    id: key,
    start: async () => {
      const bucket = new TokenBucket(wanted.origin, wanted.settings);
      const server = await RateLimiter.startLink({ tree, key, bucket });
      // Also when it is killed, and says nothing itself.
      onDeath(server.pid, () => bucket.close());
      return server;
    },
    restart: 'transient',
  };
}

/**
 * One at rest if there is one. Else one that may be forgotten: an origin that failed and is not asked any
 * more stays open or half open for ever, and there may be many of them.
 */
async function stopLeastUsed(tree: string): Promise<void> {
  const registry = registryName(tree);
  if (Registry.count(registry) < most) return;
  const all = Registry.select(registry, () => true).map(({ pid, value }) => ({
    pid,
    guard: value as Guard,
  }));
  const found =
    leastUsed(all.filter(({ guard }) => guard.isAtRest)) ??
    leastUsed(all.filter(({ guard }) => guard.isUnused));
  if (found !== undefined) await DynamicSupervisor.terminateChild(guardsName(tree), found.pid);
}

interface Running {
  readonly pid: Pid;
  readonly guard: Guard;
}

function leastUsed(running: readonly Running[]): Running | undefined {
  return running.reduce<Running | undefined>(
    (least, each) =>
      least === undefined || each.guard.lastUsed < least.guard.lastUsed ? each : least,
    undefined,
  );
}
