/** A supervisor over several nodes, and what becomes of its children when a node goes. */
import { type AnySupervisorHandle, exit, GenServer, isAlive, send } from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClusterSupervisor, Node } from '../../src/index.ts';
import { startWorkers, workerNode } from '../support/with-workers.ts';

let supervisor: AnySupervisorHandle;
beforeEach(async () => {
  supervisor = await startWorkers(2);
  await eventually(() => {
    if (ClusterSupervisor.nodes('jobs').length < 3) throw new Error('not all are there');
  });
});
afterEach(async () => {
  await supervisor.stop();
});

const ids = Array.from({ length: 30 }, (_, i) => `job-${i}`);
const startAll = () =>
  Promise.all(
    ids.map((id) =>
      ClusterSupervisor.startChild('jobs', { id, module: 'Job', arg: `order ${id}` }),
    ),
  );
const nodes = (): string[] => [
  ...new Set(ClusterSupervisor.whichChildren('jobs').map(({ node }) => node)),
];

test('children are spread over the nodes, and each is there once', async () => {
  await inProcess(async () => {
    await startAll();
    await eventually(() =>
      expect(nodes().toSorted()).toEqual([Node.self(), workerNode(1), workerNode(2)].toSorted()),
    );
    await eventually(() => expect(ClusterSupervisor.whichChildren('jobs')).toHaveLength(30));
    const pid = ClusterSupervisor.whereis('jobs', 'job-7');
    expect(await GenServer.call(pid ?? 'absent', 'order')).toBe('order job-7');
    await expect(
      ClusterSupervisor.startChild('jobs', { id: 'job-7', module: 'Job', arg: 'x' }),
    ).rejects.toThrow('already started');
    await expect(
      ClusterSupervisor.startChild('jobs', { id: 'new', module: 'Absent' }),
    ).rejects.toThrow('undef');
    expect(await ClusterSupervisor.terminateChild('jobs', 'job-7')).toBe(true);
    await eventually(() => expect(ClusterSupervisor.whereis('jobs', 'job-7')).toBeUndefined());
    expect(await ClusterSupervisor.terminateChild('jobs', 'job-7')).toBe(false);
  });
});

test('who started a child knows of it then: it would not be lost if its node died now', async () => {
  await inProcess(async () => {
    for (const id of ids) {
      const pid = await ClusterSupervisor.startChild('jobs', { id, module: 'Job', arg: id });
      // Answered when the supervisor of this node has handled all that came before.
      expect(await ClusterSupervisor.terminateChild('jobs', 'absent')).toBe(false);
      expect(ClusterSupervisor.whereis('jobs', id)).toBe(pid);
    }
    expect(nodes()).toHaveLength(3);
  });
});

test('a child that crashes is started anew on its node; one that ends for good is gone', async () => {
  await inProcess(async () => {
    const pid = await ClusterSupervisor.startChild('jobs', { id: 'a', module: 'Job', arg: 'x' });
    exit(pid, 'kill');
    await eventually(async () => {
      const again = ClusterSupervisor.whereis('jobs', 'a');
      expect(again).not.toBe(pid);
      expect(again?.node).toBe(pid.node);
      expect(await GenServer.call(again ?? 'absent', 'order')).toBe('x');
    });
    const child = { id: 'b', module: 'Job', arg: 'x', restart: 'transient' } as const;
    GenServer.cast(await ClusterSupervisor.startChild('jobs', child), ['end', 'normal']);
    await eventually(() => expect(ClusterSupervisor.whereis('jobs', 'b')).toBeUndefined());
  });
});

test('the children of a node that goes run on the others soon after', async () => {
  await inProcess(async () => {
    await startAll();
    await eventually(() => expect(ClusterSupervisor.whichChildren('jobs')).toHaveLength(30));
    const lost = ClusterSupervisor.whichChildren('jobs').filter(
      ({ node }) => node === workerNode(1),
    );
    expect(lost.length).toBeGreaterThan(0);
    send({ name: 'echo', node: workerNode(1) }, { do: 'processExit' });
    await eventually(async () => {
      for (const { id, pid } of lost) {
        const moved = ClusterSupervisor.whereis('jobs', id);
        expect(moved).not.toBe(pid);
        expect(await GenServer.call(moved ?? 'absent', 'order')).toBe(`order ${id}`);
      }
      // Two nodes that have not seen the same nodes go and come may both start a child for a moment.
      const running = ClusterSupervisor.whichChildren('jobs');
      expect(running.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(
        running.filter(({ node }) => node === Node.self()).every(({ pid }) => isAlive(pid)),
      ).toBe(true);
    });
  });
});

test('with majorityOf, a node in a minority stops its children, and goes on when it is over', async () => {
  await eventually(() => expect(ClusterSupervisor.nodes('strict')).toHaveLength(3));
  await inProcess(async () => {
    const start = (id: string) =>
      ClusterSupervisor.startChild('strict', { id, module: 'Job', arg: id });
    await Promise.all(ids.map(start));
    await eventually(() => expect(ClusterSupervisor.whichChildren('strict')).toHaveLength(30));
    const own = ClusterSupervisor.whichChildren('strict').filter(
      ({ node }) => node === Node.self(),
    );
    Node.disconnect(workerNode(1));
    Node.disconnect(workerNode(2));
    await eventually(() => expect(own.some(({ pid }) => isAlive(pid))).toBe(false));
    await expect(start('other')).rejects.toThrow('no_majority');
    await Node.connect(workerNode(1));
    await Node.connect(workerNode(2));
    await eventually(() => {
      const running = ClusterSupervisor.whichChildren('strict').map(({ id }) => id);
      expect(running.toSorted()).toEqual(ids.toSorted());
    });
  });
});
