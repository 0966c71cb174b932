import { exit, whereis, type Pid } from '@linnet/otp';
import { captureCrashReports } from '@linnet/otp/testing';
import { expect, it, onTestFinished } from 'vitest';
import { isFinchError, PoolDownError, subscribeTelemetry } from '../../src/index.ts';
import { requireInstance } from '../../src/instance/instance.ts';
import { poolsName } from '../../src/instance/manager.ts';
import { startApp } from '../support/app.ts';
import { startGateServer } from '../support/gate-server.ts';

// At whatever point of the starting that happens.
it.each([0, 1, 2, 3, 5, 8, 13, 21])(
  'prewarm fails with an error of its own when the supervisor of all pools dies %i promises later',
  async (promises) => {
    const crashes = captureCrashReports();
    onTestFinished(() => crashes[Symbol.dispose]());
    const server = await startGateServer();
    const { finch, name } = await startApp({ maxRestarts: 100 });
    const outcome = finch.prewarm(server.url, 1).catch((error: unknown) => error);
    for (let count = 0; count < promises; count++) await Promise.resolve();
    exit(whereis(poolsName(name)) as Pid, 'kill');
    const result = await outcome;
    expect(typeof result === 'number' || isFinchError(result), String(result)).toBe(true);
  },
);

it('a request whose pool is killed while it starts fails with PoolDownError', async () => {
  const crashes = captureCrashReports();
  onTestFinished(() => crashes[Symbol.dispose]());
  const server = await startGateServer();
  const { finch, name } = await startApp({ maxRestarts: 100 });
  const supervisor = new Promise<Pid>((resolve) => {
    const stop = subscribeTelemetry('pool.started', ({ pool }) => {
      stop();
      resolve(requireInstance(name).pool(pool)?.supervisor as Pid);
    });
    onTestFinished(stop);
  });
  const outcome = finch.get(server.url).catch((thrown: unknown) => thrown);
  exit(await supervisor, 'kill');
  const error = await outcome;
  expect(error).toBeInstanceOf(PoolDownError);
  expect(error).toMatchObject({ reason: 'killed' });
});
