import { exit, receive, Registry, self, send, spawn, UnknownRegistryError } from '@linnet/otp';
import { inProcess, leakCheck, settle, TestClock } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { quietCrashes } from '../support/mailbox.ts';
import { startRegistry, uniqueName } from './support.ts';

quietCrashes();

test('[OTP R027] the holder of a lock runs alone, the others follow in order', async () => {
  const registry = await startRegistry('unique');
  const log: string[] = [];
  const enter = (who: string) =>
    registry.lock('k', async () => {
      log.push(`${who} in`);
      await settle();
      log.push(`${who} out`);
      return who;
    });
  expect(await Promise.all(['a', 'b', 'c'].map(enter))).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
});

test('[OTP R027] different lock keys do not wait for each other', async () => {
  const registry = await startRegistry('unique');
  const release = Promise.withResolvers<void>();
  const held = registry.lock('a', () => release.promise);
  expect(await registry.lock('b', () => 'free')).toBe('free');
  release.resolve();
  await held;
});

test('[OTP R027] lock keys have nothing to do with registered keys', async () => {
  const registry = await startRegistry<string, number>('unique');
  await inProcess(async () => {
    registry.register('k', 1);
    expect(await registry.lock('k', () => self())).toBe(self());
    expect(registry.count()).toBe(1);
  });
});

test('[OTP R027] a lock is free again when its holder throws', async () => {
  const registry = await startRegistry('unique');
  const fail = (): never => {
    throw new Error('while holding');
  };
  await expect(registry.lock('k', fail)).rejects.toThrow('while holding');
  await expect(registry.lock('k', async () => fail())).rejects.toThrow('while holding');
  expect(await registry.lock('k', () => 'free')).toBe('free');
});

test('[OTP R027] a lock is free again when its holder is killed, and killed waiters are skipped', async () => {
  const registry = await startRegistry('unique');
  await inProcess(async () => {
    const me = self();
    const holder = spawn(() => registry.lock('k', () => receive()));
    await settle();
    const waiter = spawn(() => registry.lock('k', () => send(me, 'a dead waiter has the lock')));
    await settle();
    spawn(() => registry.lock('k', () => send(me, 'mine')));
    await settle();
    exit(waiter, 'kill');
    exit(holder, 'kill');
    expect(await receive()).toBe('mine');
    expect(await registry.lock('k', () => 'free')).toBe('free');
  });
});

test('waiting for a lock ends after its timeout, and the lock is not lost', async () => {
  const registry = await startRegistry('unique');
  using clock = new TestClock().install();
  const release = Promise.withResolvers<void>();
  const held = registry.lock('k', () => release.promise);
  const waiting = registry.lock('k', () => expect.fail('must not run'), { timeout: 100 });
  waiting.catch(() => {});
  await clock.advance(100);
  await expect(waiting).rejects.toThrow(
    expect.objectContaining({
      code: 'ERR_CALL_TIMEOUT',
      reason: ['timeout', ['Registry', 'lock', [registry.name, 'k', 100]]],
    }) as Error,
  );
  release.resolve();
  await held;
  expect(await registry.lock('k', () => 'free')).toBe('free');
});

test('waiting for a lock ends when its signal aborts', async () => {
  const registry = await startRegistry('unique');
  const release = Promise.withResolvers<void>();
  const held = registry.lock('k', () => release.promise);
  const controller = new AbortController();
  const waiting = registry.lock('k', () => expect.fail('must not run'), {
    signal: controller.signal,
  });
  controller.abort(new Error('changed my mind'));
  await expect(waiting).rejects.toThrow('changed my mind');
  await expect(registry.lock('k', () => 1, { signal: controller.signal })).rejects.toThrow(
    'changed my mind',
  );
  release.resolve();
  await held;
});

test('whoever waits for a lock of a registry that ends is told so', async () => {
  await using _check = leakCheck();
  await inProcess(async () => {
    const registry = await Registry.startLink({ name: uniqueName(), keys: 'unique' });
    const release = Promise.withResolvers<void>();
    const held = registry.lock('k', () => release.promise);
    const waiting = registry.lock('k', () => expect.fail('must not run'));
    await registry.stop();
    await expect(waiting).rejects.toThrow(UnknownRegistryError);
    release.resolve();
    await held;
  });
});

test('code that goes on after the death of its process gets no lock', async () => {
  const registry = await startRegistry('unique');
  await inProcess(async () => {
    const me = self();
    const resume = Promise.withResolvers<void>();
    const dead = spawn(async () => {
      await resume.promise;
      await registry.lock('k', () => outcome.push('locked')).catch(() => outcome.push('refused'));
    });
    const outcome: string[] = [];
    await settle();
    exit(dead, 'kill');
    resume.resolve();
    await settle();
    expect(outcome).toEqual(['refused']);
    expect(await registry.lock('k', () => self())).toBe(me);
  });
});
