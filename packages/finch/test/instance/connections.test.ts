import { eventually } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { Finch, PoolNotFoundError } from '../../src/index.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { startFinch } from '../support/finch.ts';

test('lists connections with their state, age, use and peer', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  expect(finch.listConnections()).toEqual([]);
  const lease = await finch.checkout(server.url);
  await lease.request('/');
  const [connection, ...others] = finch.listConnections(server.url);
  expect(others).toEqual([]);
  expect(connection).toMatchObject({
    pid: lease.connection,
    pool: lease.pool.key,
    poolIndex: 1,
    state: 'in_use',
    protocol: 'http1',
    served: 1,
    inFlight: 1,
    limit: 1,
    remoteAddress: '127.0.0.1',
    remotePort: server.port,
  });
  expect(connection?.age).toBeGreaterThan(0);
  lease.release();
  expect(finch.listConnections()).toMatchObject([{ state: 'idle', inFlight: 0 }]);
});

test('a connection that is being opened is listed, without a peer', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const warm = finch.prewarm(server.url, 1);
  await eventually(() => expect(finch.listConnections()).toHaveLength(1));
  await warm;
  expect(() => finch.listConnections('http://127.0.0.1:1')).toThrow(PoolNotFoundError);
});

test('lists the instances of the program', async () => {
  const one = await startFinch();
  const other = await startFinch();
  const names = Finch.list().map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([one.name, other.name]));
  await one.stop();
  expect(Finch.list().map(({ name }) => name)).not.toContain(one.name);
});
