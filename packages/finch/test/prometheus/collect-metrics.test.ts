import { Registry } from 'prom-client';
import { TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Finch, type PoolOptions } from '../../src/index.ts';
import { collectMetrics, type MetricsOptions } from '../../src/prometheus/index.ts';
import { metricHelp } from '../../src/prometheus/metric-names.ts';
import { startHttpServer, type Listener } from '../../../mint/test/support/http-server.ts';
import { rejection } from '../support/rejection.ts';
import { startFinch } from '../support/finch.ts';

const ok: Listener = (_request, answer) => answer.end('12345');

async function startMeasured(
  pool: PoolOptions = {},
  listener: Listener = ok,
  options: MetricsOptions = {},
) {
  const register = new Registry();
  const server = await startHttpServer(listener);
  onTestFinished(() => server.close());
  const finch = await startFinch({ pools: { default: pool } });
  const stop = collectMetrics({ register, finch, ...options });
  onTestFinished(stop);
  const key = `http://127.0.0.1:${server.port}`;
  const labels = `finch="${finch.name}",pool="${key}"`;
  /** The lines of a metric, without its help. */
  const lines = async (name: string): Promise<string[]> => {
    const text = await register.getSingleMetricAsString(`finch_${name}`);
    return text.split('\n').filter((line) => line.startsWith('finch_'));
  };
  return { register, server, finch, stop, key, labels, lines };
}

test('requests are measured by pool, method and status', async () => {
  const { finch, server, labels, lines } = await startMeasured();
  await finch.get(server.url);
  await finch.get(`${server.url}/other`);
  const counts = (await lines('request_duration_seconds')).filter((line) =>
    line.includes('_count'),
  );
  expect(counts).toEqual([
    `finch_request_duration_seconds_count{${labels},method="GET",status="200"} 2`,
  ]);
  expect(await lines('response_body_bytes_total')).toEqual([
    `finch_response_body_bytes_total{${labels}} 10`,
  ]);
  expect(await lines('requests_active')).toEqual([`finch_requests_active{${labels}} 0`]);
});

test('failures are counted by code, and methods that are not known are one value', async () => {
  const { finch, server, labels, lines } = await startMeasured();
  await finch.request(Finch.build('PROPFIND', server.url));
  await server.close();
  await expect(finch.get(server.url)).rejects.toMatchObject({ code: 'ERR_FINCH_CONNECT' });
  expect(await lines('request_errors_total')).toEqual([
    `finch_request_errors_total{${labels},code="ERR_FINCH_CONNECT"} 1`,
  ]);
  expect(await lines('connect_errors_total')).toEqual([
    `finch_connect_errors_total{${labels},code="ERR_FINCH_CONNECT"} 1`,
  ]);
  const counts = (await lines('request_duration_seconds')).filter((line) =>
    line.includes('_count'),
  );
  expect(counts).toEqual([
    `finch_request_duration_seconds_count{${labels},method="_OTHER",status="200"} 1`,
    `finch_request_duration_seconds_count{${labels},method="GET",status="error"} 1`,
  ]);
});

test('how full the pools are is read with the registry', async () => {
  const { finch, server, labels, lines } = await startMeasured({ size: 2, count: 2 });
  await using lease = await finch.checkout(server.url);
  expect(await lines('pool_connections')).toEqual([
    `finch_pool_connections{${labels},state="in_use"} 1`,
    `finch_pool_connections{${labels},state="idle"} 0`,
    `finch_pool_connections{${labels},state="connecting"} 0`,
  ]);
  expect(await lines('pool_connections_max')).toEqual([`finch_pool_connections_max{${labels}} 4`]);
  expect(await lines('pool_queued')).toEqual([`finch_pool_queued{${labels}} 0`]);
  lease.release();
  await finch.stopPool(server.url);
  expect(await lines('pool_connections')).toEqual([]);
  expect(await lines('connections_closed_total')).toEqual([
    expect.stringMatching(/^finch_connections_closed_total\{.*,reason=".+"\} 1$/),
  ]);
});

test('waiting, timeouts and refusals are told', async () => {
  const clock = new TestClock().install(onTestFinished);
  const { finch, server, labels, lines } = await startMeasured({ size: 1, maxQueue: 1 });
  await using lease = await finch.checkout(server.url);
  const waits = finch.get(server.url, { poolTimeout: 30 });
  await expect(finch.get(server.url)).rejects.toMatchObject({ code: 'ERR_FINCH_QUEUE_FULL' });
  expect(await lines('pool_queued')).toEqual([`finch_pool_queued{${labels}} 1`]);
  const late = rejection(waits);
  await clock.advance(30);
  expect(await late).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT' });
  expect(await lines('pool_timeouts_total')).toEqual([`finch_pool_timeouts_total{${labels}} 1`]);
  expect(await lines('pool_rejections_total')).toEqual([
    `finch_pool_rejections_total{${labels}} 1`,
  ]);
  expect(await lines('pool_wait_seconds')).toContain(`finch_pool_wait_seconds_count{${labels}} 2`);
  lease.release();
});

test('the label of the pool has no more values than it may', async () => {
  const { finch, server, lines } = await startMeasured({}, ok, { maxPools: 2 });
  for (const poolTag of ['a', 'b', 'c', 'd']) await finch.get(server.url, { poolTag });
  const pools = (await lines('pool_connections_max')).map(
    (line) => /pool="([^"]*)"/.exec(line)?.[1],
  );
  expect(pools).toEqual([expect.stringMatching(/#a$/), expect.stringMatching(/#b$/), 'other']);
  expect((await lines('pool_connections_max')).at(-1)).toMatch(/ 100$/);
});

test('prefix and buckets can be chosen', async () => {
  const register = new Registry();
  const stop = collectMetrics({ register, prefix: 'upstream_', buckets: [0.1, 1] });
  onTestFinished(stop);
  await using server = await startHttpServer(ok);
  const finch = await startFinch();
  await finch.get(server.url);
  const text = await register.getSingleMetricAsString('upstream_request_duration_seconds');
  expect(text.match(/le="[^"]*"/g)).toEqual(['le="0.1"', 'le="1"', 'le="+Inf"']);
});

test('the registry has all metrics with their help, and none after the end', async () => {
  const { register, stop } = await startMeasured();
  const names = Object.keys(metricHelp).map((name) => `finch_${name}`);
  expect(
    register
      .getMetricsAsArray()
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(names.toSorted());
  stop();
  expect(register.getMetricsAsArray()).toEqual([]);
});
