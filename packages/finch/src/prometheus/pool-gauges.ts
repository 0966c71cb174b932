/** How full the pools are, read whenever the registry is. */
import type { WatchedInstances } from '../monitoring/watched-instances.ts';
import type { PoolMetrics } from '../instance/pools.ts';
import { poolLabels, type PoolLabels } from './event-metrics.ts';
import type { MetricSet } from './metric-set.ts';

export function gaugePools(
  metrics: MetricSet,
  instances: WatchedInstances,
  labelsOf: (name: string, pool: string) => PoolLabels,
): void {
  const eachShard = (use: (labels: PoolLabels, shard: PoolMetrics) => void): void => {
    for (const { instance, pool, shards } of instances.pools()) {
      const labels = labelsOf(instance, pool.key);
      for (const shard of shards) use(labels, shard);
    }
  };
  metrics.gauge('pool_connections', [...poolLabels, 'state'], function collect() {
    this.reset();
    eachShard((labels, { inUse, idle, connecting }) => {
      this.inc({ ...labels, state: 'in_use' }, inUse);
      this.inc({ ...labels, state: 'idle' }, idle);
      this.inc({ ...labels, state: 'connecting' }, connecting);
    });
  });
  metrics.gauge('pool_connections_max', poolLabels, function collect() {
    this.reset();
    eachShard((labels, { size }) => this.inc(labels, size));
  });
  metrics.gauge('pool_queued', poolLabels, function collect() {
    this.reset();
    eachShard((labels, { queued }) => this.inc(labels, queued));
  });
}
