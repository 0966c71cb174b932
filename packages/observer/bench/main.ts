/**
 * What the observer costs: requests of @linnet/finch without it, with it while no one looks, and with one
 * page open at 1 s, in turns of one program; and how long a snapshot of 10,000 processes takes.
 *
 * npm run bench -w @linnet/observer -- [--seconds 60] [--page requests]
 *
 * Rates are the 80th percentile of the turns and times the 20th, since a busy machine only ever slows.
 * Beside the rate stands the processor time of the program for each request, which others disturb less.
 */
import { Finch } from '@linnet/finch';
import { Observer } from '@linnet/observer';
import { DynamicSupervisor, GenServer } from '@linnet/otp';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../../otp/bench/harness/machine.ts';
import { Peer } from '../../otp/bench/harness/program.ts';
import { percentile } from '../../otp/bench/harness/stats.ts';
import { formatRate, table } from '../../otp/bench/harness/table.ts';
import { startServer } from '../../finch/bench/server.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    page: { type: 'string', default: 'requests' },
  },
});

/** Long enough for a delta of the page that is open. */
const turnMs = 1200;
const concurrency = 50;
const variants = ['without', 'no one looks', 'a page is open'] as const;

type Variant = (typeof variants)[number];

interface Turn {
  readonly perSecond: number;
  /** Processor time of this program for a request, in µs. */
  readonly cost: number;
}

console.log(describeMachine());
await using server = await startServer(1);
await using finch = await Finch.startLink({
  name: 'Bench',
  pools: { default: { size: concurrency } },
});
const url = `http://127.0.0.1:${server.port}/1024`;
const viewer = new Peer([process.execPath, join(import.meta.dirname, 'viewer.ts')]);

async function load(ms: number): Promise<Turn> {
  const end = performance.now() + ms;
  const started = performance.now();
  const cpu = process.cpuUsage();
  let count = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      await finch.get(url);
      count++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: count / seconds, cost: (user + system) / count };
}

async function turn(variant: Variant): Promise<Turn> {
  if (variant === 'without') return load(turnMs);
  await using observer = await Observer.startLink({ port: 0 });
  if (variant === 'no one looks') return await load(turnMs);
  await viewer.ask(`${await observer.url()}api/${values.page}?interval=1`);
  const result = await load(turnMs);
  await viewer.ask('close');
  return result;
}

const turns = new Map<Variant, Turn[]>(variants.map((variant) => [variant, []]));
await load(2000); // warm
const end = performance.now() + Number(values.seconds) * 1000;
for (let round = 0; performance.now() < end; round++) {
  const order = variants.map((_, index) => variants[(index + round) % variants.length] as Variant);
  for (const variant of order) turns.get(variant)?.push(await turn(variant));
}

const of = (variant: Variant, figure: keyof Turn): number[] =>
  (turns.get(variant) ?? []).map((each) => each[figure]);
const rate = (variant: Variant): number => percentile(of(variant, 'perSecond'), 0.8);
const cost = (variant: Variant): number => percentile(of(variant, 'cost'), 0.2);
const rows = variants.map((variant) => [
  variant,
  formatRate(rate(variant)),
  (rate(variant) / rate('without')).toFixed(3),
  `${cost(variant).toFixed(1)} µs`,
  (cost(variant) / cost('without')).toFixed(3),
]);
console.log(
  `${server.name}, ${concurrency} callers, page "${values.page}", ${of('without', 'cost').length} rounds`,
);
console.log(table([['observer', 'requests/s', 'ratio', 'cpu a request', 'ratio'], ...rows]));

// How long the event loop is held for one document, with 10,000 processes.

/** Processor time of this thread in ms; before Node.js 23.9, that of all threads, the collector's included. */
function mainThread(): number {
  const { threadCpuUsage = () => process.cpuUsage() } = process as {
    readonly threadCpuUsage?: () => NodeJS.CpuUsage;
  };
  const { user, system } = threadCpuUsage();
  return (user + system) / 1000;
}

const Worker = GenServer.define({ name: 'Worker', init: (number: number) => number });
const supervisor = await DynamicSupervisor.startLink({ name: 'many' });
for (let i = 0; i < 10_000; i++) await DynamicSupervisor.startChild('many', Worker.childSpec(i));
await using observer = await Observer.startLink({ port: false, authorize: () => true });
const times: string[][] = [['10,000 processes', 'p50', 'p99']];
for (const page of ['overview', 'tree', 'processes?sort=name', 'pools', 'crashes', 'registry']) {
  const taken: number[] = [];
  for (let i = 0; i < 30; i++) {
    await new Promise((resolve) => setTimeout(resolve, 320)); // no look is shared with the one before
    const cpu = mainThread();
    const response = await observer.handler(new Request(`http://localhost/api/${page}`));
    await response.text();
    taken.push(mainThread() - cpu);
  }
  times.push([page, ...[0.5, 0.99].map((p) => `${percentile(taken, p).toFixed(1)} ms`)]);
}
console.log(table(times));
await supervisor.stop();
await viewer.close();
