/** Signals between two nodes, one of them in a worker thread. */
import {
  CallError,
  demonitor,
  exit,
  GenServer,
  link,
  monitor,
  Pid,
  receive,
  self,
  send,
  spawn,
  trapExit,
  unlink,
  type AnySupervisorHandle,
  type DownMessage,
} from '@linnet/otp';
import { inProcess } from '@linnet/otp/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DataCloneError, Node, SpawnError } from '../../src/index.ts';
import { mainNode, remoteEcho, startWorkers, workerNode } from '../support/with-workers.ts';

const node = workerNode(1);
const echo = { name: 'echo', node };
const counter = { name: 'counter', node };
let supervisor: AnySupervisorHandle;

beforeAll(async () => {
  supervisor = await startWorkers(1);
});
afterAll(async () => {
  await supervisor.stop();
});

test('a node knows its name and those of the others', () => {
  expect(Node.self()).toBe(mainNode);
  expect(Node.list()).toEqual([node]);
});

describe('send', () => {
  test('to a name on another node, which answers to the pid in the message', async () => {
    await inProcess(async () => {
      send(echo, { do: 'echo', from: self(), value: new Map([[1, 'x']]) });
      expect(await receive()).toEqual({ echo: new Map([[1, 'x']]) });
    });
  });

  test('to a pid, in order', async () => {
    await inProcess(async () => {
      const pid = await remoteEcho();
      expect(pid.node).toBe(node);
      for (let i = 0; i < 1000; i++) send(pid, { do: 'echo', from: self(), value: i });
      for (let i = 0; i < 1000; i++) expect(await receive()).toEqual({ echo: i });
      exit(pid, 'kill');
    });
  });

  test('a pid of this node comes back as the same object', async () => {
    await inProcess(async () => {
      const dead = spawn(() => {});
      send(echo, { do: 'echo', from: self(), value: [self(), dead] });
      const { echo: pids } = (await receive()) as { echo: Pid[] };
      expect(pids[0]).toBe(self());
      expect(pids[1]).toBe(dead);
    });
  });

  test('to what is not there does nothing', () => {
    send({ name: 'echo', node: 'absent@host' }, 'x');
    send({ name: 'absent', node }, 'x');
    send(new Pid(node, 1, 1), 'x');
    send(new Pid('absent@host', 1, 1), 'x');
  });

  test('of a function throws, where it is sent', () => {
    expect(() => send(echo, { callback: () => {} })).toThrow(DataCloneError);
  });

  test('of 5 MB arrives', async () => {
    await inProcess(async () => {
      send(echo, { do: 'echo', from: self(), value: new Uint8Array(5 * 1024 * 1024).fill(7) });
      const { echo: bytes } = (await receive()) as { echo: Uint8Array };
      expect(bytes.length).toBe(5 * 1024 * 1024);
      expect(bytes[4_000_000]).toBe(7);
    });
  });
});

describe('GenServer', () => {
  test('calls and casts reach a server on another node', async () => {
    expect(await GenServer.call(counter, ['add', 5])).toBe(15);
    GenServer.cast(counter, ['add', -5]);
    expect(await GenServer.call(counter, 'value')).toBe(10);
  });

  test('the server sees the pid of the caller', async () => {
    await inProcess(async () => {
      expect(await GenServer.call(counter, 'caller')).toBe(self());
    });
  });

  test('a call to a name that is not there fails with noproc', async () => {
    const error = await failure(GenServer.call({ name: 'absent', node }, 'value'));
    expect([error.why, error.code]).toEqual(['noproc', 'ERR_NOPROC']);
  });

  test('a call to a node that is not there fails with nodedown', async () => {
    const error = await failure(GenServer.call({ name: 'counter', node: 'absent@host' }, 'value'));
    expect([error.why, error.code]).toEqual([['nodedown', 'absent@host'], 'ERR_NOCONNECTION']);
  });

  test('a call that is not answered in time fails with timeout', async () => {
    const error = await failure(GenServer.call(counter, 'never', { timeout: 20 }));
    expect(error.why).toBe('timeout');
  });

  test('a call with a function fails with the error of the sender', async () => {
    await expect(GenServer.call(counter, ['add', () => {}])).rejects.toThrow(DataCloneError);
  });

  test('an answer that cannot be sent fails the call, and the server goes on', async () => {
    const error = await failure(GenServer.call(counter, 'callback'));
    expect(error.why).toBeInstanceOf(Error);
    expect((error.why as Error).name).toBe('DataCloneError');
    expect(await GenServer.call(counter, 'value')).toBe(10);
  });

  async function failure(call: Promise<unknown>): Promise<CallError> {
    try {
      await call;
    } catch (error) {
      if (error instanceof CallError) return error;
      throw error;
    }
    throw new Error('it was answered');
  }
});

