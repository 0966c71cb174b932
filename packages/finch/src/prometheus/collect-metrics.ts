/** Metrics for Prometheus, by prom-client. */
import { register as globalRegister } from 'prom-client';
import { BoundedValues } from '../monitoring/bounded-values.ts';
import { Subscriptions } from '../monitoring/subscriptions.ts';
import { WatchedInstances } from '../monitoring/watched-instances.ts';
import type { TelemetrySubscription } from '../telemetry/subscribe.ts';
import { measurePools, measureRequests, type PoolLabels } from './event-metrics.ts';
import { MetricSet } from './metric-set.ts';
import type { MetricsOptions } from './options.ts';
import { gaugePools } from './pool-gauges.ts';

const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Adds the metrics of requests, pools and connections to a registry of prom-client: use it once, when the
 * program starts. What it returns takes them out again, by a call or as a `using` declaration.
 *
 * Labels have few values, whatever is requested: `finch` is the name of the instance, `pool` the key of
 * the pool (at most `maxPools`, then `other`), `method` a known method or `_OTHER`, `status` a status or
 * `error`, `code` the code of an error. No label has a path. How full the pools are is read when the
 * registry is.
 *
 * @throws Error of prom-client when the registry has metrics of these names already; OptionsError when
 * `finch` is no instance.
 *
 * @example
 * import { register } from 'prom-client';
 * import { collectMetrics } from '@linnet/finch/prometheus';
 *
 * const stop = collectMetrics();
 * await finch.get('https://api.example.com/users');
 * console.log(await register.metrics());
 * stop();
 */
export function collectMetrics(options: MetricsOptions = {}): TelemetrySubscription {
  const { register = globalRegister, prefix = 'finch_', buckets = defaultBuckets } = options;
  const instances = new WatchedInstances(options.finch);
  const subscriptions = new Subscriptions(instances);
  const metrics = new MetricSet({ prefix, buckets: [...buckets], registers: [register] });
  const pools = new BoundedValues(options.maxPools ?? 100);
  const labelsOf = (finch: string, pool: string): PoolLabels => ({ finch, pool: pools.of(pool) });
  const stop = (): void => {
    subscriptions.end();
    metrics.remove();
  };
  measureRequests(metrics, subscriptions, labelsOf);
  measurePools(metrics, subscriptions, labelsOf);
  gaugePools(metrics, instances, labelsOf);
  return Object.assign(stop, { [Symbol.dispose]: stop });
}
