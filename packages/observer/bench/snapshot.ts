/**
 * How long the event loop is held while documents of 10,000 processes are made, from the first one on:
 * nothing is compiled by then. Beside each stands how late the event loop was without any, which is what
 * others on the machine do.
 *
 * node bench/snapshot.ts [--processes 10000]
 */
import { Observer } from '@linnet/observer';
import { DynamicSupervisor, GenServer } from '@linnet/otp';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { describeMachine } from '../../otp/bench/harness/machine.ts';
import { percentile } from '../../otp/bench/harness/stats.ts';
import { table } from '../../otp/bench/harness/table.ts';

const { values } = parseArgs({ options: { processes: { type: 'string', default: '10000' } } });

/** No look is shared with the one before. */
const pause = 320;

/** Looks before anything is compiled, and those after them. */
const cold = 4;
const looks = 30;

const resolution = 1;

const pages = ['tree', 'tree?search=99', 'processes?sort=name', 'registry', 'overview', 'pools'];

const Worker = GenServer.define({ name: 'Worker', init: (number: number) => number });
await using _ = await DynamicSupervisor.startLink({ name: 'many' });
for (let i = 0; i < Number(values.processes); i++) {
  await DynamicSupervisor.startChild('many', Worker.childSpec(i, { name: `worker-${i}` }));
}
await using observer = await Observer.startLink({ port: false, authorize: () => true });

interface Held {
  /** The most processor time of this thread in one turn of the event loop, in ms. */
  readonly cpu: number;
  /** How late a timer was at most, in ms, which others on the machine have a part in. */
  readonly late: number;
}

/** Processor time of this thread in ms; before Node.js 23.9, that of all threads, the collector's included. */
function processorTime(): number {
  const { threadCpuUsage = () => process.cpuUsage() } = process as {
    readonly threadCpuUsage?: () => NodeJS.CpuUsage;
  };
  const { user, system } = threadCpuUsage();
  return (user + system) / 1000;
}

async function held(act: () => Promise<unknown>): Promise<Held> {
  await sleep(pause);
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  await sleep(5);
  let cpu = 0;
  let before = processorTime();
  let turn = setImmediate(function next() {
    const time = processorTime();
    cpu = Math.max(cpu, time - before);
    before = time;
    turn = setImmediate(next);
  });
  await act();
  clearImmediate(turn);
  cpu = Math.max(cpu, processorTime() - before);
  await sleep(5);
  delay.disable();
  return { cpu, late: Math.max(0, delay.max / 1e6 - resolution) };
}

const look = async (page: string): Promise<void> => {
  const response = await observer.handler(new Request(`http://localhost/api/${page}`));
  await response.text();
};

const ms = (value: number): string => `${value.toFixed(1)} ms`;
const rows: string[][] = [
  ['page', 'first', 'second to 4th', 'p50 after', 'max after', 'late, p50', 'without, p50'],
];
for (const page of pages) {
  const turns: Held[] = [];
  const idle: Held[] = [];
  for (let i = 0; i < looks; i++) {
    turns.push(await held(() => look(page)));
    if (i % 3 === 0) idle.push(await held(() => sleep(20)));
  }
  const cpu = turns.map((each) => each.cpu);
  const late = (of: readonly Held[]): string =>
    ms(
      percentile(
        of.map((each) => each.late),
        0.5,
      ),
    );
  const [first = Number.NaN] = cpu;
  const warm = cpu.slice(cold);
  const figures = [
    first,
    Math.max(...cpu.slice(1, cold)),
    percentile(warm, 0.5),
    Math.max(...warm),
  ];
  rows.push([page, ...figures.map(ms), late(turns), late(idle)]);
}
console.log(describeMachine());
console.log(
  `${values.processes} processes; processor time of the longest turn, and how late timers were`,
);
console.log(table(rows));
