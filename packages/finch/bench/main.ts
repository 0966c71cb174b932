/**
 * The benchmark of the client: `finch.request` beside @linnet/mint alone, bare sockets, undici 7 and 8, fetch, node:http, axios and
 * got, in interleaved turns against one server.
 *
 * npm run bench -w @linnet/finch -- [--seconds 300] [--only c50,unix,memory] [--all] [--json]
 *
 * Each client is a process of its own on one core, the server has another one. `--all` has every
 * client take part in each load. Rates are the 80th percentile of the turns, since a busy machine
 * only ever slows; times are the 20th; ratios are plain medians over turns of the same round.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, loadAverage } from '../../otp/bench/harness/machine.ts';
import { output, Peer, pinned } from '../../otp/bench/harness/program.ts';
import { pairedRatio, percentile } from '../../otp/bench/harness/stats.ts';
import { formatRate, formatRatio, table } from '../../otp/bench/harness/table.ts';
import { interleave, roundsIn } from '../../otp/bench/harness/turns.ts';
import type { Turn } from './client.ts';
import type { Target } from './clients/client.ts';
import {
  clientTitles,
  mainClients,
  otherClients,
  type Aimed,
  type ClientName,
  type Load,
} from './load.ts';
import { loads } from './loads.ts';
import type { MemoryUse } from './memory.ts';
import { startServer, type BenchServer } from './server.ts';

const clientCore = 0;
const serverCore = 1;
const turnMs = 200;
const warmUp = 1;
/** About what a client's warm-up takes, in ms; see client.ts. */
const warmUpMs = 2200;
/** Processes of each client, one after the other: some peers have better and worse processes. */
const processes = 3;
const idlePools = 1000;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    only: { type: 'string' },
    all: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
if (!(seconds > 0)) throw new TypeError('--seconds must be a number above 0');
const known = [...loads.map(({ id }) => id), 'memory'];
const only = options.only?.split(',');
for (const id of only ?? []) {
  if (!known.includes(id)) {
    throw new TypeError(`--only: there is no load "${id}", but ${known.join(', ')}`);
  }
}
const wanted = (id: string): boolean => only === undefined || only.includes(id);
const chosen = loads.filter(({ id }) => wanted(id));

/** fetch, axios and got take part where they can be told to do the same. */
function clientsOf({ also, transport, clients }: Load): readonly ClientName[] {
  if (clients !== undefined) return clients;
  if (!options.all) return [...mainClients, ...also];
  const unable: readonly ClientName[] =
    transport === 'unix' ? ['linnet-url', 'fetch', 'got'] : transport === 'tls' ? ['fetch'] : [];
  return [...mainClients, ...otherClients].filter((name) => !unable.includes(name));
}

/** The share of the time that a load gets: as its number of clients. */
const allClients = chosen.reduce((sum, load) => sum + clientsOf(load).length, 0);

interface ClientResult {
  readonly client: ClientName;
  readonly perSecond: number;
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
  /** Linnet's rate is so many times this one. */
  readonly ratio: number;
  /** The same of requests per processor time: how much more of the client's core is left. */
  readonly cpuRatio: number;
}

interface LoadResult {
  readonly load: string;
  readonly clients: readonly ClientResult[];
}

function targetOf(load: Load, server: BenchServer): Target {
  const { transport, method, bytes } = load;
  const origins = {
    tcp: `http://127.0.0.1:${server.port}`,
    tls: `https://127.0.0.1:${server.tlsPort}`,
    unix: 'http://localhost',
    h2: `https://127.0.0.1:${server.h2Port}`,
  };
  return {
    ...load,
    origin: origins[transport],
    path: method === 'POST' ? '/post' : `/${bytes}`,
    socketPath: transport === 'unix' ? server.socketPath : undefined,
    ca: transport === 'tls' || transport === 'h2' ? server.ca : undefined,
  };
}

async function runLoad(load: Load, server: BenchServer): Promise<LoadResult> {
  const names = clientsOf(load);
  const target = JSON.stringify(targetOf(load, server));
  const share = (seconds * names.length) / allClients / processes;
  const rounds = roundsIn(share - (names.length * warmUpMs) / 1000, names.length, turnMs, warmUp);
  const turns = new Map<ClientName, Turn[]>(names.map((name) => [name, []]));
  for (let i = 0; i < processes; i++) {
    const script = join(import.meta.dirname, 'client.ts');
    const peers = names.map(
      (name) => new Peer(pinned(clientCore, [process.execPath, script, name, target])),
    );
    for (const peer of peers) await peer.ask('warm');
    const variants = names.map((name, index) => ({
      name,
      turn: async (ms: number) => JSON.parse((await peers[index]?.ask(String(ms))) ?? '') as Turn,
    }));
    const results = await interleave(variants, { ms: turnMs, warmUp, rounds });
    for (const name of names) turns.get(name)?.push(...(results.get(name) ?? []));
    await Promise.all(peers.map((peer) => peer.close()));
  }
  const all = (name: ClientName, key: keyof Turn): number[] =>
    (turns.get(name) ?? []).map((turn) => turn[key]);
  return {
    load: load.id,
    clients: names.map((client) => {
      const of = (key: keyof Turn, p: number): number => percentile(all(client, key), p);
      return {
        client,
        perSecond: of('perSecond', 0.8),
        cpu: of('cpu', 0.2),
        p50: of('p50', 0.2),
        p99: of('p99', 0.2),
        ratio: pairedRatio(all('linnet', 'perSecond'), all(client, 'perSecond')),
        cpuRatio: pairedRatio(all(client, 'cpu'), all('linnet', 'cpu')),
      };
    }),
  };
}

