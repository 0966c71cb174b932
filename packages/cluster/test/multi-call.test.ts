/** One call to the servers of a name on many nodes. */
import {
  type AnySupervisorHandle,
  GenServer,
  noreply,
  type Pid,
  receive,
  reply,
  self,
  send,
} from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { abcast, multiCall, Node } from '../src/index.ts';
import { mainNode, startWorkers, workerNode } from './support/with-workers.ts';

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: { value: (n) => reply(n, n) },
  handleCast: { add: (n, by: number) => noreply(n + by) },
});

let supervisor: AnySupervisorHandle;
let own: Pid;
beforeAll(async () => {
  supervisor = await startWorkers(2);
  own = (await Counter.start(20, { name: 'counter' })).pid;
  await eventually(async () => {
    const { replies } = await multiCall('counter', 'value');
    if (replies.size < 3) throw new Error(`${replies.size} nodes answer`);
  });
});
afterAll(async () => {
  await GenServer.stop(own);
  await supervisor.stop();
});

const [one, two] = [workerNode(1), workerNode(2)];
const byNode = (map: ReadonlyMap<string, unknown>): Record<string, unknown> =>
  Object.fromEntries([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)));

test('all nodes answer, this one among them, or those that are named', async () => {
  const { replies, failures } = await multiCall<number>('counter', 'value');
  expect(byNode(replies)).toEqual({ [mainNode]: 20, [one]: 10, [two]: 10 });
  expect(failures.size).toBe(0);
  const some = await multiCall<number>('counter', 'value', { nodes: [one] });
  expect([...some.replies]).toEqual([[one, 10]]);
  expect((await multiCall('counter', 'value', { nodes: [] })).replies.size).toBe(0);
});

test('a node that is named twice is asked once', async () => {
  const before = await GenServer.call<number>({ name: 'counter', node: one }, 'value');
  const { replies } = await multiCall<number>('counter', ['add', 1], { nodes: [one, one] });
  expect([...replies]).toEqual([[one, before + 1]]);
  abcast('counter', ['add', -1], [one, one]);
  expect(await GenServer.call({ name: 'counter', node: one }, 'value')).toBe(before);
});

test('a request that cannot be sent is the error of the caller', async () => {
  await expect(multiCall('counter', ['add', () => {}], { nodes: [one] })).rejects.toThrow(
    'a function',
  );
  const long = new Uint8Array(17 * 1024 * 1024);
  await expect(multiCall('counter', ['add', long], { nodes: [one] })).rejects.toMatchObject({
    name: 'MessageTooLongError',
  });
});

test('nodes without such a server, and those that are not there, are failures with their reasons', async () => {
  const { replies, failures } = await multiCall('echo', 'value', {
    nodes: [mainNode, 'absent@127.0.0.1'],
  });
  expect(replies.size).toBe(0);
  expect(byNode(failures)).toEqual({
    [mainNode]: 'noproc',
    'absent@127.0.0.1': ['nodedown', 'absent@127.0.0.1'],
  });
});

test('servers that do not answer in time are failures, and a late answer reaches nobody', async () => {
  await inProcess(async () => {
    const { replies, failures } = await multiCall('counter', 'never', {
      nodes: [one, two],
      timeout: 30,
    });
    expect(replies.size).toBe(0);
    expect(byNode(failures)).toEqual({ [one]: 'timeout', [two]: 'timeout' });
    // This one answers when it has done what came before: after the call was given up.
    const slow = await multiCall('counter', ['slow', 1000], { nodes: [one], timeout: 20 });
    expect(slow.failures.get(one)).toBe('timeout');
    expect(await GenServer.call({ name: 'counter', node: one }, 'value')).toBe(10);
    await expect(receive(undefined, { timeout: 0 })).rejects.toThrow('no matching message');
  });
});

test('what cannot be sent rejects the call itself', async () => {
  await expect(multiCall('counter', ['value', () => {}])).rejects.toMatchObject({
    code: 'ERR_DATA_CLONE',
  });
});

test('a cast goes to the servers of all nodes, and fails for none', async () => {
  expect(abcast('counter', ['add', 5], ['absent@127.0.0.1'])).toBeUndefined();
  abcast('counter', ['add', 5]);
  await eventually(async () => {
    const { replies } = await multiCall<number>('counter', 'value');
    expect(byNode(replies)).toEqual({ [mainNode]: 25, [one]: 15, [two]: 15 });
  });
  expect(() => abcast('counter', ['add', () => {}])).toThrow('function');
});

test('a node that goes during the call is a failure at once', async () => {
  await inProcess(async () => {
    const call = multiCall('counter', 'never', { nodes: [one, two], timeout: 20_000 });
    send({ name: 'echo', node: two }, { do: 'processExit', from: self() });
    Node.disconnect(one);
    const { failures } = await call;
    expect(byNode(failures)).toEqual({ [one]: ['nodedown', one], [two]: ['nodedown', two] });
  });
});
