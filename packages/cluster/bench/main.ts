/**
 * Calls and messages between two nodes, over NATS, over a port to a worker thread, and between two Erlang
 * nodes, in turns: `npm run bench -w @linnet/cluster`.
 */
import { spawnSync } from 'node:child_process';
import { GenServer, receive, send, spawn, Supervisor } from '@linnet/otp';
import { Cluster, Node, Workers } from '../src/index.ts';
import { nats } from '../src/nats/index.ts';
import { hasNatsServer, NatsServer } from '../test/support/nats-server.ts';
import { PeerNode } from '../test/support/peer-node.ts';
import { cpuOf } from './cpu.ts';
import { erlangRound } from './erlang.ts';
import type { Figures } from './figures.ts';

const text = 'x'.repeat(128);
const seconds = 2;
/** Messages one way. */
const count = 300_000;

async function measure(node: string, pids: readonly number[]): Promise<Figures> {
  const counter = { name: 'counter', node };
  let calls = 0;
  const callFor = async (ms: number): Promise<void> => {
    const end = performance.now() + ms;
    const caller = async (): Promise<void> => {
      for (; performance.now() < end; calls++) await GenServer.call(counter, ['echo', text]);
    };
    await Promise.all(Array.from({ length: 64 }, caller));
  };
  // Each turn has a new node, whose code is not compiled yet.
  await callFor(seconds * 500);
  await oneWay(node, count / 6);
  const times: number[] = [];
  for (const end = performance.now() + seconds * 500; performance.now() < end;) {
    const began = performance.now();
    await GenServer.call(counter, ['echo', text]);
    times.push((performance.now() - began) * 1000);
  }
  times.sort((a, b) => a - b);
  const at = (part: number): number => Math.round(times[Math.floor(times.length * part)] ?? 0);
  calls = 0;
  const cpu = [cpuOf(pids)];
  await callFor(seconds * 1000);
  cpu.push(cpuOf(pids));
  const messages = await oneWay(node, count);
  cpu.push(cpuOf(pids));
  const [before = 0, between = 0, after = 0] = cpu;
  return {
    p50: at(0.5),
    p99: at(0.99),
    calls: calls / seconds,
    oneWay: messages,
    cpuPerCall: (between - before) / calls,
    cpuPerMessage: (after - between) / count,
  };
}

/** Messages a second to a process there, until it has told that it has the last one. */
async function oneWay(node: string, messages: number): Promise<number> {
  const began = performance.now();
  await new Promise<void>((resolve) => {
    const waiter = spawn(async () => {
      await receive();
      resolve();
    });
    void (async () => {
      const sink = await Node.spawn(node, 'sink', [waiter, messages]);
      for (let i = 0; i < messages; i++) {
        send(sink, text);
        if (i % 2000 === 0) {
          await Node.ready(node);
          await new Promise((next) => setImmediate(next));
        }
      }
    })();
  });
  return Math.round(messages / ((performance.now() - began) / 1000));
}

async function overNats(): Promise<Figures> {
  await using server = await NatsServer.start();
  const carrier = nats({ servers: server.url });
  await using _cluster = await Cluster.start({ name: 'bench@127.0.0.1', cookie: 's', carrier });
  const options = { name: 'peer@127.0.0.1', cookie: 's', nats: { servers: server.url } };
  await using peer = await PeerNode.start(options);
  await Node.connect(options.name);
  return await measure(options.name, [process.pid, peer.process.pid ?? 0, server.pid]);
}

async function overPorts(): Promise<Figures> {
  const cluster = Cluster.childSpec({ name: 'bench@127.0.0.1', cookie: 's' });
  const workers = Workers.childSpec({
    count: 1,
    module: new URL('../test/support/peer-worker.ts', import.meta.url),
  });
  await using _tree = await Supervisor.startLink([cluster, workers], { strategy: 'rest_for_one' });
  return await measure('bench/w1@127.0.0.1', [process.pid]);
}

const contenders: Array<readonly [string, () => Promise<Figures | undefined>]> = [
  ['ports', overPorts],
  ...(hasNatsServer ? [['NATS', overNats] as const] : []),
  ...(spawnSync('erl', ['-version']).error === undefined ? [['Erlang', erlangRound] as const] : []),
];
const rounds = Number(process.argv[2] ?? 3);
console.log(
  'round  contender  p50 us  p99 us  calls/s (64)  one-way/s  CPU us/call  CPU us/message',
);
for (let round = 1; round <= rounds; round++) {
  for (const [name, run] of contenders) {
    const found = await run();
    if (found === undefined) continue;
    const { p50, p99, calls, oneWay: messages, cpuPerCall, cpuPerMessage } = found;
    const cpu = [cpuPerCall.toFixed(1), cpuPerMessage.toFixed(2)];
    const columns = [p50, p99, Math.round(calls), messages, ...cpu].map((value, i) =>
      String(value).padStart([6, 6, 12, 9, 11, 14][i] ?? 0),
    );
    console.log(`${String(round).padStart(5)}  ${name.padEnd(9)}  ${columns.join('  ')}`);
  }
}
process.exit(0);
