/** Workers that cannot start, do not stay, or are asked for in the wrong way. */
import { pathToFileURL } from 'node:url';
import {
  type AnySupervisorHandle,
  BadArgumentError,
  GenServer,
  processInfo,
  receive,
  type StartError,
  Supervisor,
} from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { Cluster, Node, Workers, type NodeMessage } from '../../src/index.ts';
import { program } from '../support/peer-worker.ts?program';
import { program as brokenProgram } from './broken-worker.ts?program';

const main = 'starts@127.0.0.1';
const first = 'starts/w1@127.0.0.1';
const good = pathToFileURL(program);
const broken = pathToFileURL(brokenProgram);
const execArgv = ['--no-warnings'];

let cluster: AnySupervisorHandle | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

const startCluster = async (): Promise<void> => {
  cluster = await Supervisor.startLink([Cluster.childSpec({ name: main, cookie: 'secret' })], {
    strategy: 'one_for_one',
  });
};

type Given = Parameters<typeof Workers.childSpec>[0];
const startWorkers = (options: Partial<Given>) =>
  Supervisor.startLink(
    [Workers.childSpec({ count: 1, module: good, startTimeout: 60_000, ...options })],
    {
      strategy: 'one_for_one',
    },
  );

describe('the options are checked:', () => {
  test.each<[option: string, given: object]>([
    ['count', { count: 0 }],
    ['count', { count: 1.5 }],
    ['count', { count: Number.NaN }],
    ['module', { module: './worker.js' }],
    ['prefix', { prefix: 'a@b' }],
    ['startTimeout', { startTimeout: 0 }],
    ['worker.workerData', { worker: { workerData: 5 } }],
  ])('%s', (option, given) => {
    const attempt = () => Workers.childSpec({ count: 1, module: good, ...given });
    expect(attempt).toThrow(BadArgumentError);
    expect(attempt).toThrow(option);
  });

  test('Workers.join in a thread that Workers has not started', async () => {
    await expect(Workers.join()).rejects.toThrow(BadArgumentError);
  });
});

describe('the start of the workers fails', () => {
  test.each<[what: string, options: object, reason: RegExp]>([
    ['when the module throws', { workerData: { how: 'throw' } }, /broken at its start/],
    ['when the thread ends', { workerData: { how: 'exit' } }, /worker_exit.*7/],
  ])('%s', async (_what, worker, reason) => {
    await startCluster();
    const start = startWorkers({ module: broken, worker: { execArgv, ...worker } });
    const error = await start.then(
      () => undefined,
      (failed: unknown) => failed as StartError,
    );
    expect(textOf(error?.reason)).toMatch(reason);
    expect(Node.list()).toEqual([]);
  });

  test('when there is no such module', async () => {
    await startCluster();
    const module = new URL('./no-such-module.ts', import.meta.url);
    const error = await startWorkers({ module, worker: { execArgv } }).catch(
      (failed: unknown) => failed as StartError,
    );
    expect(textOf((error as StartError).reason)).toMatch(/no-such-module/);
  });

  test('when the thread does not join in time, and the thread ends', async () => {
    await startCluster();
    const worker = { execArgv, workerData: { how: 'nothing' } };
    const error = await startWorkers({ module: broken, worker, startTimeout: 300 }).catch(
      (failed: unknown) => failed as StartError,
    );
    expect(textOf((error as StartError).reason)).toMatch(/not_connected.*starts\/w1/);
  });
});

/** A reason with all that it has been caused by. */
function textOf(reason: unknown): string {
  if (reason instanceof Error) {
    return `${reason.message} ${textOf((reason as Partial<StartError>).reason)} ${textOf(reason.cause)}`;
  }
  if (Array.isArray(reason)) return reason.map(textOf).join(' ');
  if (typeof reason !== 'object' || reason === null) return String(reason);
  return Object.values(reason).map(textOf).join(' ');
}

test('a worker that ends more often than the restart intensity allows ends their supervisor', async () => {
  await startCluster();
  const workers = await startWorkers({ worker: { execArgv }, maxRestarts: 1, maxSeconds: 60 });
  await inProcess(async () => {
    Node.monitorNodes(true);
    const next = async (): Promise<string> => ((await receive()) as NodeMessage).type;
    // Its node may be down before it has answered.
    const end = (): Promise<unknown> => Node.spawn(first, 'processExits').catch(() => {});
    await end();
    expect([await next(), await next()]).toEqual(['nodedown', 'nodeup']);
    await end();
    expect(await next()).toBe('nodedown');
  });
  // The supervisor above starts it anew: its intensity is another one.
  await eventually(() => expect(Node.list()).toEqual([first]), { timeout: 20_000 });
  await workers.stop();
  expect(Node.list()).toEqual([]);
});

test('buffers of 12 MB go there and back whole, and the sender keeps its own', async () => {
  await startCluster();
  const workers = await startWorkers({ worker: { execArgv } });
  const bytes = new Uint8Array(12 * 1024 * 1024);
  bytes.fill(7, bytes.length - 10);
  const counter = { name: 'counter', node: first };
  await eventually(async () => {
    expect(await GenServer.call(counter, 'value')).toBe(10);
  });
  const back = await GenServer.call<Uint8Array>(counter, ['echo', bytes], { timeout: 30_000 });
  expect(Buffer.compare(back, bytes)).toBe(0);
  expect(bytes.length).toBe(12 * 1024 * 1024);
  await workers.stop();
});

test('the workers stop in the opposite order of their start, and before the node does', async () => {
  await startCluster();
  const workers = await startWorkers({ count: 3, worker: { execArgv } });
  expect(processInfo(workers.pid)?.links.length).toBeGreaterThan(0);
  const downs: string[] = [];
  await inProcess(async () => {
    Node.monitorNodes(true);
    const stopped = workers.stop();
    for (let i = 0; i < 3; i++) downs.push(((await receive()) as NodeMessage).node);
    await stopped;
  });
  expect(downs).toEqual([3, 2, 1].map((i) => `starts/w${i}@127.0.0.1`));
});
