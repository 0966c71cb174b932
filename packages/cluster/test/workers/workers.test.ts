/** Worker threads as nodes, and what happens when one ends. */
import {
  type AnySupervisorHandle,
  type CallError,
  GenServer,
  monitor,
  Pid,
  receive,
  self,
  send,
  trapExit,
  link,
} from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { Node, type NodeMessage } from '../../src/index.ts';
import { startWorkers, untilNamed, workerNode } from '../support/with-workers.ts';

let supervisor: AnySupervisorHandle | undefined;
afterEach(async () => {
  await supervisor?.stop();
  supervisor = undefined;
});

const isNodeMessage = (message: unknown): message is NodeMessage =>
  typeof message === 'object' && message !== null && 'node' in message && 'type' in message;

test('all workers are connected with each other', async () => {
  supervisor = await startWorkers(3);
  expect(Node.list().toSorted()).toEqual([1, 2, 3].map(workerNode));
  await inProcess(async () => {
    send({ name: 'echo', node: workerNode(1) }, { do: 'echo', from: self(), value: 1 });
    await receive();
    const pid = await Node.spawn(workerNode(1), 'echo');
    // From worker 2 to worker 1: through the port between the two.
    const probe = await Node.spawn(workerNode(2), 'echo');
    await eventually(async () => {
      send(probe, { do: 'link', from: pid });
      send(probe, { do: 'echo', from: self(), value: 'on' });
      expect(await receive()).toEqual({ echo: 'on' });
    });
    const ref = monitor(pid);
    // The exit takes another way than the monitor, so the answer says that this one is there.
    send(pid, { do: 'echo', from: self(), value: 'monitored' });
    expect(await receive()).toEqual({ echo: 'monitored' });
    send(probe, { do: 'exit', from: self(), value: 'over' });
    expect(await receive()).toMatchObject({ ref, reason: 'over' });
  });
});

describe('a worker that ends', () => {
  test.each([
    ['with process.exit', 'processExit', 'gone'],
    ['by a stray error', 'throwOutside', 'gone'],
  ])('%s is down at once, and started anew', async (_how, command, reason) => {
    supervisor = await startWorkers(1);
    const node = workerNode(1);
    await inProcess(async () => {
      Node.monitorNodes(true);
      trapExit();
      const pid = await Node.spawn(node, 'echo');
      link(pid);
      const ref = monitor(pid);
      const named = monitor({ name: 'counter', node });
      const pending = GenServer.call({ name: 'counter', node }, 'never').catch(
        (error: unknown) => (error as CallError).why,
      );
      send({ name: 'echo', node }, { do: command, from: self() });
      const messages: unknown[] = [];
      for (let i = 0; i < 5; i++) messages.push(await receive());
      expect(messages).toContainEqual({ type: 'EXIT', from: pid, reason: 'noconnection' });
      expect(messages).toContainEqual({ type: 'DOWN', ref, pid, reason: 'noconnection' });
      expect(messages).toContainEqual(
        expect.objectContaining({ ref: named, reason: 'noconnection' }),
      );
      expect(messages.filter(isNodeMessage)).toEqual([
        { type: 'nodedown', node, reason },
        { type: 'nodeup', node },
      ]);
      expect(await pending).toEqual(['nodedown', node]);
      // The pid is of the former run.
      const again = monitor(pid);
      expect(await receive()).toMatchObject({ ref: again, reason: 'noconnection' });
    });
    expect(await untilNamed(node)).toBe(10);
  });

  test('its pid is not that of a process of the next run', async () => {
    supervisor = await startWorkers(1);
    const node = workerNode(1);
    const pid = await Node.spawn(node, 'echo');
    expect(new Pid(node, pid.creation, pid.id)).not.toBe(pid);
    expect(pid.creation).toBeGreaterThan(0);
  });
});

test('a worker in an endless loop is down after downAfterMs, and started anew', async () => {
  supervisor = await startWorkers(1, { tickMs: 100, suspectMs: 200, downAfterMs: 1000 });
  const node = workerNode(1);
  await inProcess(async () => {
    Node.monitorNodes(true);
    send({ name: 'echo', node }, { do: 'spin', from: self() });
    expect(await receive()).toEqual({ type: 'nodedown', node, reason: 'tick_timeout' });
    expect(await receive()).toEqual({ type: 'nodeup', node });
  });
});
