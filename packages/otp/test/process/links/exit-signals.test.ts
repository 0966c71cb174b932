import {
  exit,
  isAlive,
  link,
  monitor,
  receive,
  self,
  send,
  spawn,
  spawnLink,
  spawnMonitor,
  trapExit,
  unlink,
  type DownMessage,
  type ExitReason,
  type Pid,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { deadPid, mailbox, quietCrashes } from '../../support/mailbox.ts';

quietCrashes();

/** A process that waits for a message and then ends; it traps exits if asked to. */
function waiting(trapping = false): Pid {
  return spawn(async () => {
    if (trapping) trapExit();
    await receive((message) => message === 'end');
  });
}

/** The reason with which a process ends. */
async function reasonOf(pid: Pid): Promise<ExitReason> {
  return inProcess(async () => {
    monitor(pid);
    return ((await receive()) as DownMessage).reason;
  });
}

/** The reason with which a process ends that runs `body`. */
function reasonOfBody(body: () => unknown): Promise<ExitReason> {
  return inProcess(async () => {
    spawnMonitor(body);
    return ((await receive()) as DownMessage).reason;
  });
}

describe('links and dead processes', () => {
  test('[SIG01] linking a dead process raises noproc when not trapping', async () => {
    const dead = await deadPid();
    await inProcess(() => {
      expect(() => link(dead)).toThrow(expect.objectContaining({ reason: 'noproc' }) as Error);
    });
  });

  test('[SIG02] linking a dead process gives an EXIT message when trapping', async () => {
    const dead = await deadPid();
    await inProcess(async () => {
      trapExit();
      expect(link(dead)).toBeUndefined();
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: dead, reason: 'noproc' }]);
    });
  });

  test('[SIG24] linking oneself changes nothing', async () => {
    await inProcess(async () => {
      link(self());
      trapExit();
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[SIG26] an exit signal to a dead process has no effect', async () => {
    const dead = await deadPid();
    expect(exit(dead, 'boom')).toBeUndefined();
    await inProcess(() => exit(dead, 'boom'));
  });
});

describe('exit signals', () => {
  test('[SIG03] exit(self(), normal) ends a process that does not trap', async () => {
    let after = false;
    const reason = await reasonOfBody(() => {
      exit(self(), 'normal');
      after = true;
    });
    expect(reason).toBe('normal');
    expect(after).toBe(false);
  });

  test('[SIG04] exit(self(), normal) is a message to a process that traps', async () => {
    await inProcess(async () => {
      trapExit();
      exit(self(), 'normal');
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: self(), reason: 'normal' }]);
    });
  });

  test('[SIG05] exit(other, normal) does nothing to a process that does not trap', async () => {
    const other = waiting();
    exit(other, 'normal');
    await inProcess(() => exit(other, 'normal'));
    await settle();
    expect(isAlive(other)).toBe(true);
    send(other, 'end');
  });

  test('[SIG06] exit(other, normal) is a message to a process that traps', async () => {
    const got = await inProcess(async () => {
      const me = self();
      spawn(async () => {
        trapExit();
        send(me, { pid: self(), messages: await mailbox() });
      });
      await settle();
      return receive();
    });
    expect(got).toMatchObject({ messages: [] });
    await inProcess(async () => {
      const me = self();
      const other = spawn(async () => {
        trapExit();
        send(me, await receive());
      });
      await settle();
      exit(other, 'normal');
      expect(await receive()).toEqual({ type: 'EXIT', from: me, reason: 'normal' });
    });
  });

  test('[SIG07] exit(other, kill) ends a process that traps, with reason killed', async () => {
    const other = waiting(true);
    const reason = reasonOf(other);
    await settle();
    exit(other, 'kill');
    expect(await reason).toBe('killed');
  });

  test('[SIG08] the links of a killed process see killed', async () => {
    await inProcess(async () => {
      trapExit();
      const other = spawnLink(() => receive());
      await settle();
      exit(other, 'kill');
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: other, reason: 'killed' }]);
    });
  });

  test('[SIG09] exit(kill) from inside is seen as kill by a link that traps', async () => {
    await inProcess(async () => {
      trapExit();
      const other = spawnLink(() => exit('kill'));
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: other, reason: 'kill' }]);
    });
  });

  test('[SIG10] a link that does not trap dies with the kill of exit(kill)', async () => {
    const reason = await reasonOfBody(async () => {
      spawnLink(() => exit('kill'));
      await receive();
    });
    expect(reason).toBe('kill');
  });

  test('[SIG11] a link survives a normal exit when not trapping', async () => {
    await inProcess(async () => {
      spawnLink(() => {});
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[SIG12] a link gets a normal exit as a message when trapping', async () => {
    await inProcess(async () => {
      trapExit();
      const other = spawnLink(() => {});
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: other, reason: 'normal' }]);
    });
  });

  test('[SIG30] a process that does not trap dies with the shutdown tuple of its link', async () => {
    const tuple = { shutdown: 'x' };
    const reason = await reasonOfBody(async () => {
      spawnLink(() => exit(tuple));
      await receive();
    });
    expect(reason).toBe(tuple);
  });

  test('[SIG30] turning trapping off leaves the EXIT messages that have arrived', async () => {
    await inProcess(async () => {
      expect(trapExit(true)).toBe(false);
      const other = spawnLink(() => exit('boom'));
      await settle();
      expect(trapExit(false)).toBe(true);
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: other, reason: 'boom' }]);
    });
  });

  test('the trap flag counts when the signal is received', async () => {
    await inProcess(async () => {
      const other = spawnLink(async () => {
        await receive();
        exit('boom');
      });
      send(other, 'go');
      trapExit();
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: other, reason: 'boom' }]);
    });
  });

  test('an exit signal needs no link and names its sender', async () => {
    await inProcess(async () => {
      trapExit();
      const me = self();
      const other = spawn(() => exit(me, 'please'));
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: other, reason: 'please' }]);
    });
  });
});

