/** How full the pools are, read whenever metrics are collected. */
import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  Meter,
  Observable,
} from '@opentelemetry/api';
import { versionOf } from '../monitoring/labels.ts';
import type { WatchedInstances, WatchedPool } from '../monitoring/watched-instances.ts';
import { serverOf } from './attributes.ts';
import { httpMetrics, poolMetrics } from './metric-names.ts';
import { ofPool } from './pool-metrics.ts';

export class PoolFigures {
  private readonly meter: Meter;
  private readonly instances: WatchedInstances;
  private readonly open: Observable;
  private readonly max: Observable;
  private readonly count: Observable;
  private readonly pending: Observable;
  private readonly callback: BatchObservableCallback;
  /** Everything that was ever observed: the SDK repeats the last value of what is not observed again. */
  private readonly known = new Map<string, readonly [Observable, Attributes]>();

  constructor(meter: Meter, instances: WatchedInstances) {
    this.meter = meter;
    this.instances = instances;
    const gauge = (name: string, description: string, unit: string): Observable =>
      meter.createObservableUpDownCounter(name, { description, unit });
    this.open = gauge(
      httpMetrics.openConnections,
      'Number of outbound HTTP connections that are currently active or idle.',
      '{connection}',
    );
    this.max = gauge(poolMetrics.max, 'How many connections may be open.', '{connection}');
    this.count = gauge(
      poolMetrics.count,
      'Connections in use, idle, and being opened.',
      '{connection}',
    );
    this.pending = gauge(
      poolMetrics.pendingRequests,
      'Requests that wait for a connection.',
      '{request}',
    );
    this.callback = (result) => this.observe(result);
    meter.addBatchObservableCallback(this.callback, this.observed);
  }

  stop(): void {
    this.meter.removeBatchObservableCallback(this.callback, this.observed);
  }

  private get observed(): Observable[] {
    return [this.open, this.max, this.count, this.pending];
  }

  private observe(result: BatchObservableResult): void {
    const sums = new Map<string, number>();
    const add = (metric: Observable, attributes: Attributes, value: number): void => {
      const key = [this.observed.indexOf(metric), ...Object.values(attributes)].join(' ');
      this.known.set(key, [metric, attributes]);
      sums.set(key, (sums.get(key) ?? 0) + value);
    };
    for (const pool of this.instances.pools()) this.addPool(pool, add);
    for (const [key, [metric, attributes]] of this.known) {
      result.observe(metric, sums.get(key) ?? 0, attributes);
    }
  }

  private addPool(
    { instance, pool, shards }: WatchedPool,
    add: (metric: Observable, attributes: Attributes, value: number) => void,
  ): void {
    const { key, host, port } = pool;
    const attributes = ofPool({ name: instance, pool: key, host, port });
    const server = serverOf(pool);
    for (const { size, inUse, idle, connecting, queued, protocol } of shards) {
      add(this.max, attributes, size);
      add(this.pending, attributes, queued);
      for (const [state, value] of Object.entries({ used: inUse, idle, connecting })) {
        add(this.count, { ...attributes, 'finch.pool.connection.state': state }, value);
      }
      const version = versionOf(protocol);
      if (version === undefined) continue;
      const open = { ...server, 'network.protocol.version': version };
      add(this.open, { ...open, 'http.connection.state': 'active' }, inUse);
      add(this.open, { ...open, 'http.connection.state': 'idle' }, idle);
    }
  }
}
