/** `receiveTimeout` against a server that answers too late, on connections of any past. */
import { TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { PoolOptions } from '../../src/index.ts';
import { expectNoConnections, openSlots } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startPoolApp } from '../support/pool-app.ts';

test.each<[string, PoolOptions, number]>([
  ['that is not pooled', { connMaxIdleTime: 0 }, 2],
  ['of a request with more time', {}, 1],
])('ends a request on a connection %s, after its own time [H165] [H166]', async (...given) => {
  const [, options, connections] = given;
  const clock = new TestClock().install(onTestFinished);
  const { ask, finch, server } = await startPoolApp(options);
  expect((await ask('/now', { receiveTimeout: 10_000 })).status).toBe(200);
  const late = rejection(ask('/hold', { receiveTimeout: 100 }));
  await server.holds(1);
  expect(server.connections).toBe(connections);

  await clock.advance(100);

  expect(await late).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT', limit: 100 });
  expect(openSlots(finch)).toBe(0);
  await expectNoConnections(server.server);
});
