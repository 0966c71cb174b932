/** One limit of the connections to a host for three nodes, with a server that counts what comes at once. */
import { type AnySupervisorHandle, GenServer, Supervisor } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { Finch } from '@linnet/finch';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { HostLeases, type LeaseFigures } from '../../src/finch/index.ts';
import { Cluster, Global, Node } from '../../src/index.ts';
import { mainNode, workerNode } from '../support/with-workers.ts';
import { workersOf } from '../support/workers-of.ts';
import { leaseOptions, requestAll } from './lease-nodes.ts';
import { program } from './lease-worker.ts?program';

const limit = leaseOptions.maxPerHost;

let supervisor: AnySupervisorHandle;
let finch: Finch;
beforeAll(async () => {
  supervisor = await Supervisor.startLink(
    [
      Cluster.childSpec({ name: mainNode, cookie: 'secret' }),
      Global.childSpec(),
      HostLeases.childSpec(leaseOptions),
      Finch.childSpec({
        name: 'http',
        hostLimiter: HostLeases.limiter(),
        pools: { default: { size: 8 } },
      }),
      workersOf(program, 2),
    ],
    { strategy: 'rest_for_one' },
  );
  finch = Finch.get('http');
});
afterAll(async () => {
  await supervisor.stop();
});

/** Each test has a server of its own, and so a host with a limit of its own. */
let server: Server;
let url: string;
let host: string;
/** Requests that it has not answered, and the most of them at once. */
let open = 0;
let peak = 0;
beforeEach(async () => {
  open = peak = 0;
  server = createServer((_request, response) => {
    peak = Math.max(peak, ++open);
    response.on('close', () => void open--);
    setTimeout(() => response.end('ok'), 2);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  url = `http://${host}/`;
  await eventually(
    async () => {
      const known = [Global.nodes().length, await ask(1, 'nodes'), await ask(2, 'nodes')];
      if (known.some((count) => count !== 3)) throw new Error(`they know ${known.join()} nodes`);
    },
    { timeout: 60_000 },
  );
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const client = (index: number) => ({ name: 'client', node: workerNode(index) });
const ask = <T>(index: number, ...request: [string, ...unknown[]]): Promise<T> =>
  GenServer.call<T>(client(index), request, { timeout: 25_000 });
const requestOn = (index: number, count: number): Promise<number> =>
  ask<number>(index, 'request', url, count);
const heldBy = async (index: number): Promise<number> =>
  (await ask<LeaseFigures>(index, 'figures', host)).held;
const heldByAll = async (): Promise<number> =>
  HostLeases.figures(host).held + (await heldBy(1)) + (await heldBy(2));
const limiterNode = (): string | undefined => Global.whereis(`Linnet.HostLimiter ${host}`)?.node;

test('all nodes together have no more connections to a host than the limit, and use all of it', async () => {
  const counts = await Promise.all([
    requestAll(finch, url, 100),
    requestOn(1, 100),
    requestOn(2, 100),
  ]);
  expect(counts).toEqual([100, 100, 100]);
  expect(peak).toBe(limit);
  expect(await heldByAll()).toBeLessThanOrEqual(limit);
});

test('a node takes idle connections of the others into account, which are closed for it', async () => {
  expect(await requestAll(finch, url, 50)).toBe(50);
  await eventually(() => expect(HostLeases.figures(host)).toMatchObject({ held: 6, used: 6 }));
  expect(await requestOn(1, 50)).toBe(50);
  expect(await heldBy(1)).toBeGreaterThan(0);
  expect(await heldByAll()).toBeLessThanOrEqual(limit);
  expect(peak).toBeLessThanOrEqual(limit);
});

test('the leases of a node that ends are free again', async () => {
  expect(await requestOn(1, 50)).toBe(50);
  await eventually(async () => expect(await heldBy(1)).toBe(6));
  GenServer.cast(client(1), 'die');
  expect(await requestAll(finch, url, 50)).toBe(50);
  expect(await requestOn(2, 50)).toBe(50);
  expect(peak).toBeLessThanOrEqual(limit);
});

test('when the node of the limiter ends, another one takes over with what the nodes hold', async () => {
  expect(await requestOn(1, 20)).toBe(20);
  await eventually(() => expect(limiterNode()).toBe(workerNode(1)));
  expect(await requestAll(finch, url, 20)).toBe(20);
  await eventually(() => expect(HostLeases.figures(host).held).toBeGreaterThan(0));
  GenServer.cast(client(1), 'die');
  const counts = await Promise.all([requestAll(finch, url, 100), requestOn(2, 100)]);
  expect(counts).toEqual([100, 100]);
  expect(peak).toBeLessThanOrEqual(limit);
  // Until it does, each node has its share.
  await eventually(() => expect(limiterNode()).toBeDefined());
});

test('cut off, each part limits itself to its share; together again, there is one limit', async () => {
  expect(await requestAll(finch, url, 10)).toBe(10);
  Node.disconnect(workerNode(1));
  Node.disconnect(workerNode(2));
  // Alone of three nodes: a third of the limit.
  await eventually(async () => {
    peak = 0;
    expect(await requestAll(finch, url, 30)).toBe(30);
    expect(peak).toBe(2);
  });
  await Promise.all([Node.connect(workerNode(1)), Node.connect(workerNode(2))]);
  await eventually(async () => {
    expect(limiterNode()).toBeDefined();
    for (const i of [1, 2]) expect(await ask(i, 'limits', host)).toBe(limiterNode());
  });
  await eventually(async () => {
    peak = 0;
    await Promise.all([requestAll(finch, url, 50), requestOn(1, 50), requestOn(2, 50)]);
    expect(peak).toBe(limit);
  });
});

test('leases that no connection uses are given back soon after', async () => {
  expect(await requestAll(finch, url, 50)).toBe(50);
  await finch.stopPool(url);
  await eventually(() =>
    expect(HostLeases.figures(host)).toEqual({ held: 0, used: 0, waiting: 0 }),
  );
  expect(await requestOn(2, 50)).toBe(50);
});
