/**
 * The functions of `hackney_pool` for an instance with all its pools: figures, limits,
 * prewarming, messages.
 */
import { send } from '@linnet/otp';
import { OptionsError, type Figures } from '../errors/index.ts';
import { originOf, poolFrom, type PoolLike } from '../identity/index.ts';
import { fromNumber, toNumber } from '../options/limit.ts';
import type { Shard } from '../pool/pool.ts';
import type { Instance } from './instance.ts';
import { requirePool, startInstancePool } from './pools.ts';

/** How many connections `prewarm` opens by default, as in hackney. */
const defaultPrewarm = 4;

/** The figures of an instance over all its pools, at this moment; `queued` includes callers that wait for a pool that is down. */
export interface InstanceStats extends Omit<Figures, 'size'> {
  /** The name of the instance. */
  readonly name: string;
  /** How many pools it has, user-managed ones included. */
  readonly pools: number;
  /** The cap on open connections. */
  readonly maxConnections: number | 'infinity';
}

/** The figures of one server over all pools of an instance, at this moment. */
export interface HostStats extends Pick<Figures, 'inUse' | 'idle'> {
  /** Connections that count against `maxPerHost`: in use, idle and being opened. */
  readonly active: number;
}

function shardsOf(instance: Instance): Shard[] {
  return instance.pools().flatMap(({ pool }) => pool.live);
}

function sum(shards: readonly Shard[], figure: (shard: Shard) => number): number {
  return shards.reduce((total, shard) => total + figure(shard), 0);
}

const openOf = (shard: Shard): number => shard.inUse + shard.idleCount;

/** Open connections of one pool, or of all. @throws PoolNotFoundError */
export function countConnections(instance: Instance, id: PoolLike | undefined): number {
  return sum(id === undefined ? shardsOf(instance) : requirePool(instance, id).live, openOf);
}

export function instanceStats(instance: Instance): InstanceStats {
  const shards = shardsOf(instance);
  return {
    name: instance.name,
    pools: instance.pools().length,
    maxConnections: maxConnections(instance),
    inUse: sum(shards, (shard) => shard.inUse),
    inFlight: sum(shards, (shard) => shard.inFlight),
    idle: sum(shards, (shard) => shard.idleCount),
    connecting: sum(shards, (shard) => shard.figures.connecting),
    queued: sum(shards, (shard) => shard.queued) + instance.waiting,
  };
}

/** @throws OptionsError for a host or port that is not valid. */
export function hostStats(instance: Instance, host: string, port: number): HostStats {
  const key = hostKey(host, port);
  const shards = shardsOf(instance).filter((shard) => shard.host === key);
  return {
    active: instance.hostLimits.count(key),
    inUse: sum(shards, (shard) => shard.inUse),
    idle: sum(shards, (shard) => shard.idleCount),
  };
}

/** The canonical form, by which the host limits count. */
function hostKey(host: string, port: number): string {
  if (port === 0 && typeof host === 'string') return host;
  const origin =
    typeof host === 'string'
      ? originOf('http', host, port)
      : { problem: 'not a host', allowed: 'a host name or address' };
  if ('problem' in origin) {
    throw new OptionsError({
      option: origin.problem.includes('port') ? 'port' : 'host',
      value: origin.problem.includes('port') ? port : host,
      scope: 'arguments of hostStats',
      detail: origin.problem,
      allowed: origin.allowed,
    });
  }
  return `${origin.host}:${origin.port}`;
}

export function maxConnections({ hostLimits }: Instance): number | 'infinity' {
  return fromNumber(hostLimits.maxConnections);
}

export function setMaxConnections({ hostLimits }: Instance, cap: number | 'infinity'): void {
  hostLimits.maxConnections = toNumber(cap);
}

/** The idle time of pools that do not have their own. */
export function idleTime({ idleTime: given, options }: Instance): number | 'infinity' {
  return given === undefined ? options.pools.default.connMaxIdleTime : fromNumber(given);
}

/** Sets the idle time of all pools, those included that are started later. */
export function setIdleTime(instance: Instance, limit: number | 'infinity'): void {
  instance.idleTime = toNumber(limit);
  for (const shard of shardsOf(instance)) shard.setIdleTime(instance.idleTime);
}

/**
 * Starts the pool if it does not run, and opens connections until `count` are idle,
 * spread over its shards, as far as the caps allow. Resolves with the number of idle ones
 * when the last one is open or has failed.
 */
export async function prewarm(
  instance: Instance,
  id: PoolLike,
  count: number | undefined,
): Promise<number> {
  const identity = poolFrom(id);
  if (instance.pool(identity.key) === undefined) {
    await startInstancePool(instance, identity, instance.optionsFor(identity));
  }
  const pool = requirePool(instance, identity);
  const shards = pool.live;
  const wanted = count ?? (pool.options.prewarm || defaultPrewarm);
  const share = Math.floor(wanted / shards.length);
  const rest = wanted % shards.length;
  const opening = shards.flatMap((shard, index) => shard.prewarm(share + (index < rest ? 1 : 0)));
  await Promise.all(opening.map((connection) => connection.opened()));
  return sum(shards, (shard) => shard.idleCount);
}

/** Sends a message to the processes of a pool. @throws PoolNotFoundError */
export function notify(instance: Instance, id: PoolLike, message: unknown): void {
  const pool = requirePool(instance, id);
  for (const shard of pool.live) send(pool.processOf(shard), message);
}
