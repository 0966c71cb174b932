/** Aliases go to other nodes: what is sent through them from there arrives while they are active. */
import {
  Alias,
  type AliasMonitorRef,
  alias,
  exit,
  monitor,
  type Pid,
  receive,
  self,
  send,
  spawn,
  unalias,
  type AnySupervisorHandle,
} from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Node } from '../../src/index.ts';
import {
  barrier,
  nextOrNothing,
  remoteEcho,
  startWorkers,
  workerNode,
} from '../support/with-workers.ts';

const [first, second] = [workerNode(1), workerNode(2)];
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
let supervisor: AnySupervisorHandle;

beforeAll(async () => {
  supervisor = await startWorkers(2);
});
afterAll(async () => {
  await supervisor.stop();
});

test('an answer from another node comes through an alias until it is taken back', async () => {
  await inProcess(async () => {
    const pid = await remoteEcho();
    const answerTo = alias();
    for (const value of [1, 2]) send(pid, { do: 'echo', from: answerTo, value });
    expect([await receive(), await receive()]).toEqual([{ echo: 1 }, { echo: 2 }]);
    expect(unalias(answerTo)).toBe(true);
    send(pid, { do: 'echo', from: answerTo, value: 'late' });
    await barrier(pid);
    expect(await nextOrNothing()).toBe('nothing');
    exit(pid, 'kill');
  });
});

test('through one that is for once, one answer comes, from whichever node', async () => {
  await inProcess(async () => {
    const pids = [await remoteEcho(first), await remoteEcho(second)];
    const answerTo = alias({ once: true });
    for (const pid of pids) send(pid, { do: 'echo', from: answerTo, value: 'answer' });
    for (const pid of pids) await barrier(pid);
    expect(await receive()).toEqual({ echo: 'answer' });
    expect(await nextOrNothing()).toBe('nothing');
    expect(answerTo.active).toBe(false);
    for (const pid of pids) exit(pid, 'kill');
  });
});

test('one that a third node was given by the second leads back to the first', async () => {
  await inProcess(async () => {
    const [near, far] = [await remoteEcho(first), await remoteEcho(second)];
    const answerTo = alias();
    send(near, { do: 'forward', to: far, message: { do: 'echo', from: answerTo, value: 'far' } });
    expect(await receive()).toEqual({ echo: 'far' });
    exit(near, 'kill');
    exit(far, 'kill');
  });
});

test('one comes back as the same object, taken back or not; one of another node is one object', async () => {
  await inProcess(async () => {
    const pid = await remoteEcho();
    const [active, over] = [alias(), alias()];
    unalias(over);
    send(pid, { do: 'echo', from: self(), value: [active, over] });
    const { echo: back } = (await receive()) as { echo: Alias[] };
    expect(back[0]).toBe(active);
    expect(back[1]).toBe(over);
    for (let i = 0; i < 2; i++) send(pid, { do: 'alias', from: self() });
    const [one, two] = [(await receive()) as [Alias, Alias], (await receive()) as [Alias, Alias]];
    expect(one[0]).toBeInstanceOf(Alias);
    expect(one[0]).toMatchObject({ node: first, creation: pid.creation, active: true });
    expect(one[0]).toBe(one[1]);
    expect(one[0]).not.toBe(two[0]);
    expect(() => unalias(one[0])).toThrow('an alias of the current process');
    // It leads to the process that has made it.
    send(one[0], { do: 'echo', from: self(), value: 'through' });
    expect(await receive()).toEqual({ echo: 'through' });
    exit(pid, 'kill');
  });
});

test('one that only another node still has goes on until its process ends', async () => {
  await inProcess(async () => {
    const pid = await remoteEcho();
    const outer = self();
    const owner = spawn(async () => {
      send(pid, { do: 'keep', value: alias() });
      send(outer, await receive());
      await receive();
    });
    await barrier(pid);
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    send(pid, { do: 'useKept', value: 'hello' });
    expect(await receive()).toBe('hello');
    exit(owner, 'kill');
    send(pid, { do: 'useKept', value: 'nobody hears' });
    await barrier(pid);
    expect(await nextOrNothing()).toBe('nothing');
    exit(pid, 'kill');
  });
});

describe('the alias of a monitor of a process on another node', () => {
  /** Asks a process, and waits for its answer or its end, as `gen_server:call` does. */
  async function ask(ref: AliasMonitorRef, pid: Pid, value: unknown): Promise<unknown> {
    send(pid, { do: 'echo', from: ref.alias, value });
    return receive();
  }

  test("of 'reply_demonitor': the answer ends the monitor", async () => {
    await inProcess(async () => {
      const pid = await remoteEcho();
      const ref = monitor(pid, { alias: 'reply_demonitor' });
      expect(await ask(ref, pid, 1)).toEqual({ echo: 1 });
      expect(ref.alias.active).toBe(false);
      const other = monitor(pid);
      exit(pid, 'kill');
      expect(await receive()).toMatchObject({ type: 'DOWN', ref: other });
      expect(await nextOrNothing()).toBe('nothing');
    });
  });

  test("of 'demonitor': the end of the process ends the alias; an answer that another sends is dropped", async () => {
    await inProcess(async () => {
      const [pid, other] = [await remoteEcho(first), await remoteEcho(second)];
      const ref = monitor(pid, { alias: 'demonitor' });
      expect(await ask(ref, pid, 1)).toEqual({ echo: 1 });
      exit(pid, 'kill');
      expect(await receive()).toMatchObject({ type: 'DOWN', ref, reason: 'killed' });
      send(other, { do: 'echo', from: ref.alias, value: 'late' });
      await barrier(other);
      expect(await nextOrNothing()).toBe('nothing');
      exit(other, 'kill');
    });
  });

  test('is over when the connection to the node is', async () => {
    await inProcess(async () => {
      const pid = await remoteEcho(second);
      const ref = monitor(pid, { alias: 'reply_demonitor' });
      const kept = monitor(pid, { alias: 'explicit_unalias' });
      Node.disconnect(second);
      expect(await receive()).toMatchObject({ type: 'DOWN', ref, reason: 'noconnection' });
      expect(await receive()).toMatchObject({ type: 'DOWN', ref: kept, reason: 'noconnection' });
      expect([ref.alias.active, kept.alias.active]).toEqual([false, true]);
      await eventually(() => Node.connect(second));
      // The process is still there, and a pid of the same run is still good.
      send(pid, { do: 'echo', from: kept.alias, value: 'again' });
      expect(await receive()).toEqual({ echo: 'again' });
      exit(pid, 'kill');
    });
  });
});

test('what is sent through an alias of a node that is not there is dropped', () => {
  send(new Alias('absent@host', 1, 1), 'x');
  send(new Alias(first, 1, 1), 'of a former run');
  expect(() => send(new Alias(first, 1, 1), () => {})).toThrow('a function');
});
