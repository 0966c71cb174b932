/** One node with children, and what it is told by another one, for which a process of the test stands. */
import {
  exit,
  GenServer,
  ignore,
  isAlive,
  type Pid,
  receive,
  self,
  send,
  spawn,
  stop,
  whereis,
} from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  Cluster,
  type ClusterChild,
  type ClusterHandle,
  ClusterSupervisor,
  DataCloneError,
} from '../../src/index.ts';
import type { CompanionMessage } from '../../src/shared/companions.ts';

const starts: string[] = [];
let isIgnored = false;
const Job = GenServer.define({
  name: 'Job',
  init: (order: string) => {
    if (isIgnored) return ignore;
    starts.push(order);
    return order;
  },
  handleCast: { end: (order, reason: string) => stop(reason, order) },
});

const name = 'jobs';
const server = `Linnet.ClusterSupervisor.${name}`;
let cluster: ClusterHandle;
let supervisor: Pid;

beforeEach(async () => {
  starts.length = 0;
  isIgnored = false;
  cluster = await Cluster.start({ name: 'one@127.0.0.1', cookie: 'secret' });
  const options = { name, modules: { Job }, redistributeAfterMs: 50 };
  supervisor = await ClusterSupervisor.childSpec(options).start();
});
afterEach(async () => {
  await GenServer.stop(supervisor);
  await cluster.stop();
});

const child = (id: string, restart?: ClusterChild['restart']): ClusterChild => ({
  id,
  module: 'Job',
  arg: id,
  ...(restart === undefined ? {} : { restart }),
});

/** A node that says that it has these children. */
async function otherNode(children: readonly ClusterChild[]): Promise<Pid> {
  const other = spawn(async () => {
    const entries = children.map((each) => ({ child: each, pid: self() }));
    send(server, {
      type: 'linnet:companion',
      from: self(),
      kind: 'sync',
      content: entries,
    } satisfies CompanionMessage);
    for (;;) await receive();
  });
  await eventually(() => expect(ClusterSupervisor.nodes(name)).toHaveLength(2));
  return other;
}

describe('a child whose node has gone', () => {
  test('is started', async () => {
    exit(await otherNode([child('a')]), 'kill');
    await eventually(() => expect(starts).toEqual(['a']));
  });

  test('is not when it is terminated before that', async () => {
    exit(await otherNode([child('a'), child('b')]), 'kill');
    await eventually(() => expect(ClusterSupervisor.nodes(name)).toHaveLength(1));
    expect(await ClusterSupervisor.terminateChild(name, 'a')).toBe(true);
    expect(await ClusterSupervisor.terminateChild(name, 'a')).toBe(false);
    await eventually(() => expect(starts).toEqual(['b']));
  });

  test('is not when another node has terminated it', async () => {
    const [gone, told] = [await otherNode([child('a'), child('b')]), await otherNode([])];
    exit(gone, 'kill');
    const update = { type: 'cancel', id: 'a' };
    send(server, {
      type: 'linnet:companion',
      from: told,
      kind: 'update',
      content: update,
    } satisfies CompanionMessage);
    exit(told, 'kill');
    await eventually(() => expect(starts).toEqual(['b']));
  });

  test.each(['ended by itself', 'was terminated'])(
    'and that %s is not started for a node that asks later',
    async (how) => {
      const job = child('a', 'transient');
      GenServer.cast(server, ['adopt', job]);
      await eventually(() => expect(ClusterSupervisor.whereis(name, 'a')).toBeDefined());
      const pid = ClusterSupervisor.whereis(name, 'a') as Pid;
      if (how === 'was terminated') await ClusterSupervisor.terminateChild(name, 'a');
      else GenServer.cast(pid, ['end', 'normal']);
      await eventually(() => expect(ClusterSupervisor.whereis(name, 'a')).toBeUndefined());
      GenServer.cast(server, ['adopt', job]);
      // Whoever wants it starts it again.
      await ClusterSupervisor.startChild(name, job);
      expect(starts).toEqual(['a', 'a']);
    },
  );
});

test('a child that is ignored when it is to start anew is gone', async () => {
  const pid = await ClusterSupervisor.startChild(name, child('a'));
  isIgnored = true;
  exit(pid, 'kill');
  await eventually(() => expect(ClusterSupervisor.whichChildren(name)).toEqual([]));
  isIgnored = false;
  const again = await ClusterSupervisor.startChild(name, child('a'));
  expect(ClusterSupervisor.whereis(name, 'a')).toBe(again);
});

test('a child that cannot be told to other nodes is the error of who starts it', async () => {
  await otherNode([]);
  for (const [bad, words] of [
    [{ ...child('a'), arg: () => {} }, 'a function'],
    [{ ...child(''), id: '' }, 'id must be a string that is not empty'],
    [{ ...child('a'), module: 7 }, 'module must be a string'],
    [
      { ...child('a'), restart: 'always' },
      "restart must be 'permanent', 'transient' or 'temporary'",
    ],
  ] as const) {
    await expect(ClusterSupervisor.startChild(name, bad as ClusterChild)).rejects.toThrow(words);
  }
  await expect(
    ClusterSupervisor.startChild(name, { ...child('a'), arg: [Symbol('x')] }),
  ).rejects.toBeInstanceOf(DataCloneError);
  expect(whereis(server)).toBe(supervisor);
  expect(isAlive(supervisor)).toBe(true);
});

test('options that are none are refused, each by its name', () => {
  const options = { name, modules: { Job } };
  for (const [bad, words] of [
    [{ name: '' }, 'name must be a string'],
    [{ modules: undefined }, 'modules must be an object'],
    [{ modules: { Job: {} } }, 'modules.Job must be a module'],
    [{ majorityOf: 0 }, 'majorityOf must be an integer > 0'],
    [{ redistributeAfterMs: -1 }, 'redistributeAfterMs must be a number >= 0'],
    [{ handoffMs: Number.NaN }, 'handoffMs must be a number >= 0'],
    [{ redistribution: 'eager' }, 'redistribution must be'],
  ] as const) {
    expect(() => ClusterSupervisor.childSpec({ ...options, ...bad } as never)).toThrow(words);
  }
});
