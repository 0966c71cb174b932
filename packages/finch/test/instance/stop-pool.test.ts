import { exit, whereis, type Pid } from '@linnet/otp';
import { captureCrashReports } from '@linnet/otp/testing';
import { expect, it, onTestFinished } from 'vitest';
import { poolsName } from '../../src/instance/manager.ts';
import { startApp } from '../support/app.ts';
import { startGateServer } from '../support/gate-server.ts';

// At whatever point of the stopping that happens.
it.each([0, 1, 2, 3, 5, 8, 13, 21])(
  'stopPool does not fail when the supervisor of all pools dies %i promises later',
  async (promises) => {
    const crashes = captureCrashReports();
    onTestFinished(() => crashes[Symbol.dispose]());
    const server = await startGateServer();
    server.open();
    const { finch, name } = await startApp({ maxRestarts: 100 });
    await finch.get(server.url);
    const stopped = finch.stopPool(server.url);
    for (let count = 0; count < promises; count++) await Promise.resolve();
    exit(whereis(poolsName(name)) as Pid, 'kill');
    await expect(stopped).resolves.toBeUndefined();
  },
);
