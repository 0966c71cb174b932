/** What is under way while a connection, a process or this node ends, and what crosses on its way. */
import {
  type AnySupervisorHandle,
  exit,
  GenServer,
  isAlive,
  link,
  monitor,
  onDeath,
  type Pid,
  processInfo,
  receive,
  register,
  self,
  send,
  spawn,
  trapExit,
  unlink,
} from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Node, RemoteTask } from '../../src/index.ts';
import { Dice } from '../association/world.ts';
import {
  barrier,
  nextOrNothing,
  remoteEcho,
  startWorkers,
  workerNode,
} from '../support/with-workers.ts';

const node = workerNode(1);
const counter = { name: 'counter', node };
let supervisor: AnySupervisorHandle;
beforeAll(async () => {
  supervisor = await startWorkers(1);
});
afterAll(async () => {
  await supervisor.stop();
});

/** Everything that can be under way to the other node; how each came to its end. */
async function underWay(): Promise<Array<Promise<unknown>>> {
  const pid = await remoteEcho();
  const linked = spawn(async () => {
    link(pid);
    await receive();
  });
  const linkEnded = new Promise((resolve) => void onDeath(linked, resolve));
  const monitored = new Promise((resolve) => {
    spawn(async () => {
      monitor(pid);
      resolve(((await receive()) as { reason: unknown }).reason);
    });
  });
  const failure = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      (value) => ['answered', value],
      (error: { reason?: unknown; why?: unknown }) => error.why ?? error.reason,
    );
  const called = failure(GenServer.call(counter, 'never', { timeout: 'infinity' }));
  const tasked = inProcess(() => {
    trapExit();
    return failure(RemoteTask.run(node, 'waits', []));
  });
  await barrier(pid);
  return [linkEnded, monitored, called, tasked];
}

const allEnded = ['noconnection', 'noconnection', ['nodedown', node], 'noconnection'];

describe('a connection that ends ends all that is under way over it:', () => {
  test('Node.disconnect', async () => {
    await inProcess(async () => {
      const ends = await underWay();
      const spawned = Node.spawn(node, 'waits');
      Node.disconnect(node);
      await expect(spawned).rejects.toMatchObject({ reason: 'noconnection' });
      expect(await Promise.all(ends)).toEqual(allEnded);
      expect(await Node.connect(node)).toBe(true);
    });
  });

  test('the end of this node', async () => {
    await inProcess(async () => {
      const ends = await underWay();
      await supervisor.stop();
      expect(await Promise.all(ends)).toEqual(allEnded);
    });
    supervisor = await startWorkers(1);
  });
});

test('an answer that comes after the timeout reaches nobody, and the next call has its own', async () => {
  await inProcess(async () => {
    const late = GenServer.call(counter, ['slow', 1000], { timeout: 20 });
    await expect(late).rejects.toMatchObject({ code: 'ERR_CALL_TIMEOUT' });
    expect(await GenServer.call(counter, 'value')).toBe(10);
    expect(await nextOrNothing()).toBe('nothing');
  });
});

test('a monitor of a name that is registered later has told noproc, and tells nothing more', async () => {
  await inProcess(async () => {
    const ref = monitor({ name: 'later', node: Node.self() });
    const pid = spawn(async () => {
      register('later');
      await receive();
    });
    expect(await receive()).toMatchObject({ ref, reason: 'noproc' });
    await eventually(() => expect(processInfo(pid)?.name).toBe('later'));
    exit(pid, 'kill');
    expect(await nextOrNothing()).toBe('nothing');
  });
});

test('a process that is started with a link by one that dies meanwhile ends, and does not begin', async () => {
  await inProcess(async () => {
    const outer = self();
    const { promise, resolve } = Promise.withResolvers<void>();
    const caller = spawn(async () => {
      const started = Node.spawnLink(node, 'sum', [outer, 1, 2]);
      resolve();
      await started;
      send(outer, 'went on');
    });
    await promise;
    exit(caller, 'kill');
    const pid = await remoteEcho();
    await barrier(pid);
    expect(await nextOrNothing()).toBe('nothing');
    exit(pid, 'kill');
  });
});

test('RemoteTask.run leaves nothing in the mailbox of a process that traps exits', async () => {
  await inProcess(async () => {
    trapExit();
    const tasks = RemoteTask.of<{ double: (n: number) => number }>();
    expect(await tasks.run(node, 'double', [21])).toBe(42);
    const pid = await remoteEcho();
    await barrier(pid);
    expect(await nextOrNothing()).toBe('nothing');
    exit(pid, 'kill');
  });
});

test('whatever crosses, both sides come to the same about a link', async () => {
  await inProcess(async () => {
    trapExit();
    const dice = new Dice(7);
    for (let round = 0; round < 60; round++) {
      const pid = await remoteEcho();
      for (let i = dice.below(12); i >= 0; i--) {
        const what = dice.below(5);
        if (what === 0) link(pid);
        else if (what === 1) unlink(pid);
        else if (what === 2) send(pid, { do: 'link', from: self() });
        else if (what === 3) send(pid, { do: 'unlink', from: self() });
        else await barrier(pid);
      }
      // What one of the two has sent because of what the other had sent is over after two rounds.
      for (let i = 0; i < 2; i++) await barrier(pid);
      send(pid, { do: 'links', from: self() });
      const { links } = (await receive()) as { links: Pid[] };
      const own = processInfo(self())?.links ?? [];
      expect([round, own.includes(pid)]).toEqual([round, links.includes(self())]);
      exit(pid, 'kill');
      const ref = monitor(pid);
      await receive((message) => ref.isDownMessage(message));
      const exits = (await nextOrNothing()) as { type?: string };
      expect([round, exits.type === 'EXIT']).toEqual([round, own.includes(pid)]);
    }
    expect(isAlive(self())).toBe(true);
  });
});
