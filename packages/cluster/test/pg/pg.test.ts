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

test('a scope that does not run says so', () => {
  expect(() => Pg.members('x', { scope: 'absent' })).toThrow('noproc');
});
