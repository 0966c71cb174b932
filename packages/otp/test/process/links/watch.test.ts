import { exit, receive, spawn, Watch, type ExitReason, type Pid } from '@linnet/otp';
import { captureCrashReports, inProcess, processSnapshot, settle } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { deadPid, quietCrashes } from '../../support/mailbox.ts';

quietCrashes();

class Note extends Watch {
  readonly log: Array<readonly [Note, Pid, ExitReason]>;

  constructor(log: Array<readonly [Note, Pid, ExitReason]> = []) {
    super();
    this.log = log;
  }

  protected override down(pid: Pid, reason: ExitReason): void {
    this.log.push([this, pid, reason]);
  }
}

test('is told once, in the turn of the death', () => {
  const note = new Note();
  const pid = spawn(() => receive());
  note.watch(pid);
  exit(pid, 'boom');
  expect(note.log).toEqual([[note, pid, 'boom']]);
  expect(note.unwatch()).toBe(false);
});

test('is told of a dead process at once, with noproc', async () => {
  const note = new Note();
  const pid = await deadPid();
  note.watch(pid);
  expect(note.log).toEqual([[note, pid, 'noproc']]);
});

test('can be released in any order and costs nothing afterwards', () => {
  const pid = spawn(() => receive());
  const log: Note['log'] = [];
  const notes = Array.from({ length: 6 }, () => new Note(log));
  const before = processSnapshot().watches;
  for (const note of notes) note.watch(pid);
  expect(processSnapshot().watches - before).toBe(6);
  for (const index of [5, 0, 3]) expect(notes[index]?.unwatch()).toBe(true);
  expect(notes[0]?.unwatch()).toBe(false);
  expect(processSnapshot().watches - before).toBe(3);
  exit(pid, 'boom');
  expect(log.map(([note]) => notes.indexOf(note))).toEqual([1, 2, 4]);
});

test('one that releases its neighbours while it is told is obeyed', () => {
  const pid = spawn(() => receive());
  const log: Note['log'] = [];
  const later = new Note(log);
  class Releasing extends Watch {
    protected override down(): void {
      later.unwatch();
    }
  }
  new Releasing().watch(pid);
  later.watch(pid);
  exit(pid, 'boom');
  expect(log).toEqual([]);
});

test('can watch again after it was told', () => {
  const note = new Note();
  for (const reason of ['first', 'second']) {
    const pid = spawn(() => receive());
    note.watch(pid);
    exit(pid, reason);
  }
  expect(note.log.map(([, , reason]) => reason)).toEqual(['first', 'second']);
});

test('one that watches already refuses to watch a second process', () => {
  const note = new Note();
  const pids = [spawn(() => receive()), spawn(() => receive())] as const;
  note.watch(pids[0]);
  expect(() => note.watch(pids[1])).toThrow('already watching');
  for (const pid of pids) exit(pid, 'shutdown');
  expect(note.log).toHaveLength(1);
});

test('one that throws does not keep the others from being told', async () => {
  using crashes = captureCrashReports();
  class Bad extends Watch {
    protected override down(): void {
      throw new Error('a bug in down');
    }
  }
  const pid = spawn(() => receive());
  const note = new Note();
  new Bad().watch(pid);
  note.watch(pid);
  exit(pid, 'shutdown');
  expect(note.log).toHaveLength(1);
  expect(crashes.logs).toMatchObject([{ level: 'error', fields: { pid } }]);
  await settle();
  expect(await inProcess(() => 'alive')).toBe('alive');
});
