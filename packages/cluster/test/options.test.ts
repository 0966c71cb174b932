import { BadArgumentError, spawn } from '@linnet/otp';
import { expect, test } from 'vitest';
import { Cluster, Global, Pg } from '../src/index.ts';

const options = { name: 'app@127.0.0.1', cookie: 'secret' };

test.each([
  [{ name: 'app' }, 'name'],
  [{ cookie: '' }, 'cookie'],
  [{ tickMs: 0 }, 'tickMs'],
  [{ announceMs: -1 }, 'announceMs'],
  [{ sign: 1 as never }, 'sign'],
  [{ takeover: 'yes' as never }, 'takeover'],
  [{ carrier: 'nats://127.0.0.1' as never }, 'carrier'],
  [{ carrier: [{}] as never }, 'carrier'],
  [{ modules: { work: 3 as never } }, 'modules.work'],
])('refuses the options %j, and names the wrong one', async (wrong, argument) => {
  const start = Cluster.start({ ...options, ...wrong });
  await expect(start).rejects.toThrow(BadArgumentError);
  await expect(start).rejects.toMatchObject({ argument });
});

test('refuses a start without options', async () => {
  await expect(Cluster.start(undefined as never)).rejects.toMatchObject({ argument: 'options' });
});

test('an option that does not exist is refused, with the one that may be meant', async () => {
  const wrong: object = { tick_ms: 500 };
  await expect(Cluster.start({ ...options, ...wrong })).rejects.toThrow(
    'tick_ms must be left out: there is no such option (did you mean tickMs?)',
  );
});

test('the value of a misspelt cookie is not shown', async () => {
  const wrong: object = { cookies: 'hunter2' };
  const start = Cluster.start({ ...options, ...wrong });
  await expect(start).rejects.toThrow(/did you mean cookie/);
  await expect(start).rejects.not.toThrow(/hunter2/);
});

test('what is used before it was started is named, with what starts it', async () => {
  const start = (module: string): string => `Put ${module}.childSpec() into a supervisor`;
  await expect(async () => Global.whereis('leader')).rejects.toThrow(start('Global'));
  await expect(async () =>
    Pg.join(
      'room',
      spawn(() => {}),
    ),
  ).rejects.toThrow(start('Pg'));
});
