import {
  alias,
  demonitor,
  exit,
  monitor,
  type Pid,
  receive,
  self,
  send,
  spawn,
  unalias,
  type Alias,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { flush, mailbox, quietCrashes } from '../../support/mailbox.ts';

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

describe('the alias of a monitor', () => {
  const waiting = (): Pid => spawn(() => receive());

  test("of 'reply_demonitor' ends with the first answer, and the monitor with it", async () => {
    await inProcess(async () => {
      const worker = waiting();
      const { alias: answerTo } = monitor(worker, { alias: 'reply_demonitor' });
      send(answerTo, 'answer');
      expect(answerTo.active).toBe(false);
      send(answerTo, 'second');
      exit(worker, 'kill');
      expect(await mailbox()).toEqual(['answer']);
    });
  });

  test.each(['reply_demonitor', 'demonitor'] as const)(
    "of '%s' ends with the DOWN",
    async (mode) => {
      await inProcess(async () => {
        const worker = waiting();
        const ref = monitor(worker, { alias: mode });
        exit(worker, 'kill');
        await settle();
        expect(ref.alias.active).toBe(false);
        send(ref.alias, 'late');
        expect(await mailbox()).toEqual([{ type: 'DOWN', ref, pid: worker, reason: 'killed' }]);
      });
    },
  );

  test("of 'demonitor' takes any number of messages, until the monitor is taken back", async () => {
    await inProcess(async () => {
      const ref = monitor(waiting(), { alias: 'demonitor' });
      send(ref.alias, 1);
      send(ref.alias, 2);
      expect(demonitor(ref)).toBe(true);
      send(ref.alias, 3);
      expect(await mailbox()).toEqual([1, 2]);
    });
  });

  test("of 'explicit_unalias' goes on after the monitor, until it is taken back", async () => {
    await inProcess(async () => {
      const worker = waiting();
      const ref = monitor(worker, { alias: 'explicit_unalias' });
      exit(worker, 'kill');
      await settle();
      send(ref.alias, 'after the DOWN');
      expect(unalias(ref.alias)).toBe(true);
      send(ref.alias, 'late');
      expect(await mailbox()).toEqual([
        { type: 'DOWN', ref, pid: worker, reason: 'killed' },
        'after the DOWN',
      ]);
    });
  });

  test('can be taken back before the monitor, which goes on', async () => {
    await inProcess(async () => {
      const worker = waiting();
      const ref = monitor(worker, { alias: 'reply_demonitor' });
      expect(unalias(ref.alias)).toBe(true);
      send(ref.alias, 'late');
      exit(worker, 'kill');
      expect(await mailbox()).toMatchObject([{ type: 'DOWN', ref }]);
    });
  });

  test('is over at once when there is no such process', async () => {
    await inProcess(async () => {
      const ref = monitor('no_such_name', { alias: 'demonitor' });
      expect(ref.alias.active).toBe(false);
      expect(await mailbox()).toMatchObject([{ type: 'DOWN', ref, reason: 'noproc' }]);
    });
  });

  test('has one of three modes', async () => {
    await inProcess(() => {
      expect(() => monitor(self(), { alias: 'reply' as 'demonitor' })).toThrow(
        'alias must be one of explicit_unalias, demonitor, reply_demonitor',
      );
      expect('alias' in monitor(self())).toBe(false);
    });
  });
});
