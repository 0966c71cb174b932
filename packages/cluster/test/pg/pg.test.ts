/** Process groups over several nodes. */
import { type AnySupervisorHandle, exit, type Pid, receive, self, spawn } from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Node, Pg, type PgMessage } from '../../src/index.ts';
import { startWorkers, workerNode } from '../support/with-workers.ts';

let supervisor: AnySupervisorHandle;
beforeAll(async () => {
  supervisor = await startWorkers(2);
});
afterAll(async () => {
  await supervisor.stop();
});

const membersOn = async (node: string, group: unknown): Promise<Pid[]> => {
  await Node.spawn(node, 'tellMembers', [group, self()]);
  const isAnswer = (m: unknown): m is { members: Pid[] } =>
    typeof m === 'object' && m !== null && 'members' in m;
  return (await receive(isAnswer)).members;
};

test('a group has its members on all nodes, and each node knows all', async () => {
  await inProcess(async () => {
    const group = ['room', 1];
    const here = spawn(() => receive());
    Pg.join(group, here);
    const there = await Node.spawn(workerNode(1), 'joins', [group, self()]);
    expect(await receive((m) => m === 'joined')).toBe('joined');
    await eventually(() => expect(Pg.members(['room', 1])).toEqual([here, there]));
    await eventually(async () =>
      expect(await membersOn(workerNode(2), group)).toEqual(expect.arrayContaining([here, there])),
    );
    expect(Pg.localMembers(group)).toEqual([here]);
    expect(Pg.groups()).toContainEqual(['room', 1]);
    expect([here, there]).toContain(Pg.memberFor(group, 'a key'));
    exit(there, 'kill');
    await eventually(() => expect(Pg.members(group)).toEqual([here]));
    exit(here, 'kill');
    await eventually(async () => expect(await membersOn(workerNode(2), group)).toEqual([]));
  });
});

test('a monitor tells of joins and leaves on any node, also when the node goes', async () => {
  await inProcess(async () => {
    const { ref, members } = Pg.monitor('watched');
    expect(members).toEqual([]);
    const isNews = (m: unknown): m is PgMessage => ref.isGroupMessage(m);
    const there = await Node.spawn(workerNode(1), 'joins', ['watched', self()]);
    expect(await receive(isNews)).toEqual({
      type: 'pg',
      ref,
      event: 'join',
      group: 'watched',
      pids: [there],
    });
    Node.disconnect(workerNode(1));
    expect(await receive(isNews)).toMatchObject({ event: 'leave', pids: [there] });
    await Node.connect(workerNode(1));
    // The process is still there, and its group comes back with its node.
    expect(await receive(isNews)).toMatchObject({ event: 'join', pids: [there] });
    expect(Pg.demonitor(ref)).toBe(true);
    exit(there, 'kill');
  });
});

test('the members that a monitor gives and the joins that it tells of are each process once', async () => {
  await inProcess(async () => {
    const early = spawn(() => receive());
    Pg.join('counted', early);
    await eventually(() => {
      const { ref, members } = Pg.monitor('counted');
      Pg.demonitor(ref);
      expect(members).toEqual([early]);
    });
    const late = spawn(() => receive());
    Pg.join('counted', late);
    expect(Pg.members('counted')).toEqual([early, late]);
    const { ref, members } = Pg.monitor('counted');
    expect(members).toEqual([early]);
    expect(await receive((m) => ref.isGroupMessage(m))).toMatchObject({
      event: 'join',
      pids: [late],
    });
    Pg.demonitor(ref);
    for (const pid of [early, late]) exit(pid, 'kill');
  });
});

test('one that has joined twice has to leave twice, on all nodes', async () => {
  await inProcess(async () => {
    const pid = spawn(() => receive());
    Pg.join('twice', [pid, pid]);
    await eventually(async () => {
      expect(await membersOn(workerNode(1), 'twice')).toEqual([pid, pid]);
    });
    expect(Pg.leave('twice', pid)).toBe(true);
    await eventually(async () => expect(await membersOn(workerNode(1), 'twice')).toEqual([pid]));
    exit(pid, 'kill');
    await eventually(async () => expect(await membersOn(workerNode(1), 'twice')).toEqual([]));
    expect(Pg.groups()).not.toContain('twice');
  });
});

test('a group whose name is not the same on other nodes is refused, and the scope goes on', async () => {
  const pid = spawn(() => receive());
  for (const name of [Symbol('x'), { room: 1 }, () => {}, ['room', new Date(0)]]) {
    expect(() => Pg.join(name, pid)).toThrow('group must be a text');
  }
  Pg.join(['room', 7n, true, null, pid], pid);
  await eventually(() => expect(Pg.members(['room', 7n, true, null, pid])).toEqual([pid]));
  exit(pid, 'kill');
});

test('a scope that does not run says so', () => {
  expect(() => Pg.members('x', { scope: 'absent' })).toThrow('noproc');
});
