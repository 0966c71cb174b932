/** What happens to connections and in queues, counted and measured. */
import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import { errorTypeOf, versionOf } from '../monitoring/labels.ts';
import type { Subscriptions } from '../monitoring/subscriptions.ts';
import type { TelemetryEvents } from '../telemetry/events.ts';
import { connectionBuckets, httpMetrics, poolMetrics, requestBuckets } from './metric-names.ts';
import type { Peers } from './peers.ts';

type OfPool = Pick<TelemetryEvents['queue.full'], 'name' | 'pool' | 'host' | 'port'>;

export class PoolEvents {
  private readonly waitTime: Histogram;
  private readonly createTime: Histogram;
  private readonly lifetime: Histogram;
  private readonly timeouts: Counter;
  private readonly rejections: Counter;
  private readonly connectErrors: Counter;
  private readonly retries: Counter;
  private readonly peers: Peers;

  constructor(meter: Meter, peers: Peers) {
    this.peers = peers;
    const seconds = (name: string, description: string, buckets: number[]): Histogram =>
      meter.createHistogram(name, {
        description,
        unit: 's',
        advice: { explicitBucketBoundaries: buckets },
      });
    const count = (name: string, description: string, unit: string): Counter =>
      meter.createCounter(name, { description, unit });
    this.waitTime = seconds(
      poolMetrics.waitTime,
      'Time that a request waited for a connection, opening one included.',
      requestBuckets,
    );
    this.createTime = seconds(
      poolMetrics.createTime,
      'Time that it took to open a connection.',
      requestBuckets,
    );
    this.lifetime = seconds(
      httpMetrics.connectionDuration,
      'The duration of outbound HTTP connections.',
      connectionBuckets,
    );
    this.timeouts = count(
      poolMetrics.timeouts,
      'Requests that waited for a connection as long as poolTimeout.',
      '{timeout}',
    );
    this.rejections = count(
      poolMetrics.rejections,
      'Requests that were refused, since the queue was full.',
      '{request}',
    );
    this.connectErrors = count(
      poolMetrics.connectErrors,
      'Connections that could not be opened.',
      '{error}',
    );
    this.retries = count(
      poolMetrics.retries,
      'Requests that were sent again, since the server cannot have processed them.',
      '{request}',
    );
  }

  subscribe(subscriptions: Subscriptions): void {
    subscriptions.on('queue.stop', (event) => {
      this.waitTime.record(event.duration / 1000, ofPool(event));
    });
    subscriptions.on('queue.exception', (event) => {
      const attributes = ofPool(event);
      this.waitTime.record(event.duration / 1000, attributes);
      if (errorTypeOf(event.error) !== 'ERR_FINCH_POOL_TIMEOUT') return;
      this.timeouts.add(1, attributes);
    });
    subscriptions.on('queue.full', (event) => this.rejections.add(1, ofPool(event)));
    subscriptions.on('connect.stop', (event) => {
      this.createTime.record(event.duration / 1000, ofPool(event));
    });
    subscriptions.on('connect.exception', (event) => {
      this.connectErrors.add(1, { ...ofPool(event), 'error.type': errorTypeOf(event.error) });
    });
    subscriptions.on('request.retry', (event) => {
      this.retries.add(1, { ...ofPool(event), 'error.type': errorTypeOf(event.error) });
    });
    subscriptions.on('connection.closed', ({ connection, host, port, age }) => {
      const peer = connection === undefined ? undefined : this.peers.of(connection);
      const version = versionOf(peer?.protocol);
      this.lifetime.record(age / 1000, {
        'server.address': host,
        'server.port': port,
        ...(version === undefined ? undefined : { 'network.protocol.version': version }),
      });
    });
  }
}

/** The attributes of the metrics of a pool. */
export function ofPool({ name, pool, host, port }: OfPool): Attributes {
  return {
    'finch.instance.name': name,
    'finch.pool.name': pool,
    'server.address': host,
    'server.port': port,
  };
}
