import {
  exit,
  isAlive,
  Pg,
  receive,
  self,
  spawn,
  Supervisor,
  whereis,
  type GroupMessage,
  type Pid,
} from '@linnet/otp';
import { expectNoLeaks, inProcess, processSnapshot, settle } from '@linnet/otp/testing';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { deadPid, mailbox, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

const idle = (): Pid => {
  const pid = spawn(() => receive(() => false));
  onTestFinished(() => exit(pid, 'kill'));
  return pid;
};

let scope: Pid;

beforeEach(async () => {
  scope = await Pg.startLink();
  onTestFinished(async () => {
    if (isAlive(scope)) await Supervisor.stop(scope);
  });
});

describe('a group', () => {
  test('has those that have joined, oldest first, until they leave', () => {
    const [a, b, c] = [idle(), idle(), idle()];
    Pg.join('group', a);
    Pg.join('group', [b, c]);
    Pg.join('other', a);
    expect(Pg.members('group')).toEqual([a, b, c]);
    expect(Pg.localMembers('group')).toEqual([a, b, c]);
    expect(Pg.groups()).toEqual(['group', 'other']);
    expect(Pg.leave('group', [a, c])).toBe(true);
    expect(Pg.members('group')).toEqual([b]);
    expect(Pg.leave('group', a)).toBe(false);
    expect(Pg.leave('nothing', a)).toBe(false);
    expect(Pg.members('nothing')).toEqual([]);
  });

  test('is gone with its last member', () => {
    const pid = idle();
    Pg.join('group', pid);
    Pg.leave('group', pid);
    expect(Pg.groups()).toEqual([]);
  });

  test('is left in the turn of a death', () => {
    const [a, b] = [idle(), idle()];
    Pg.join('group', [a, b]);
    Pg.join('own', a);
    exit(a, 'boom');
    expect(Pg.members('group')).toEqual([b]);
    expect(Pg.groups()).toEqual(['group']);
  });

  test('has a process as often as it has joined', () => {
    const pid = idle();
    Pg.join('group', [pid, pid]);
    Pg.join('group', pid);
    expect(Pg.members('group')).toEqual([pid, pid, pid]);
    Pg.leave('group', pid);
    expect(Pg.members('group')).toEqual([pid, pid]);
    Pg.leave('group', [pid, pid, pid]);
    expect(Pg.members('group')).toEqual([]);
  });

  test('is named by any value, an array by its elements', () => {
    const pid = idle();
    Pg.join(['room', 1], pid);
    expect(Pg.members(['room', 1])).toEqual([pid]);
    expect(Pg.members(['room', '1'])).toEqual([]);
    expect(Pg.groups()).toEqual([['room', 1]]);
    expect(() => Pg.join(Promise.resolve('room'), pid)).toThrow('a promise');
  });

  test('takes live processes only, all or none', async () => {
    const pid = idle();
    const dead = await deadPid();
    for (const wrong of [[pid, dead], [pid, 'x' as never], dead]) {
      expect(() => Pg.join('group', wrong)).toThrow(
        expect.objectContaining({ code: 'ERR_BADARG' }) as Error,
      );
    }
    expect(Pg.members('group')).toEqual([]);
  });
});

describe('a monitor', () => {
  const news = (messages: unknown[]): unknown[] =>
    (messages as GroupMessage[]).map(({ type, event, group, pids }) => [type, event, group, pids]);

  test('gives the members, and then tells of each join and leave', async () => {
    const [a, b] = [idle(), idle()];
    Pg.join('group', a);
    await inProcess(async () => {
      const { ref, members } = Pg.monitor('group');
      expect(members).toEqual([a]);
      Pg.join('other', a);
      Pg.join('group', [b, b]);
      Pg.leave('group', a);
      exit(b, 'boom');
      const messages = await mailbox();
      expect(messages.every((message) => ref.isGroupMessage(message))).toBe(true);
      expect(news(messages)).toEqual([
        ['pg', 'join', 'group', [b, b]],
        ['pg', 'leave', 'group', [a]],
        ['pg', 'leave', 'group', [b, b]],
      ]);
    });
  });

  test('of a scope tells of all groups', async () => {
    const a = idle();
    Pg.join(['room', 1], a);
    await inProcess(async () => {
      const { ref, groups } = Pg.monitorScope();
      expect(groups).toEqual([[['room', 1], [a]]]);
      Pg.join(['room', 2], self());
      Pg.leave(['room', 1], a);
      expect(news(await mailbox())).toEqual([
        ['pg', 'join', ['room', 2], [self()]],
        ['pg', 'leave', ['room', 1], [a]],
      ]);
      expect(Pg.demonitor(ref)).toBe(true);
    });
  });

  test('that is ended tells no more, and leaves no message behind', async () => {
    await inProcess(async () => {
      const { ref } = Pg.monitor('group');
      Pg.join('group', [self()]);
      Pg.leave('group', self());
      expect(Pg.demonitor(ref)).toBe(true);
      expect(Pg.demonitor(ref)).toBe(false);
      Pg.join('group', self());
      expect(await mailbox()).toEqual([]);
      expect(() => Pg.demonitor({} as never)).toThrow('a monitor of a group');
    });
  });

  test('goes with its process', async () => {
    const before = processSnapshot();
    await inProcess(() => {
      Pg.monitor('group');
      Pg.monitorScope();
      Pg.join('group', self());
    });
    await expectNoLeaks(before);
    expect(Pg.groups()).toEqual([]);
  });
});

describe('a scope', () => {
  test('has its own groups', async () => {
    const other = await Pg.startLink({ scope: 'other' });
    const pid = idle();
    Pg.join('group', pid, { scope: 'other' });
    expect([Pg.members('group'), Pg.members('group', { scope: 'other' })]).toEqual([[], [pid]]);
    await Supervisor.stop(other);
    expect(() => Pg.members('group', { scope: 'other' })).toThrow(
      expect.objectContaining({ why: 'noproc' }) as Error,
    );
  });

  test('that dies has no groups any more; its members live on', async () => {
    const before = processSnapshot();
    const pid = idle();
    await Supervisor.stop(scope);
    await using supervisor = await Supervisor.startLink([Pg.childSpec()], {
      strategy: 'one_for_one',
    });
    Pg.join('group', pid);
    exit(whereis('pg') as Pid, 'kill');
    expect(isAlive(pid)).toBe(true);
    await settle();
    expect(Pg.members('group')).toEqual([]);
    Pg.join('group', pid);
    expect(Pg.members('group')).toEqual([pid]);
    await supervisor.stop();
    expect(processSnapshot().watches).toBeLessThanOrEqual(before.watches);
  });
});
