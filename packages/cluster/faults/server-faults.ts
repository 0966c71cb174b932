/** NATS servers that are killed, restarted, told to end, and cut off. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { receive, self, send, spawn } from '@linnet/otp';
import { Cluster, Node, type NodeMessage } from '../src/index.ts';
import { nats } from '../src/nats/index.ts';
import { NatsServer } from '../test/support/nats-server.ts';
import { PeerNode } from '../test/support/peer-node.ts';
import { type Fault, ms, type Outcome, pause, waitFor } from './fault.ts';
import { SwallowingProxy } from './swallowing-proxy.ts';
import { failed, isComplete, timedOut, told, traffic } from './traffic.ts';
import {
  downAfterMs,
  here,
  startPeer,
  there,
  type TwoNodes,
  watchNodes,
  withTwoNodes,
} from './two-nodes.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Servers that know each other. */
async function startServers(count: number): Promise<NatsServer[]> {
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
  return Promise.all(
    ports.map((port) =>
      NatsServer.start(
        `lame_duck_grace_period: 1s\n` +
          `cluster { name: faults, listen: "127.0.0.1:${port}", routes: [${routes}] }`,
      ),
    ),
  );
}

const outage = (awayMs: number): Promise<Outcome> =>
  withTwoNodes(async ({ server, news }) => {
    const running = traffic(1000, 50);
    await pause(500);
    await server.kill();
    await pause(awayMs);
    await server.restart();
    await pause(3000);
    const report = await running.stop();
    return {
      holds: isComplete(report) && news.length === 0,
      seen: `${told(report)}, ${news.length} node events`,
    };
  });

async function rollingRestart(signal: NodeJS.Signals): Promise<Outcome> {
  const servers = await startServers(3);
  const urls = servers.map(({ url }) => url);
  await using _cluster = await Cluster.start({
    name: here,
    cookie: 'secret',
    carrier: nats({ servers: urls }),
    downAfterMs,
  });
  const options = { name: there, cookie: 'secret', downAfterMs };
  await using _peer = await PeerNode.start({ ...options, nats: { servers: urls } });
  await Node.connect(there);
  const news = watchNodes();
  const running = traffic(2000, 100);
  await pause(500);
  for (const server of servers) {
    await server.end(signal);
    await pause(500);
    await server.restart();
    await pause(1500);
  }
  const report = await running.stop();
  for (const server of servers) await server[Symbol.asyncDispose]();
  return {
    holds: isComplete(report) && news.length === 0 && report.slowest < 1000,
    seen: `${told(report)}, ${news.length} node events`,
  };
}

/** Tries until messages were lost: the server may have had none of them in its hands. */
async function lossWithoutReplay(): Promise<Outcome> {
  for (let attempt = 1; attempt <= 5; attempt++) {
    const outcome = await withTwoNodes(restartWithoutReplay, { replay: false });
    if (outcome !== undefined) return { ...outcome, seen: `${outcome.seen} (try ${attempt})` };
  }
  return { holds: false, seen: 'the fault did not happen: in 5 tries, no message was lost' };
}

const third = 'third@127.0.0.1';

/** Undefined when nothing was lost. */
async function restartWithoutReplay({ server }: TwoNodes): Promise<Outcome | undefined> {
  await using _third = await startPeer(server, { name: third, replay: false });
  await Node.connect(third);
  const nodes = [here, there, third];
  await Promise.all(nodes.map((node) => Node.spawn(node, 'recordsNodes')));
  const running = traffic(1000, 0);
  await pause(500);
  await server.kill();
  await pause(300);
  await server.restart();
  // The loss is noticed with the first frame that comes through, and the connection opened anew.
  await pause(3000);
  await waitFor(() => Node.list().length === 2);
  const { sent, received } = await running.stop();
  if (sent === received) return undefined;
  const records = await recordsOf(nodes);
  const downs = records.flatMap(({ by, news }) =>
    news.flatMap((each) => (each.type === 'nodedown' ? [{ by, ...each }] : [])),
  );
  // The one that notices says why; the other one may hear of it by the new connection only.
  const reasons = downs.map(({ reason }) => reason);
  const pairs = downs.map(({ by, node }) => `${by} ${node}`).toSorted();
  const isTold =
    pairs.join() === [`${here} ${there}`, `${there} ${here}`].toSorted().join() &&
    reasons.includes('lost_signals') &&
    reasons.every((reason) => reason === 'lost_signals' || reason === 'connection_reset');
  const told = downs.map(({ by, node, reason }) => `${by}: ${node} ${reason}`);
  return { holds: isTold, seen: `${sent - received} of ${sent} lost; ${told.join('; ')}` };
}

