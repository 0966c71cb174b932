import { alias, exit, receive, self, send, spawn, unalias, type Alias } from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { flush, mailbox, quietCrashes } from '../helpers/mailbox.ts';

quietCrashes();

test('messages come through an alias until it is taken back', async () => {
  await inProcess(async () => {
    const address = alias();
    send(address, 1);
    send(address, 2);
    expect(address.active).toBe(true);
    expect(unalias(address)).toBe(true);
    expect(unalias(address)).toBe(false);
    send(address, 3);
    expect(await flush()).toEqual([1, 2]);
    expect(address.active).toBe(false);
  });
});

test('through one that is for once, one comes', async () => {
  await inProcess(async () => {
    const address = alias({ once: true });
    send(address, 1);
    send(address, 2);
    expect(unalias(address)).toBe(false);
    expect(await mailbox()).toEqual([1]);
  });
});

test('an answer that comes too late does not come', async () => {
  await inProcess(async () => {
    const slow = spawn(async () => {
      const { answerTo } = (await receive()) as { answerTo: Alias };
      await receive((message) => message === 'answer now');
      send(answerTo, 'late');
    });
    const answerTo = alias();
    send(slow, { answerTo });
    await receive(undefined, { timeout: 0 }).catch(() => unalias(answerTo));
    send(slow, 'answer now');
    expect(await mailbox()).toEqual([]);
  });
});

test('one of a dead process swallows what is sent', async () => {
  let address: Alias | undefined;
  const pid = spawn(() => {
    address = alias();
    return receive();
  });
  await settle();
  exit(pid, 'kill');
  expect(address?.active).toBe(false);
  send(address as Alias, 'nobody hears');
});

test('one of another process cannot be taken back', async () => {
  const address = await inProcess(
    () =>
      new Promise<Alias>((resolve) => {
        spawn(async () => {
          resolve(alias());
          await receive();
        });
      }),
  );
  await inProcess(() => {
    expect(() => unalias(address)).toThrow('an alias of the current process');
    expect(() => unalias(self() as never)).toThrow('an alias');
  });
});
