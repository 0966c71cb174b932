import { metrics as globalMetrics } from '@opentelemetry/api';
import { TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { Finch, PoolOptions } from '../../src/index.ts';
import { instrument, type InstrumentOptions } from '../../src/opentelemetry/index.ts';
import { httpMetrics, poolMetrics } from '../../src/opentelemetry/metric-names.ts';
import { startHttpServer, type Listener } from '../../../mint/test/support/http-server.ts';
import { rejection } from '../support/rejection.ts';
import { startFinch } from '../support/finch.ts';
import { startMetering, type Point } from './support.ts';

const ok: Listener = (_request, answer) => answer.end('OK');

async function startMetered(
  pool: PoolOptions = {},
  listener: Listener = ok,
  options: InstrumentOptions = {},
) {
  const metering = startMetering();
  const server = await startHttpServer(listener);
  onTestFinished(() => server.close());
  const finch = await startFinch({ pools: { default: pool } });
  const { meterProvider } = metering;
  const stop = instrument({ meterProvider, traces: false, finch, ...options });
  onTestFinished(stop);
  return { ...metering, server, finch, stop, of: labelsOf(finch, server.port) };
}

/** The attributes of a pool's metrics. */
function labelsOf(finch: Finch, port: number) {
  return {
    'finch.instance.name': finch.name,
    'finch.pool.name': `http://127.0.0.1:${port}`,
    'server.address': '127.0.0.1',
    'server.port': port,
  };
}

const countsOf = (points: readonly Point[]) =>
  points.map(({ attributes, value }) => ({
    attributes,
    value: (value as { count: number }).count,
  }));

test('http.client.request.duration has the attributes of the conventions, in seconds', async () => {
  const { finch, server, points, collect } = await startMetered();
  await finch.get(server.url);
  await finch.get(server.url);
  const metric = (await collect()).find(
    ({ descriptor }) => descriptor.name === 'http.client.request.duration',
  );
  expect(metric?.descriptor).toMatchObject({
    unit: 's',
    advice: {
      explicitBucketBoundaries: [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
      ],
    },
  });
  expect(countsOf(await points(httpMetrics.requestDuration))).toEqual([
    {
      attributes: {
        'http.request.method': 'GET',
        'server.address': '127.0.0.1',
        'server.port': server.port,
        'network.protocol.version': '1.1',
        'http.response.status_code': 200,
      },
      value: 2,
    },
  ]);
});

test('a status of 400 and more, and a failure, have an error.type', async () => {
  const { finch, server, points } = await startMetered({}, (_request, answer) =>
    answer.writeHead(404).end(),
  );
  await finch.get(server.url);
  await server.close();
  await expect(finch.get(server.url)).rejects.toMatchObject({ code: 'ERR_FINCH_CONNECT' });
  const types = (await points(httpMetrics.requestDuration)).map(
    ({ attributes }) => attributes['error.type'],
  );
  expect(types).toEqual(['404', 'ERR_FINCH_CONNECT']);
});

test('requests under way, the sizes of bodies and the template are told', async () => {
  const entered = Promise.withResolvers<() => void>();
  const { finch, server, points } = await startMetered(
    {},
    (_request, answer) => entered.resolve(() => answer.end('12345')),
    { template: () => '/thing' },
  );
  const asked = finch.post(server.url, 'abc');
  const answer = await entered.promise;
  const attributes = {
    'http.request.method': 'POST',
    'server.address': '127.0.0.1',
    'server.port': server.port,
    'url.template': '/thing',
  };
  expect(await points(httpMetrics.activeRequests)).toEqual([{ attributes, value: 1 }]);
  answer();
  await asked;
  expect(await points(httpMetrics.activeRequests)).toEqual([{ attributes, value: 0 }]);
  const [sent] = await points(httpMetrics.requestBodySize);
  expect(sent?.value).toMatchObject({ sum: 3, count: 1 });
  const [received] = await points(httpMetrics.responseBodySize);
  expect(received?.value).toMatchObject({ sum: 5, count: 1 });
});

test('connections are counted by state, and measured when they have closed', async () => {
  const { finch, server, points, of } = await startMetered({ size: 3 });
  await finch.get(server.url);
  const lease = await finch.checkout(server.url);
  const other = await finch.checkout(server.url);
  other.release();
  const server1 = {
    'server.address': '127.0.0.1',
    'server.port': server.port,
    'network.protocol.version': '1.1',
  };
  expect(await points(httpMetrics.openConnections)).toEqual([
    { attributes: { ...server1, 'http.connection.state': 'active' }, value: 1 },
    { attributes: { ...server1, 'http.connection.state': 'idle' }, value: 1 },
  ]);
  expect(await points(poolMetrics.max)).toEqual([{ attributes: of, value: 3 }]);
  const count = await points(poolMetrics.count);
  expect(
    count.map(({ attributes, value }) => [attributes['finch.pool.connection.state'], value]),
  ).toEqual([
    ['used', 1],
    ['idle', 1],
    ['connecting', 0],
  ]);
  lease.release();
  await finch.stopPool(server.url);
  const [closed] = countsOf(await points(httpMetrics.connectionDuration));
  expect(closed).toEqual({ attributes: server1, value: 2 });
  const [created] = countsOf(await points(poolMetrics.createTime));
  expect(created).toEqual({ attributes: of, value: 2 });
});

test('waiting, timeouts and refusals of a pool are told', async () => {
  const clock = new TestClock().install(onTestFinished);
  const { finch, server, points, of } = await startMetered({ size: 1, maxQueue: 1 });
  await using lease = await finch.checkout(server.url);
  const waits = finch.get(server.url, { poolTimeout: 30 });
  await expect(finch.get(server.url)).rejects.toMatchObject({ code: 'ERR_FINCH_QUEUE_FULL' });
  expect(await points(poolMetrics.pendingRequests)).toEqual([{ attributes: of, value: 1 }]);
  const late = rejection(waits);
  await clock.advance(30);
  expect(await late).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT' });
  expect(await points(poolMetrics.timeouts)).toEqual([{ attributes: of, value: 1 }]);
  expect(await points(poolMetrics.rejections)).toEqual([{ attributes: of, value: 1 }]);
  const [waited] = countsOf(await points(poolMetrics.waitTime));
  expect(waited).toEqual({ attributes: of, value: 2 });
  lease.release();
});

test('connections that cannot be opened are counted by error', async () => {
  const { finch, server, points, of } = await startMetered();
  await server.close();
  await expect(finch.get(server.url)).rejects.toMatchObject({ code: 'ERR_FINCH_CONNECT' });
  expect(await points(poolMetrics.connectErrors)).toEqual([
    { attributes: { ...of, 'error.type': 'ERR_FINCH_CONNECT' }, value: 1 },
  ]);
});

test('the stable metric comes alone if that is wanted', async () => {
  const { finch, server, collect } = await startMetered({}, ok, { metrics: 'stable' });
  await finch.get(server.url);
  expect((await collect()).map(({ descriptor }) => descriptor.name)).toEqual([
    'http.client.request.duration',
  ]);
});

test('without options all instances report to the global provider, those included that start later', async () => {
  const { meterProvider, points } = startMetering();
  globalMetrics.setGlobalMeterProvider(meterProvider);
  onTestFinished(() => globalMetrics.disable());
  const stop = instrument();
  onTestFinished(stop);
  await using server = await startHttpServer(ok);
  const finches = [await startFinch(), await startFinch()];
  for (const finch of finches) await finch.get(server.url);
  const names = (await points(poolMetrics.max)).map(
    ({ attributes }) => attributes['finch.instance.name'],
  );
  expect(names).toEqual(finches.map(({ name }) => name));
  await finches[0]?.stop();
  expect((await points(poolMetrics.max)).map(({ value }) => value)).toEqual([0, 50]);
});

test('stopping it takes back what it has added', async () => {
  const entered = Promise.withResolvers<() => void>();
  const { finch, server, points, stop } = await startMetered({}, (_request, answer) =>
    entered.resolve(() => answer.end()),
  );
  const asked = finch.get(server.url);
  const answer = await entered.promise;
  stop();
  expect((await points(httpMetrics.activeRequests)).map(({ value }) => value)).toEqual([0]);
  expect(await points(poolMetrics.max)).toEqual([]);
  answer();
  await asked;
  expect(await points(httpMetrics.requestDuration)).toEqual([]);
});