describe('monitor', () => {
  test('tells why a process on another node ended, once', async () => {
    await inProcess(async () => {
      const pid = await remoteEcho();
      const ref = monitor(pid);
      send(pid, { do: 'exit', from: self(), value: new RangeError('over') });
      const down = (await receive()) as DownMessage;
      expect(down).toMatchObject({ type: 'DOWN', ref, pid });
      expect(down.reason).toBeInstanceOf(RangeError);
    });
  });

  test('of a name gives { name, node }; of what is not there, noproc', async () => {
    await inProcess(async () => {
      const ref = monitor({ name: 'absent', node });
      expect(await receive()).toEqual({
        type: 'DOWN',
        ref,
        pid: { name: 'absent', node },
        reason: 'noproc',
      });
    });
  });

  test('of a node that is not there gives noconnection', async () => {
    await inProcess(async () => {
      const pid = new Pid('absent@host', 1, 1);
      const ref = monitor(pid);
      expect(await receive()).toEqual({ type: 'DOWN', ref, pid, reason: 'noconnection' });
    });
  });

  test('that was taken back tells nothing', async () => {
    await inProcess(async () => {
      const pid = await remoteEcho();
      const ref = monitor(pid);
      expect(demonitor(ref)).toBe(true);
      const second = monitor(pid);
      send(pid, { do: 'exit', from: self(), value: 'bye' });
      expect(await receive()).toMatchObject({ ref: second });
    });
  });
});

describe('link', () => {
  test('the end of a process on another node is an exit signal here', async () => {
    await inProcess(async () => {
      trapExit();
      const pid = await remoteEcho();
      link(pid);
      send(pid, { do: 'exit', from: self(), value: 'tired' });
      expect(await receive()).toEqual({ type: 'EXIT', from: pid, reason: 'tired' });
    });
  });

  test('the end of a process here is an exit signal there', async () => {
    await inProcess(async () => {
      const pid = await remoteEcho();
      const ref = monitor(pid);
      spawn(() => {
        link(pid);
        exit('gone');
      });
      expect(await receive()).toMatchObject({ ref, reason: 'gone' });
    });
  });

  test('of the other side holds as well', async () => {
    await inProcess(async () => {
      const pid = await remoteEcho();
      const outer = self();
      const here = spawn(async () => {
        trapExit();
        send(outer, await receive());
      });
      send(pid, { do: 'link', from: here });
      send(pid, { do: 'exit', from: here, value: 'tired' });
      expect(await receive()).toEqual({ type: 'EXIT', from: pid, reason: 'tired' });
    });
  });

  test('to a dead process gives noproc, to an absent node noconnection', async () => {
    await inProcess(async () => {
      trapExit();
      const pid = await remoteEcho();
      const ref = monitor(pid);
      exit(pid, 'kill');
      expect(await receive()).toMatchObject({ ref, reason: 'killed' });
      link(pid);
      expect(await receive()).toEqual({ type: 'EXIT', from: pid, reason: 'noproc' });
      const absent = new Pid('absent@host', 1, 1);
      link(absent);
      expect(await receive()).toEqual({ type: 'EXIT', from: absent, reason: 'noconnection' });
    });
  });

  test('that was removed carries no exit signal', async () => {
    await inProcess(async () => {
      trapExit();
      const pid = await remoteEcho();
      link(pid);
      unlink(pid);
      const ref = monitor(pid);
      send(pid, { do: 'exit', from: self(), value: 'tired' });
      expect(await receive()).toMatchObject({ type: 'DOWN', ref });
    });
  });

  test('exit(pid, reason) comes to a process that traps exits as a message', async () => {
    await inProcess(async () => {
      const pid = await remoteEcho();
      trapExit();
      send(pid, { do: 'linkAndTrap', from: self() });
      expect(await receive()).toBe('linked');
      unlink(pid);
      send(pid, { do: 'nextMessage', from: self() });
      exit(pid, 'please');
      expect(await receive()).toEqual({
        next: { type: 'EXIT', from: self(), reason: 'please' },
      });
    });
  });
});

describe('spawn', () => {
  test('runs a function of the other node with these arguments', async () => {
    await inProcess(async () => {
      await Node.spawn(node, 'sum', [self(), 1, 2, 3]);
      expect(await receive()).toEqual({ sum: 6 });
    });
  });

  test('on the node itself, runs one of its own functions', async () => {
    await inProcess(async () => {
      const pid = await Node.spawn(Node.self(), 'echo');
      expect(pid.node).toBe(self().node);
      send(pid, { do: 'echo', from: self(), value: 1 });
      expect(await receive()).toEqual({ echo: 1 });
      const { ref } = await Node.spawnMonitor(Node.self(), 'ends', ['at once']);
      expect(await receive()).toMatchObject({ type: 'DOWN', ref, reason: 'at once' });
      await expect(Node.spawn(Node.self(), 'absent')).rejects.toThrow('undef');
    });
  });

  test('a function that the node does not have cannot be spawned', async () => {
    const error: unknown = await Node.spawn(node, 'absent').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SpawnError);
    expect((error as SpawnError).reason).toBe('undef');
    await expect(Node.spawn('absent@host', 'sum')).rejects.toThrow('noconnection');
    await expect(Node.spawn(node, 'toString')).rejects.toThrow('undef');
  });

  test('with a monitor, the reason is known however soon it ends', async () => {
    await inProcess(async () => {
      const { ref } = await Node.spawnMonitor(node, 'ends', ['at once']);
      expect(await receive()).toMatchObject({ type: 'DOWN', ref, reason: 'at once' });
    });
  });

  test('with a link, its end is an exit signal', async () => {
    await inProcess(async () => {
      trapExit();
      const pid = await Node.spawnLink(node, 'ends', ['at once']);
      expect(await receive()).toEqual({ type: 'EXIT', from: pid, reason: 'at once' });
    });
  });
});
