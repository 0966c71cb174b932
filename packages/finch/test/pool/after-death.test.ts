/** What the code of a process that is dead does to a pool: it counts, and the pool acts on it. */
import { exit, spawn } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import type { SharedConnection } from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { answering, startH2App } from '../support/h2-app.ts';

/** Runs `act` in the code of a process that was killed. */
async function afterDeath(act: () => void): Promise<void> {
  const started = Promise.withResolvers<void>();
  const killed = Promise.withResolvers<void>();
  const acted = Promise.withResolvers<void>();
  const pid = spawn(async () => {
    started.resolve();
    await killed.promise;
    act();
    acted.resolve();
  });
  await started.promise;
  exit(pid, 'kill');
  killed.resolve();
  await acted.promise;
}

/** A pool of one connection, which a request has; the next one answers. */
async function startHeld() {
  const app = await startH2App({
    size: 1,
    settings: { maxConcurrentStreams: 1 },
    script: (peer, index) => (index === 0 ? undefined : answering()(peer)),
  });
  const held = rejection(app.ask('/held'));
  await (await app.peer()).readRequest();
  return { ...app, held, connection: app.finch.checkoutH2(app.pool) as SharedConnection };
}

test('a connection is opened for who waits when the code of a dead process closes the last one', async () => {
  const { ask, figures, connection, held } = await startHeld();
  const waiting = ask('/waits', { requestTimeout: 5000 });
  await figures({ queued: 1 });

  await afterDeath(() => connection.close());
  expect(await held).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED' });
  expect((await waiting).text()).toBe('OK');
});

test('a pool that drains is stopped when the code of a dead process closes its last connection', async () => {
  const { finch, pool, shard, connection, held } = await startHeld();
  const stopped = finch.stopPool(pool, { grace: 60_000 });
  await eventually(() => expect(shard.draining).toBe(true));

  await afterDeath(() => connection.close());
  expect(await held).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED' });
  await stopped;
});
