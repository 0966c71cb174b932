/**
 * Whether anything grows faster than the number of children, monitors, names, …: the processor time
 * of each, among so many and among four times as many.
 *
 * npm run bench:scale -w @linnet/otp -- [--only <part of a name>] [--rounds 5]
 *
 * Runs with a young generation that is large enough for either size: what is measured is how much is
 * done, not when V8 moves what it has made.
 *
 * Exits with 1 when one of a large number takes more than 1.5 times what one of a small number does, and
 * half a microsecond more: below that, it is the caches of the processor that are too small.
 */
import { parseArgs } from 'node:util';
import { setLogger } from '@linnet/otp';
import { describeMachine } from './harness/machine.ts';
import { table } from './harness/table.ts';
import { childCases } from './scale/children.ts';
import { relationCases, waitingCases } from './scale/relations.ts';
import { timeSteps, type Timed } from './scale/stopwatch.ts';

const limit = 1.5;
const slack = 0.5;
const factor = 4;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
  },
});
const rounds = Number(options.rounds);
if (!(rounds > 0)) throw new TypeError('--rounds must be a number above 0');

setLogger({ error: () => {}, warn: () => {}, debug: () => {} });

type Case = (count: number, timed: Timed) => Promise<void>;

interface Figure {
  readonly step: string;
  /** Microseconds for each among few, and among many. */
  readonly few: number;
  readonly many: number;
  readonly ratio: number;
}

/** The figures of each step; the sizes take turns, the small one as often as the work is as much. */
async function measure(run: Case, count: number): Promise<Figure[]> {
  const times = { few: new Map<string, number[]>(), many: new Map<string, number[]>() };
  const note = async (into: Map<string, number[]>, size: number, counts: boolean) => {
    for (const [step, ms] of await timeSteps(run, size)) {
      if (counts) into.set(step, [...(into.get(step) ?? []), (ms * 1000) / size]);
    }
  };
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < factor; i++) await note(times.few, count, round >= 0);
    await note(times.many, count * factor, round >= 0);
  }
  return [...times.few].map(([step, small]) => {
    // The best of each: a collection of all garbage, which falls into one step or another, is not its own.
    const [few, many] = [Math.min(...small), Math.min(...(times.many.get(step) ?? []))];
    return { step, few, many, ratio: many / few };
  });
}

const groups: ReadonlyArray<
  readonly [what: string, cases: Readonly<Record<string, Case>>, count: number]
> = [
  ['children', childCases, 5000],
  ['waiting', waitingCases, 5000],
  ['relations', relationCases, 25_000],
];

console.log(`${describeMachine()}\n`);
let failed = 0;
for (const [what, cases, count] of groups) {
  const rows = [[what, `µs, ${count}`, `µs, ${count * factor}`, 'ratio']];
  for (const [name, run] of Object.entries(cases)) {
    if (!`${what} ${name}`.includes(options.only)) continue;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name}`);
    for (const { step, few, many, ratio } of await measure(run, count)) {
      const grows = ratio > limit && many - few > slack;
      if (grows) failed++;
      const mark = grows ? ` > ${limit}` : '';
      rows.push([
        `${name}: ${step}`,
        few.toFixed(2),
        many.toFixed(2),
        `${ratio.toFixed(2)}${mark}`,
      ]);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (rows.length > 1) console.log(`${table(rows)}\n`);
}
console.log(
  failed === 0 ? `none grows by more than ${limit}` : `${failed} grow by more than ${limit}`,
);
process.exit(failed === 0 ? 0 : 1);