describe('exit reasons of code', () => {
  test('a process whose body returns ends with normal', async () => {
    expect(await reasonOfBody(() => 42)).toBe('normal');
    expect(await reasonOfBody(() => Promise.resolve(42))).toBe('normal');
  });

  test('[SIG19] an Error that is thrown is the exit reason', async () => {
    const error = new Error('oops');
    const fail = (): never => {
      throw error;
    };
    expect(await reasonOfBody(fail)).toBe(error);
    expect(await reasonOfBody(() => Promise.reject(error))).toBe(error);
  });

  test('[SIG20] any other value that is thrown is the exit reason', async () => {
    const fail = (): never => {
      throw 'ball' as unknown as Error;
    };
    expect(await reasonOfBody(fail)).toBe('ball');
  });

  test('[SIG21] an error of the runtime is the exit reason', async () => {
    const reason = await reasonOfBody(() => send('no such name', 1));
    expect(reason).toMatchObject({ code: 'ERR_BADARG', name: 'BadArgumentError' });
    expect((reason as Error).stack).toContain('exit-signals.test.ts');
  });

  test('exit(reason) can be caught like an exception', async () => {
    const reason = await reasonOfBody(() => {
      try {
        exit('first');
      } catch {
        exit('second');
      }
    });
    expect(reason).toBe('second');
  });
});

describe('links', () => {
  test('[SIG22] linking twice makes one link', async () => {
    await inProcess(async () => {
      trapExit();
      const other = waiting();
      link(other);
      link(other);
      unlink(other);
      await settle();
      exit(other, 'boom');
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[SIG22] a link works both ways, whoever made it', async () => {
    const reason = await reasonOfBody(async () => {
      const me = self();
      spawn(() => {
        link(me);
        exit('boom');
      });
      await receive();
    });
    expect(reason).toBe('boom');
    const pids: Pid[] = [];
    const linking = spawn(async () => {
      pids.push(spawnLink(() => receive()));
      await receive();
      exit('bye');
    });
    await settle();
    send(linking, 'go');
    await settle();
    expect(pids.map((pid) => isAlive(pid))).toEqual([false]);
  });

  test('[SIG23] unlinking leaves the EXIT message that has arrived', async () => {
    await inProcess(async () => {
      trapExit();
      const other = spawnLink(() => exit('boom'));
      await settle();
      unlink(other);
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: other, reason: 'boom' }]);
    });
  });

  test('[SIG31] a message sent before the end arrives before EXIT and DOWN', async () => {
    await inProcess(async () => {
      trapExit();
      const me = self();
      const { pid, ref } = spawnMonitor(() => {
        link(me);
        send(me, 'last words');
        exit('boom');
      });
      const [first, ...rest] = await mailbox();
      expect(first).toBe('last words');
      expect(rest).toHaveLength(2);
      expect(rest).toContainEqual({ type: 'EXIT', from: pid, reason: 'boom' });
      expect(rest).toContainEqual({ type: 'DOWN', ref, pid, reason: 'boom' });
    });
  });

  test('a process that dies tells every link, in whatever order they were made', async () => {
    const pids: Pid[] = [];
    const hub = spawn(async () => {
      for (let i = 0; i < 100; i++) pids.push(spawnLink(() => receive()));
      await receive();
      exit('boom');
    });
    await settle();
    send(hub, 'go');
    await settle();
    expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
  });

  test('a chain of 100,000 linked processes dies without overflowing the stack', async () => {
    let last: Pid | undefined;
    let born = 0;
    const chain = (): unknown => {
      last = self();
      if (++born < 100_000) spawnLink(chain);
      return receive();
    };
    const first = spawn(chain);
    await settle();
    expect(born).toBe(100_000);
    const reason = reasonOf(last as Pid);
    await settle();
    exit(first, 'boom');
    expect(await reason).toBe('boom');
    expect(isAlive(first)).toBe(false);
  });

  test('a ring of links dies once', async () => {
    const pids: Pid[] = [];
    for (let i = 0; i < 1000; i++) {
      pids.push(
        spawn(async () => {
          link(pids[(i + 1) % 1000] as Pid);
          await receive();
        }),
      );
    }
    await settle();
    exit(pids[500] as Pid, 'boom');
    expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
  });
});

describe('one who is linked and monitors', () => {
  const kinds = (messages: unknown[]): unknown[] =>
    messages.map((message) => (message as { type: unknown }).type);

  test('[C3] hears of a death by EXIT first, then by each DOWN', async () => {
    await inProcess(async () => {
      trapExit();
      const pid = waiting();
      monitor(pid);
      link(pid);
      monitor(pid);
      exit(pid, 'boom');
      expect(kinds(await mailbox())).toEqual(['EXIT', 'DOWN', 'DOWN']);
    });
  });

  test('[C3] hears of a death that follows from another one in the same order', async () => {
    await inProcess(async () => {
      trapExit();
      const root = waiting();
      const followers = [1, 2, 3].map(() => {
        const pid = spawn(async () => {
          link(root);
          await receive(() => false);
        });
        monitor(pid);
        return pid;
      });
      await settle();
      for (const pid of followers) link(pid);
      exit(root, 'boom');
      expect(kinds(await mailbox())).toEqual(['EXIT', 'DOWN', 'EXIT', 'DOWN', 'EXIT', 'DOWN']);
    });
  });
});
