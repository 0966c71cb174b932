/** Hosts that are cut off from the others, each with a node and a server of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NatsServer } from '../test/support/nats-server.ts';
import { type Fault, ms, type Outcome, pause } from './fault.ts';
import { Hosts } from './namespaces.ts';
import type { PartitionReport } from './partition-node.ts';
import { downAfterMs } from './two-nodes.ts';

const count = 3;
const nameOf = (index: number): string => `n${index}@host`;

/** A program with a node, on one of the hosts. */
async function startNode(hosts: Hosts, index: number, servers: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./partition-node.ts', import.meta.url));
  const options = { name: nameOf(index), cookie: 'secret', downAfterMs, nats: { servers } };
  const node = [process.execPath, '--conditions=@linnet/source', '--no-warnings', program];
  const [command, ...args] = [...hosts.within(index), ...node, JSON.stringify(options)];
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return child;
}

async function reportOf(node: ChildProcess): Promise<PartitionReport> {
  node.send('report');
  const [report] = (await once(node, 'message')) as [PartitionReport];
  return report;
}

interface Partition {
  readonly hosts: Hosts;
  readonly nodes: readonly ChildProcess[];
}

async function withPartition(
  run: (partition: Partition) => Promise<Outcome>,
): Promise<Outcome | string> {
  let made: Hosts;
  try {
    made = await Hosts.make(count);
  } catch (error) {
    return `no network namespaces: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`;
  }
  await using hosts = made;
  const routes = Array.from({ length: count }, (_, i) => `"nats://${hosts.address(i)}:6222"`);
  const servers: NatsServer[] = [];
  const nodes: ChildProcess[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const host = hosts.address(i);
      const config = `cluster { name: faults, listen: "${host}:6222", routes: [${routes.join(', ')}] }`;
      servers.push(await NatsServer.start(config, { host, within: hosts.within(i) }));
    }
    for (let i = 0; i < count; i++) nodes.push(await startNode(hosts, i, servers[i]?.url ?? ''));
    await allConnected(nodes, 20_000);
    return await run({ hosts, nodes });
  } finally {
    for (const node of nodes) node.kill('SIGKILL');
    for (const server of servers) await server[Symbol.asyncDispose]();
  }
}

/** Waits until each node sees all others; the milliseconds that it took. */
async function allConnected(
  nodes: readonly ChildProcess[],
  limitMs: number,
): Promise<number | undefined> {
  const began = performance.now();
  for (; performance.now() - began < limitMs; await pause(50)) {
    const reports = await Promise.all(nodes.map(reportOf));
    const isComplete = reports.every(({ connected }) => connected.length === count - 1);
    if (isComplete) return performance.now() - began;
  }
  return undefined;
}

const sum = (reports: readonly PartitionReport[], of: (report: PartitionReport) => number) =>
  reports.reduce((total, report) => total + of(report), 0);

const lossesOf = (reports: readonly PartitionReport[]): string =>
  `${sum(reports, ({ silentGaps }) => silentGaps)} silent gaps, ` +
  `${sum(reports, ({ outOfOrder }) => outOfOrder)} out of order of ${sum(reports, ({ received }) => received)}`;

const isHonest = (reports: readonly PartitionReport[]): boolean =>
  sum(reports, ({ silentGaps, outOfOrder }) => silentGaps + outOfOrder) === 0;

/** How often a node saw another one down, for each pair of which one was cut off. */
function downsOf(reports: readonly PartitionReport[], cut: number): number[] {
  return reports.flatMap(({ events }, index) =>
    Array.from({ length: count }, (_, other) => other)
      .filter((other) => other !== index && (other === cut || index === cut))
      .map(
        (other) =>
          events.filter(({ type, node }) => type === 'nodedown' && node === nameOf(other)).length,
      ),
  );
}

export const partitionFaults: readonly Fault[] = [
  {
    name: 'a host is cut off from two others for 4 s; 1000 messages/s for each pair',
    bar: 'no nodedown, nothing lost',
    run: () =>
      withPartition(async ({ hosts, nodes }) => {
        await pause(500);
        await hosts.cut(2);
        await pause(4000);
        await hosts.heal(2);
        await pause(4000);
        const reports = await Promise.all(nodes.map(reportOf));
        const downs = sum(
          reports,
          ({ events }) => events.filter(({ type }) => type === 'nodedown').length,
        );
        return {
          holds: isHonest(reports) && downs === 0,
          seen: `${lossesOf(reports)}, ${downs} nodedowns`,
        };
      }),
  },
  {
    name: 'a host is cut off from two others for 15 s, with one global name on both sides',
    bar: 'no silent gap, none out of order; one nodedown for each pair; up <= 15000 ms after the heal; one leader <= 1000 ms after that, equal tables',
    run: () =>
      withPartition(async ({ hosts, nodes }) => {
        await pause(500);
        const cutAt = Date.now();
        await hosts.cut(2);
        await pause(downAfterMs + 3000);
        nodes[0]?.send('lead');
        nodes[2]?.send('lead');
        await pause(15_000 - downAfterMs - 3000);
        const split = await Promise.all(nodes.map(reportOf));
        await hosts.heal(2);
        const up = await allConnected(nodes, 20_000);
        const upAt = Date.now();
        let reports: PartitionReport[] = [];
        const isOne = (): boolean =>
          new Set(reports.map(({ leader }) => leader)).size === 1 &&
          new Set(reports.map(({ names }) => names.join())).size === 1;
        do {
          await pause(20);
          reports = await Promise.all(nodes.map(reportOf));
        } while (!isOne() && Date.now() - upAt < 5000);
        const oneAfter = Date.now() - upAt;
        const downs = downsOf(reports, 2);
        const downAt = reports[0]?.events.find(({ type }) => type === 'nodedown')?.at;
        const sides = new Set(split.map(({ leader }) => leader)).size;
        return {
          holds:
            isHonest(reports) &&
            downs.every((each) => each === 1) &&
            (up ?? Infinity) <= 15_000 &&
            isOne() &&
            oneAfter <= 1000,
          seen: `down after ${ms(downAt === undefined ? undefined : downAt - cutAt)}, ${sides} leaders while cut, up ${ms(up)} after the heal, one leader ${ms(oneAfter)} later; nodedowns of the pairs ${downs.join(' ')}; ${lossesOf(reports)}`,
        };
      }),
  },
];