interface NodeRecord {
  readonly by: string;
  readonly news: readonly NodeMessage[];
}

/** What each of the nodes was told of the others. */
function recordsOf(nodes: readonly string[]): Promise<NodeRecord[]> {
  return new Promise((resolve) => {
    spawn(async () => {
      for (const node of nodes) send({ name: 'recorder', node }, { tell: self() });
      const records: NodeRecord[] = [];
      while (records.length < nodes.length) records.push((await receive()) as NodeRecord);
      resolve(records);
    });
  });
}

export const serverFaults: readonly Fault[] = [
  {
    name: 'kill -9 of the only server, back after 1 s; 1000 messages/s, 50 calls/s',
    bar: '0 lost, in order, no call fails, no nodedown',
    run: () => outage(1000),
  },
  {
    name: 'kill -9 of the only server, back after 3 s; 1000 messages/s, 50 calls/s',
    bar: '0 lost, in order, no call fails, no nodedown',
    run: () => outage(3000),
  },
  {
    name: 'the only server is away for longer than downAfterMs',
    bar: 'all pending calls fail with noconnection; up <= 5000 ms after the server',
    run: () =>
      withTwoNodes(async ({ server, next }) => {
        const running = traffic(0, 20);
        await pause(300);
        const at = performance.now();
        await server.kill();
        const down = await next('nodedown', at);
        await pause(2000);
        const back = performance.now();
        await server.restart();
        const up = await next('nodeup', back);
        const report = await running.stop();
        const others = [...report.failures.keys()].filter((code) => code !== 'ERR_NOCONNECTION');
        return {
          holds: down !== undefined && (up ?? Infinity) <= 5000 && others.length === 0,
          seen: `down after ${ms(down)}, up ${ms(up)} after the server; ${failed(report)}`,
        };
      }),
  },
  {
    name: 'without replay, the server is restarted; 1000 messages/s between two of three nodes',
    bar: 'some are lost, which is a nodedown lost_signals for these two nodes, and none for the third',
    run: lossWithoutReplay,
  },
  {
    name: 'kill -9 of three servers, one after the other; 2000 messages/s, 100 calls/s',
    bar: '0 lost, no nodedown, slowest call < 1000 ms',
    run: () => rollingRestart('SIGKILL'),
  },
  {
    name: 'three servers are told to end (lame duck), one after the other; 2000 messages/s, 100 calls/s',
    bar: '0 lost, no nodedown, slowest call < 1000 ms',
    run: () => rollingRestart('SIGUSR2'),
  },
  {
    name: 'the server of a node is blackholed while it sends 1000 messages/s',
    bar: 'over another server <= 5500 ms (three pings and 1 s); 0 lost, no nodedown',
    run: async () => {
      const [first, second] = (await startServers(2)) as [NatsServer, NatsServer];
      await using proxy = await SwallowingProxy.start(first.port);
      await using _cluster = await Cluster.start({
        name: here,
        cookie: 'secret',
        carrier: nats({ servers: [proxy.url, second.url], noRandomize: true }),
        downAfterMs,
      });
      const options = { name: there, cookie: 'secret', downAfterMs };
      await using _peer = await PeerNode.start({ ...options, nats: { servers: second.url } });
      await Node.connect(there);
      const news = watchNodes();
      const running = traffic(1000, 50);
      await pause(500);
      const before = Node.figures(there)?.lastHeard ?? 0;
      const at = performance.now();
      proxy.swallow();
      await pause(300);
      const heard = Node.figures(there)?.lastHeard ?? before;
      await waitFor(() => (Node.figures(there)?.lastHeard ?? 0) > heard, 10_000);
      const took = performance.now() - at;
      const report = await running.stop();
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
      return {
        holds: took <= 5500 && isComplete(report) && news.length === 0 && timedOut(report) === 0,
        seen: `heard again after ${ms(took)}; ${told(report)}, ${news.length} node events`,
      };
    },
  },
];
