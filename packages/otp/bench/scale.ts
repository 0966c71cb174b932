/**
 * Whether anything grows faster than the number of children, monitors, names, …: the processor time
 * of each, among so many and among four times as many.
 *
 * npm run bench:scale -w @linnet/otp -- [--only <part of a name>] [--rounds 5]
 *
 * Exits with 1 when a step takes more than 1.5 times as long for each of many as for each of few, and
 * more than 3.5 times as long for each of sixteen times as many. What this does and does not see:
 *
 * - A time is the best of all rounds, in both sizes. It shows what the work itself takes, without the
 *   collections of garbage and the other programs that happen to fall into a round. Work that is
 *   sometimes slow does not show.
 * - A step beyond 1.5 is measured again among sixteen times as many. If each takes a + b·n, a ratio of
 *   1.5 among 4·n means one of 3.5 among 16·n, so that work that really grows fails there, too. What
 *   comes from caches of the processor that become too small does not go on like this.
 * - Growth of less than half a microsecond is left to those caches as well: a quadratic part counts from
 *   0.5 µs for each on, which is 10 ms for all of 20,000.
 * - The young generation of V8 has room for all sizes (see the script in package.json), so that the time
 *   is not that of moving what was made.
 */
import { parseArgs } from 'node:util';
import { setLogger } from '@linnet/otp';
import { describeMachine } from './harness/machine.ts';
import { table } from './harness/table.ts';
import { childCases } from './scale/children.ts';
import { relationCases, waitingCases } from './scale/relations.ts';
import { timeSteps, type Timed } from './scale/stopwatch.ts';

const limit = 1.5;
/** What {@link limit} comes to among `factor` squared as many, for work of a + b·n. */
const limitOfMost = 3.5;
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

type Cases = Readonly<Record<string, Case>>;

interface Figure {
  readonly step: string;
  /** Microseconds for each among few, and among many. */
  readonly few: number;
  readonly many: number;
  readonly ratio: number;
}

/** The figures of each step; the sizes take turns, the small one as often as the work is as much. */
async function measure(run: Case, count: number, factor: number): Promise<Figure[]> {
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

/** Those of a case's steps that grow among `factor` times as many, and go on growing. */
async function growing(run: Case, count: number, figures: readonly Figure[]): Promise<Set<string>> {
  const suspects = figures
    .filter(({ few, many, ratio }) => ratio > limit && many - few > slack)
    .map(({ step }) => step);
  if (suspects.length === 0) return new Set();
  const most = await measure(run, count, factor ** 2);
  return new Set(
    most
      .filter(({ step, ratio }) => suspects.includes(step) && ratio > limitOfMost)
      .map(({ step }) => step),
  );
}

const groups: ReadonlyArray<readonly [what: string, cases: Cases, count: number]> = [
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
    const figures = await measure(run, count, factor);
    const bad = await growing(run, count, figures);
    failed += bad.size;
    for (const { step, few, many, ratio } of figures) {
      const mark = bad.has(step) ? ` > ${limit}` : '';
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
