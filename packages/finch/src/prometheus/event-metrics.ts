/** What happens to requests, in queues and to connections: counters and histograms. */
import { BoundedValues } from '../monitoring/bounded-values.ts';
import { errorTypeOf, methodOf } from '../monitoring/labels.ts';
import type { Subscriptions } from '../monitoring/subscriptions.ts';
import type { TelemetryEvents } from '../telemetry/events.ts';
import type { MetricSet } from './metric-set.ts';

/** Errors and reasons are few; those of a program's own functions may be any. */
const maxReasons = 50;

/** The labels of a pool: `finch` is the name of the instance. */
export interface PoolLabels {
  readonly finch: string;
  readonly pool: string;
}

/** The names of the labels of a pool. */
export const poolLabels = ['finch', 'pool'] as const;

type LabelsOf = (name: string, pool: string) => PoolLabels;

export function measureRequests(
  metrics: MetricSet,
  subscriptions: Subscriptions,
  labelsOf: LabelsOf,
): void {
  const duration = metrics.histogram('request_duration_seconds', [
    ...poolLabels,
    'method',
    'status',
  ]);
  const active = metrics.gauge('requests_active', poolLabels);
  const errors = metrics.counter('request_errors_total', [...poolLabels, 'code']);
  const retries = metrics.counter('request_retries_total', poolLabels);
  const bytes = metrics.counter('response_body_bytes_total', poolLabels);
  const codes = new BoundedValues(maxReasons);
  const underWay = new Set<number>();
  const over = (event: TelemetryEvents['request.stop'], status: string): PoolLabels => {
    const labels = labelsOf(event.name, event.pool);
    if (underWay.delete(event.id)) active.dec(labels);
    const method = methodOf(event.request.method);
    duration.observe({ ...labels, method, status }, event.duration / 1000);
    bytes.inc(labels, event.bytesReceived);
    return labels;
  };
  subscriptions.on('request.start', ({ id, name, pool }) => {
    underWay.add(id);
    active.inc(labelsOf(name, pool));
  });
  subscriptions.on('request.stop', (event) => over(event, statusOf(event.status)));
  subscriptions.on('request.exception', (event) => {
    const labels = over(event, 'error');
    errors.inc({ ...labels, code: codes.of(errorTypeOf(event.error)) });
  });
  subscriptions.on('request.retry', ({ name, pool }) => retries.inc(labelsOf(name, pool)));
}

/** A status that no specification has still is one value. */
function statusOf(status: number | undefined): string {
  return status === undefined || status > 599 ? 'other' : String(status);
}

export function measurePools(
  metrics: MetricSet,
  subscriptions: Subscriptions,
  labelsOf: LabelsOf,
): void {
  const wait = metrics.histogram('pool_wait_seconds', poolLabels);
  const timeouts = metrics.counter('pool_timeouts_total', poolLabels);
  const rejections = metrics.counter('pool_rejections_total', poolLabels);
  const connect = metrics.histogram('connect_duration_seconds', poolLabels);
  const failures = metrics.counter('connect_errors_total', [...poolLabels, 'code']);
  const closed = metrics.counter('connections_closed_total', [...poolLabels, 'reason']);
  const codes = new BoundedValues(maxReasons);
  const reasons = new BoundedValues(maxReasons);
  subscriptions.on('queue.stop', ({ name, pool, duration }) => {
    wait.observe(labelsOf(name, pool), duration / 1000);
  });
  subscriptions.on('queue.exception', ({ name, pool, duration, error }) => {
    const labels = labelsOf(name, pool);
    wait.observe(labels, duration / 1000);
    if (errorTypeOf(error) === 'ERR_FINCH_POOL_TIMEOUT') timeouts.inc(labels);
  });
  subscriptions.on('queue.full', ({ name, pool }) => rejections.inc(labelsOf(name, pool)));
  subscriptions.on('connect.stop', ({ name, pool, duration }) => {
    connect.observe(labelsOf(name, pool), duration / 1000);
  });
  subscriptions.on('connect.exception', ({ name, pool, error }) => {
    failures.inc({ ...labelsOf(name, pool), code: codes.of(errorTypeOf(error)) });
  });
  subscriptions.on('connection.closed', ({ name, pool, reason }) => {
    closed.inc({ ...labelsOf(name, pool), reason: reasons.of(reason) });
  });
}
