import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import type { Finch } from '../../src/index.ts';
import { instrument } from '../../src/opentelemetry/index.ts';
import { collectMetrics } from '../../src/prometheus/index.ts';
import { response, startHttp1Server } from '@linnet/mint/testing';
import { startFinch } from '../support/finch.ts';
import { startMetering } from '../opentelemetry/support.ts';

const folder = join(import.meta.dirname, '../../../../docs/how-to/dashboards');

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

/** All queries of a dashboard. */
function queriesOf(name: string): string[] {
  const dashboard = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard;
  return [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.flatMap(({ definition = [] }) => definition),
  ];
}

/** The names of metrics in a query, and those of labels. */
function namesIn(query: string): { readonly metrics: string[]; readonly labels: string[] } {
  const found = [...query.matchAll(/\b((?:finch|http_client)_\w+)(?=[{[,)]|\s*$)(\{[^}]*\})?/g)];
  const grouped = [...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  );
  const labels = grouped.filter((label) => label !== 'le');
  const metrics: string[] = [];
  for (const [, name = '', selector = ''] of found) {
    if (grouped.includes(name)) continue;
    const wanted = /label_values\([^,]*, (\w+)\)/.exec(query)?.[1];
    if (name !== wanted) metrics.push(name);
    for (const [, label = ''] of selector.matchAll(/(\w+)[!=]~?"/g)) labels.push(label);
  }
  return { metrics, labels };
}

/** Makes something of everything happen: responses, failures, a retry, a timeout, a refusal. */
async function makeTraffic(finch: Finch, whileOpen?: () => Promise<unknown>): Promise<void> {
  await using server = await startHttp1Server(async (peer, index) => {
    await peer.readRequest();
    await peer.write(response('OK'));
    if (index > 0) return;
    await peer.readRequest();
    peer.end();
  });
  await finch.post(server.url, 'body');
  await finch.get(server.url);
  const lease = await finch.checkout(server.url);
  const waits = finch.get(server.url, { poolTimeout: 20 }).catch(() => {});
  await finch.get(server.url).catch(() => {});
  await waits;
  await whileOpen?.();
  lease.release();
  await server.close();
  await finch.get(server.url).catch(() => {});
}

async function startMeasured(): Promise<Finch> {
  return startFinch({ pools: { default: { size: 1, maxQueue: 1 } } });
}

test('every query of the dashboard for Prometheus names a metric that there is, and labels that it has', async () => {
  const register = new Registry();
  const finch = await startMeasured();
  const stop = collectMetrics({ register, finch });
  onTestFinished(stop);
  await makeTraffic(finch);
  const series = (await register.metrics()).split('\n').filter((line) => line.startsWith('finch_'));
  const names = new Set(series.map((line) => /^\w+/.exec(line)?.[0]));
  const labels = new Set(
    series.flatMap((line) => [...line.matchAll(/(\w+)="/g)].map(([, label]) => label)),
  );
  check(queriesOf('prometheus.json'), names, labels);
});

test('every query of the dashboard for OpenTelemetry names a metric that there is, and labels that it has', async () => {
  const { meterProvider, collect } = startMetering();
  const finch = await startMeasured();
  const stop = instrument({ meterProvider, traces: false, finch });
  onTestFinished(stop);
  await makeTraffic(finch, collect);
  const metrics = await collect();
  const names = new Set(metrics.flatMap(prometheusNames));
  const labels = new Set(
    metrics.flatMap(({ dataPoints }) =>
      dataPoints.flatMap(({ attributes }) => Object.keys(attributes).map(underscored)),
    ),
  );
  check(queriesOf('opentelemetry.json'), names, labels);
});

function check(
  queries: readonly string[],
  names: ReadonlySet<string | undefined>,
  labels: ReadonlySet<string | undefined>,
): void {
  expect(queries.length).toBeGreaterThan(15);
  for (const query of queries) {
    const used = namesIn(query);
    expect(used.metrics, query).not.toEqual([]);
    expect(
      used.metrics.filter((name) => !names.has(name)),
      query,
    ).toEqual([]);
    expect(
      used.labels.filter((label) => !labels.has(label)),
      query,
    ).toEqual([]);
  }
}

const underscored = (name: string): string => name.replaceAll('.', '_');

/** As the exporter for Prometheus and Prometheus itself name a metric: with its unit, and `_total` of counters. */
function prometheusNames({ descriptor, dataPointType, ...metric }: MetricData): string[] {
  const unit = { s: '_seconds', By: '_bytes' }[descriptor.unit] ?? '';
  const name = `${underscored(descriptor.name)}${unit}`;
  if (dataPointType === DataPointType.HISTOGRAM) {
    return ['_bucket', '_count', '_sum'].map((end) => `${name}${end}`);
  }
  const isCounter = dataPointType === DataPointType.SUM && 'isMonotonic' in metric;
  return [isCounter && metric.isMonotonic ? `${name}_total` : name];
}
