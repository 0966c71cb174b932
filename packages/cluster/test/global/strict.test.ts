/** Names that a majority gives, and what becomes of two processes with one name. */
import {
  type AnySupervisorHandle,
  BadArgumentError,
  type DownMessage,
  GenServer,
  monitor,
  type Pid,
  receive,
  self,
  send,
  spawn,
  Supervisor,
} from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Cluster, Global, Node, type RegisterOptions } from '../../src/index.ts';
import { mainNode, workerNode } from '../support/with-workers.ts';
import { workersOf } from '../support/workers-of.ts';
import { globalOptions } from './strict-options.ts';
import { program } from './strict-worker.ts?program';

let supervisor: AnySupervisorHandle;
beforeAll(async () => {
  supervisor = await Supervisor.startLink(
    [
      Cluster.childSpec({ name: mainNode, cookie: 'secret' }),
      Global.childSpec(globalOptions),
      workersOf(program, 2),
    ],
    { strategy: 'rest_for_one' },
  );
});
afterAll(async () => {
  await supervisor.stop();
});

const others = [1, 2].map((i) => workerNode(i));
const ask = <T>(node: string, ...request: [string, ...unknown[]]): Promise<T> =>
  GenServer.call<T>({ name: 'registrar', node }, request, { timeout: 20_000 });
const registerOn = (node: string, name: string, options: RegisterOptions = {}) =>
  ask<boolean>(node, 'register', name, options);

async function connectAll(): Promise<void> {
  await Promise.all(others.map((node) => Node.connect(node)));
  await eventually(async () => {
    const known = [Global.nodes().length];
    for (const node of others) known.push(await ask<number>(node, 'nodes'));
    if (known.some((count) => count !== 3)) throw new Error(`they know ${known.join()} nodes`);
  });
}
beforeEach(connectAll);

/** This node is cut off from the two others. */
async function cutOff(): Promise<void> {
  for (const node of others) Node.disconnect(node);
  await eventually(() => expect(Global.nodes()).toEqual([mainNode]));
}

/** The worker that registers alone connects when both have done so. */
async function untilTheyConnect(): Promise<void> {
  const channel = new BroadcastChannel('registered');
  channel.postMessage('here');
  channel.close();
  await eventually(() => expect(Global.nodes()).toContain(workerNode(1)), { timeout: 20_000 });
  await connectAll();
}

const idle = (): Pid => spawn(() => receive());
const isDown = (m: unknown): m is DownMessage =>
  typeof m === 'object' && m !== null && 'type' in m && m.type === 'DOWN';
const isReport = (m: unknown): m is { outcome: boolean[]; heard: unknown[] } =>
  typeof m === 'object' && m !== null && 'outcome' in m;

const tables = async (): Promise<unknown[]> => {
  const own = Global.names().map((name) => [name, Global.whereis(name)] as const);
  const all: unknown[] = [
    own,
    await ask(workerNode(1), 'table'),
    await ask(workerNode(2), 'table'),
  ];
  return all.map((table) =>
    (table as Array<[string, Pid]>).map(([name, pid]) => `${name} ${String(pid)}`).toSorted(),
  );
};
const expectEqualTables = (): Promise<void> =>
  eventually(async () => {
    const [own, ...rest] = await tables();
    for (const table of rest) expect(table).toEqual(own);
  });

test('a strict name has one process, whoever asks for it at once', async () => {
  expect(await registerOn(workerNode(1), 'strict-one', { strict: true })).toBe(true);
  expect(await Global.register('strict-one', idle(), { strict: true })).toBe(false);
  const rivals = await Promise.all([
    Global.register('strict-race', idle(), { strict: true }),
    ...others.map((node) => registerOn(node, 'strict-race', { strict: true })),
  ]);
  expect(rivals.filter(Boolean)).toHaveLength(1);
  await expectEqualTables();
});

test('in a minority none is registered, and the processes that have one end', async () => {
  await inProcess(async () => {
    const [strict, loose] = [idle(), idle()];
    expect(await Global.register('strict-here', strict, { strict: true })).toBe(true);
    expect(await Global.register('loose-here', loose)).toBe(true);
    monitor(strict);
    await cutOff();
    expect(await receive(isDown)).toMatchObject({
      reason: { shutdown: ['no_majority', 'strict-here'] },
    });
    expect(Global.whereis('loose-here')).toBe(loose);
    await expect(Global.register('strict-new', idle(), { strict: true })).rejects.toMatchObject({
      reason: 'no_majority',
    });
    await connectAll();
    expect(await registerOn(workerNode(2), 'strict-here', { strict: true })).toBe(true);
    // Names come back with their nodes.
    await expectEqualTables();
    expect(await ask(workerNode(1), 'table')).toContainEqual(['loose-here', loose]);
  });
});

test('the majority gives the name of a node that is cut off, but only after a while', async () => {
  await inProcess(async () => {
    expect(await Global.register('strict-held', idle(), { strict: true })).toBe(true);
    const theirs = await ask<Pid>(workerNode(1), 'alone', ['strict-held'], mainNode, {
      strict: true,
    });
    await eventually(() => expect(Global.nodes()).toHaveLength(3));
    await cutOff();
    await untilTheyConnect();
    send(theirs, { tell: self() });
    expect((await receive(isReport)).outcome).toEqual([false]);
    await eventually(() => expect(Global.whereis('strict-held')).toBe(theirs));
    await expectEqualTables();
  });
});

test('of two processes with one name, the one that `resolve` says keeps it, and who loses it is told', async () => {
  await inProcess(async () => {
    const names = ['older', 'newer', 'nobody'];
    const options: RegisterOptions = { onConflict: 'notify' };
    const theirs = await ask<Pid>(workerNode(1), 'alone', names, mainNode, options);
    await cutOff();
    for (const name of names) expect(await Global.register(name, self(), options)).toBe(true);
    await untilTheyConnect();
    await eventually(() => expect(Global.whereis('nobody')).toBeUndefined());
    await expectEqualTables();
    const [older, newer] = [Global.whereis('older'), Global.whereis('newer')];
    expect([older, newer]).toEqual(expect.arrayContaining([self(), theirs]));
    const conflict = (name: string, winner: Pid | undefined) => ({
      type: 'name_conflict',
      name,
      winner,
    });
    const lostHere = older === self() ? conflict('newer', theirs) : conflict('older', theirs);
    const lostThere = older === self() ? conflict('older', self()) : conflict('newer', self());
    const isConflict = (m: unknown): boolean => (m as { type?: unknown }).type === 'name_conflict';
    const here = [await receive(isConflict), await receive(isConflict)];
    expect(here).toEqual(expect.arrayContaining([lostHere, conflict('nobody', undefined)]));
    send(theirs, { tell: self() });
    const { heard } = await receive(isReport);
    expect(heard).toEqual(expect.arrayContaining([lostThere, conflict('nobody', undefined)]));
  });
});

test('strict without the number of nodes, and other options that are none, are refused', async () => {
  await expect(
    Global.register('x', idle(), { onConflict: 'shout' as 'exit' }),
  ).rejects.toBeInstanceOf(BadArgumentError);
  await expect(async () => Global.childSpec({ majorityOf: 0 }).start()).rejects.toBeInstanceOf(
    BadArgumentError,
  );
});
