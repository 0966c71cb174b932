/** What the model test found out about shared connections. */
import { expect, test } from 'vitest';
import type { PoolOptions, SharedConnection } from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { startPoolApp } from '../support/pool-app.ts';

const startH2c = (pool: PoolOptions = {}, maxConcurrentStreams = 100) =>
  startPoolApp(
    { protocols: ['http2'], http2: { waitForServerSettings: true }, ...pool },
    {},
    { http2: { settings: { maxConcurrentStreams } } },
  );

test('a connection that was taken out of its pool carries as many requests as the server allows, also one', async () => {
  const { finch, pool, ask, server, figures } = await startH2c({}, 1);
  await ask();
  const connection = finch.checkoutH2(pool) as SharedConnection;
  finch.unregisterH2(connection);
  await figures({ inUse: 1, inFlight: 0 });
  const held = connection.request('/hold');
  await server.holds(1);
  expect(connection.inFlight).toBe(1);
  await figures({ inUse: 1, inFlight: 1 });
  expect(await rejection(connection.request('/now'))).toMatchObject({ option: 'connection' });
  server.open();
  expect((await held).status).toBe(200);
  finch.registerH2(pool, connection);
  await figures({ inUse: 0, inFlight: 0, idle: 1 });
});

test('a connection that is used up ends when it is put back into its pool', async () => {
  const { finch, pool, ask, figures } = await startH2c({ maxRequestsPerConnection: 1 });
  const lease = await finch.checkoutShared(pool);
  const connection = finch.checkoutH2(pool) as SharedConnection;
  finch.unregisterH2(connection);
  await lease.request('/now');
  lease.release();
  await figures({ inUse: 1 });
  expect(finch.registerH2(pool, connection)).toBe(false);
  await figures({ inUse: 0, idle: 0 });
  expect(connection.registered).toBe(false);
  expect((await ask()).status).toBe(200);
});

test('those who wait get another connection when theirs takes nobody any more', async () => {
  const { ask, server, figures } = await startH2c({ size: 1, maxRequestsPerConnection: 2 }, 2);
  const held = [ask('/hold'), ask('/hold')];
  await server.holds(2);
  const waiting = ask('/hold');
  await figures({ queued: 1 });
  // The first connection has had its two requests: it drains, with one of them still under way.
  server.release(1);
  await server.holds(2);
  expect(server.connections).toBe(2);
  server.open();
  for (const { status } of await Promise.all([...held, waiting])) expect(status).toBe(200);
});

test('a server that takes no requests is not connected to again and again', async () => {
  const { finch, ask, server } = await startH2c({ size: 2, connMaxIdleTime: 0 }, 0);
  const error = await rejection(ask('/now', { poolTimeout: 300 }));
  expect(error).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT' });
  expect(server.connections).toBeLessThanOrEqual(2);
  expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 });
});

test('ending a stream whose request is over does no harm', async () => {
  const { finch, pool } = await startH2c();
  await using lease = await finch.checkoutShared(pool);
  const stream = lease.openStream('POST', '/now');
  await (await stream.response).bytes();
  expect(await rejection(stream.write('late'))).toMatchObject({
    code: 'ERR_FINCH_REQUEST_CANCELLED',
  });
  stream.end();
});