/** How Linnet stands to a peer, or to the faster undici. */
function ratioTo(result: LoadResult, peer: Aimed): number | undefined {
  const ratios = result.clients
    .filter(({ client }) =>
      peer === 'undici' ? client === 'undici7' || client === 'undici8' : client === peer,
    )
    .map(({ ratio }) => ratio);
  return ratios.length === 0 ? undefined : Math.min(...ratios);
}

function showLoad(load: Load, result: LoadResult): string {
  const times = ['CPU µs/req', 'p50 ms', 'p99 ms'];
  const head = [load.title, 'req/s', ...times, 'Linnet to it', 'per CPU time'];
  const rows = result.clients.map(({ client, perSecond, cpu, p50, p99, ratio, cpuRatio }) => [
    clientTitles[client],
    formatRate(perSecond),
    cpu.toFixed(1),
    p50.toFixed(2),
    p99.toFixed(1),
    client === 'linnet' ? '' : formatRatio(ratio),
    client === 'linnet' ? '' : formatRatio(cpuRatio),
  ]);
  const aims = load.aims.map(({ peer, ratio }) => {
    const name = peer === 'undici' ? 'the faster of undici 7 and 8' : clientTitles[peer];
    return `to ${name}: ${formatRatio(ratioTo(result, peer), ratio)}`;
  });
  for (const { client, peer, ratio } of load.pairs ?? []) {
    const times = (ratioTo(result, peer) ?? Number.NaN) / (ratioTo(result, client) ?? Number.NaN);
    aims.push(`${clientTitles[client]}, to ${clientTitles[peer]}: ${formatRatio(times, ratio)}`);
  }
  if (load.telemetryAim !== undefined) {
    const times = ratioTo(result, 'linnet-telemetry') ?? Number.NaN;
    aims.push(`with telemetry: ${formatRatio(1 / times, load.telemetryAim)}`);
  }
  return `${table([head, ...rows])}\n${aims.join('; ')}\n`;
}

interface MemoryResult extends MemoryUse {
  readonly what: string;
}

function runMemory(server: BenchServer): MemoryResult[] {
  const titles = { linnet: 'Linnet pool', undici: 'undici 8 Pool', sockets: 'socket alone' };
  return Object.entries(titles).flatMap(([what, title]) => {
    const script = join(import.meta.dirname, 'memory.ts');
    const args = ['--expose-gc', script, what, String(server.port), String(idlePools)];
    const printed = output([process.execPath, ...args]);
    return printed === undefined ? [] : [{ what: title, ...(JSON.parse(printed) as MemoryUse) }];
  });
}

function showMemory(results: readonly MemoryResult[]): string {
  const kB = (bytes: number | undefined): string =>
    bytes === undefined ? '' : `${(bytes / 1000).toFixed(1)} kB`;
  const head = [`one of ${idlePools}, each with one idle connection`, 'heap', 'external'];
  return table([
    [...head, 'resident', 'heap growth over 100,000 requests'],
    ...results.map(({ what, heap, external, resident, growth }) => [
      what,
      kB(heap),
      kB(external),
      kB(resident),
      kB(growth),
    ]),
  ]);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function print(text: string): void {
  progress('');
  if (!options.json) console.log(text);
}

await using server = await startServer(serverCore);
const machine = describeMachine();
print(`${machine}\nserver: ${server.name}; bodies checked in each answer\n`);

const results: LoadResult[] = [];
for (const load of chosen) {
  progress(load.title);
  const result = await runLoad(load, server);
  results.push(result);
  print(showLoad(load, result));
}
progress('memory');
const memory = wanted('memory') ? runMemory(server) : [];
if (memory.length > 0) print(`${showMemory(memory)}\n`);
print(`load average now ${loadAverage()}`);
if (options.json) {
  console.log(JSON.stringify({ machine, server: server.name, loads: results, memory }, null, 2));
}
