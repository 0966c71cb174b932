/**
 * What the observer costs a program that sends requests: without it, with it while no one looks, and with
 * one page open at 1 s. Each is a program of its own, which lives as long as the bench: what is compiled
 * for one is not thrown away for the other. They take turns, and the ratios are those of one round.
 *
 * node bench/overhead.ts [--rounds 30] [--page requests]
 *
 * Beside the rate stands the processor time of the program for each request, which others disturb less.
 * The first program runs twice: what its two turns differ by is the error of the measurement.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../../otp/bench/harness/machine.ts';
import { Peer } from '../../otp/bench/harness/program.ts';
import { median, pairedRatio, percentile } from '../../otp/bench/harness/stats.ts';
import { formatRate, table } from '../../otp/bench/harness/table.ts';
import { startServer } from '../../finch/bench/server.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    page: { type: 'string', default: 'requests' },
  },
});

/** Takes a second or more: long enough for a delta of the page that is open. */
const requestsATurn = 20_000;

interface Turn {
  readonly perSecond: number;
  /** Processor time of the program for a request, in µs. */
  readonly cost: number;
}

interface Variant {
  readonly name: string;
  readonly program: Peer;
  readonly turns: Turn[];
}

console.log(describeMachine());
await using server = await startServer(1);

function variant(name: string, kind: 'none' | 'observer'): Variant {
  const file = join(import.meta.dirname, 'program.ts');
  const program = new Peer([process.execPath, file, String(server.port), kind]);
  return { name, program, turns: [] };
}

const variants = [
  variant('without', 'none'),
  variant('without, again', 'none'),
  variant('no one looks', 'observer'),
  variant('a page is open', 'observer'),
];

const url = await variants.at(-1)?.program.ask('url');
const closed = new AbortController();
const stream = await fetch(`${url}api/${values.page}?interval=1`, {
  headers: { accept: 'text/event-stream' },
  signal: closed.signal,
});
const reading = stream.body?.pipeTo(new WritableStream()).catch(() => {}); // it is closed below

async function turn({ program, turns }: Variant): Promise<void> {
  turns.push(JSON.parse(await program.ask(String(requestsATurn))) as Turn);
}

for (const each of variants) await turn(each); // warm
for (const { turns } of variants) turns.length = 0;
for (let round = 0; round < Number(values.rounds); round++) {
  const start = round % variants.length;
  for (const each of [...variants.slice(start), ...variants.slice(0, start)]) await turn(each);
}
closed.abort();
await reading;

const figures = (turns: readonly Turn[], name: keyof Turn): number[] =>
  turns.map((each) => each[name]);
const base = variants[0]?.turns ?? [];
const rows = variants.map(({ name, turns }) => {
  const ratios = turns.map(({ cost }, round) => cost / (base[round]?.cost ?? Number.NaN));
  return [
    name,
    formatRate(median(figures(turns, 'perSecond'))),
    pairedRatio(figures(turns, 'perSecond'), figures(base, 'perSecond')).toFixed(3),
    `${median(figures(turns, 'cost')).toFixed(1)} µs`,
    median(ratios).toFixed(3),
    `${percentile(ratios, 0.25).toFixed(3)} to ${percentile(ratios, 0.75).toFixed(3)}`,
  ];
});
console.log(`${server.name}, 50 callers, page "${values.page}", ${values.rounds} rounds`);
const heading = ['observer', 'requests/s', 'ratio', 'cpu a request', 'ratio', 'quartiles'];
console.log(table([heading, ...rows]));
for (const { program } of variants) await program.close();
