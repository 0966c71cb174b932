/**
 * The benchmark of the runtime: Linnet beside raw nact and Erlang/OTP, in one interleaved run.
 *
 * npm run bench -w @linnet/otp -- [--seconds 60] [--only call,ring,memory] [--clock] [--json]
 *
 * The tables show operations per second of processor time, so that other work on the machine does
 * not count; with `--clock`, per second by the clock. `--json` has both.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareErlang, type Erlang } from './erlang.ts';
import { describeMachine, loadAverage } from './harness/machine.ts';
import { rateVariant, type Rate } from './harness/measure.ts';
import { output, Peer, pinned } from './harness/program.ts';
import { median, pairedRatio } from './harness/stats.ts';
import { formatRate, formatRatio, table } from './harness/table.ts';
import { interleave, roundsIn } from './harness/turns.ts';
import { rateMeasures, type RateMeasure } from './measures.ts';

const turnMs = 100;
/** Rounds until the compilers of V8 are done; Erlang's needs none. What is compared is the steady state. */
const warmUp = 10;
const idleProcesses = 100_000;
const otherMeasures = ['idle', 'activation', 'memory'];

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '45' },
    only: { type: 'string' },
    clock: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
if (!(seconds > 0)) throw new TypeError('--seconds must be a number above 0');
const known = [...rateMeasures.map(({ id }) => id), ...otherMeasures];
const only = options.only?.split(',');
for (const id of only ?? []) {
  if (!known.includes(id)) {
    throw new TypeError(`--only: there is no measure "${id}", but ${known.join(', ')}`);
  }
}
const basis: keyof Rate = options.clock ? 'perSecond' : 'perProcessorSecond';
const unit = options.clock ? 'per second' : 'per second of processor time';
const wanted = (id: string): boolean => only === undefined || only.includes(id);
const share = seconds / known.filter(wanted).length;

const script = (name: string): string => join(import.meta.dirname, name);
const node = (name: string, ...args: string[]): readonly string[] => [
  process.execPath,
  script(name),
  ...args,
];

/** Rates and ratios on one basis. */
interface Comparison {
  readonly linnet: number;
  readonly nact: number | undefined;
  readonly erlang: number | undefined;
  readonly toNact: number | undefined;
  readonly toErlang: number | undefined;
}

interface RateResult {
  readonly measure: string;
  /** By the clock. */
  readonly elapsed: Comparison;
  /** By processor time. */
  readonly processor: Comparison;
}

function compare(turns: ReadonlyMap<string, readonly Rate[]>, basis: keyof Rate): Comparison {
  const [linnet = [], nact, erlang] = ['linnet', 'nact', 'erlang'].map((name) =>
    turns.get(name)?.map((rate) => rate[basis]),
  );
  return {
    linnet: median(linnet),
    nact: nact && median(nact),
    erlang: erlang && median(erlang),
    toNact: nact && pairedRatio(linnet, nact),
    toErlang: erlang && pairedRatio(linnet, erlang),
  };
}

async function runRate(measure: RateMeasure, erlang: Erlang | undefined): Promise<RateResult> {
  const { id, peerId = id } = measure;
  const peers = new Map([['linnet', new Peer(node('linnet.ts', id))]]);
  if (measure.withoutNact !== true) peers.set('nact', new Peer(node('nact.ts', peerId)));
  if (erlang !== undefined) peers.set('erlang', erlang.start(peerId));
  const variants = [...peers].map(([name, peer]) => rateVariant(name, peer));
  const rounds = roundsIn(share, variants.length, turnMs, warmUp);
  const turns = await interleave(variants, { ms: turnMs, warmUp, rounds });
  await Promise.all([...peers.values()].map((peer) => peer.close()));
  return {
    measure: id,
    elapsed: compare(turns, 'perSecond'),
    processor: compare(turns, 'perProcessorSecond'),
  };
}

interface IdleResult {
  readonly measure: string;
  readonly few: number;
  readonly many: number;
  readonly ratio: number;
}

/** The same measure beside few and beside many idle processes. */
async function runIdle(id: string): Promise<IdleResult> {
  const few = new Peer(node('linnet.ts', id, '100'));
  const many = new Peer(node('linnet.ts', id, String(idleProcesses)));
  const variants = [rateVariant('few', few), rateVariant('many', many)];
  const rounds = roundsIn(share / 2, variants.length, turnMs, warmUp);
  const rates = await interleave(variants, { ms: turnMs, warmUp, rounds });
  await Promise.all([few.close(), many.close()]);
  const [fewRates = [], manyRates = []] = ['few', 'many'].map((name) =>
    rates.get(name)?.map((rate) => rate[basis]),
  );
  return {
    measure: id,
    few: median(fewRates),
    many: median(manyRates),
    ratio: pairedRatio(manyRates, fewRates),
  };
}

interface ActivationResult {
  readonly runtime: string;
  readonly p50: number;
  readonly p99: number;
  readonly requestsPerSecond: number;
}

async function runActivation(): Promise<ActivationResult[]> {
  const load = new Peer(pinned(1, node('http-load.ts')));
  const servers = new Map(
    ['linnet', 'nact'].map((runtime) => [
      runtime,
      new Peer(pinned(0, node('activation.ts', runtime))),
    ]),
  );
  const variants = [...servers].map(([name, server]) => ({
    name,
    async turn(ms: number) {
      const port = await server.ask('port');
      await server.ask('percentiles'); // forgets what was before
      const answers = Number(await load.ask(`${port} ${ms}`));
      const [p50 = 0, p99 = 0] = (await server.ask('percentiles')).split(' ').map(Number);
      return { p50, p99, requestsPerSecond: (answers * 1000) / ms };
    },
  }));
  const ms = 4 * turnMs;
  const rounds = roundsIn(share, variants.length, ms, 1);
  const results = await interleave(variants, { ms, warmUp: 1, rounds });
  await Promise.all([load, ...servers.values()].map((peer) => peer.close()));
  return [...results].map(([runtime, turns]) => ({
    runtime,
    p50: median(turns.map(({ p50 }) => p50)),
    p99: median(turns.map(({ p99 }) => p99)),
    requestsPerSecond: median(turns.map(({ requestsPerSecond }) => requestsPerSecond)),
  }));
}

const memoryTitles: Readonly<Record<string, string>> = {
  child: 'Linnet GenServer under a DynamicSupervisor',
  nact: 'raw nact actor',
};

interface MemoryResult {
  readonly what: string;
  readonly bytes: number;
}

async function runMemory(erlang: Erlang | undefined): Promise<MemoryResult[]> {
  const kinds = ['process', 'GenServer', 'machine', 'child', 'nact'];
  const results = kinds.map((what): MemoryResult => {
    const args = ['--expose-gc', script('memory.ts'), what, String(idleProcesses)];
    const bytes = Number(output([process.execPath, ...args]));
    return { what: memoryTitles[what] ?? `Linnet ${what}`, bytes };
  });
  if (erlang === undefined) return results;
  const peer = erlang.start('memory');
  const [, bytes = 0] = (await peer.ask(String(idleProcesses))).split(' ').map(Number);
  await peer.close();
  return [...results, { what: 'Erlang gen_server (all memory)', bytes }];
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function print(text: string): void {
  progress('');
  if (!options.json) console.log(text);
}

using erlang = prepareErlang();
const machine = describeMachine();
const { release = 'no Erlang' } = erlang ?? {};
print(`${machine}\nnact 7.6.2, ${release} on one scheduler\n`);

const rates: RateResult[] = [];
for (const measure of rateMeasures.filter(({ id }) => wanted(id))) {
  progress(measure.title);
  rates.push(await runRate(measure, erlang));
}
if (rates.length > 0) {
  const rows = rates.map((result) => {
    const {
      linnet,
      nact,
      erlang: peer,
      toNact,
      toErlang,
    } = options.clock ? result.elapsed : result.processor;
    const { title, aimNact, aimErlang } = rateMeasures.find(
      ({ id }) => id === result.measure,
    ) as RateMeasure;
    return [
      title,
      formatRate(linnet),
      formatRate(nact),
      formatRate(peer),
      formatRatio(toNact, aimNact),
      formatRatio(toErlang, aimErlang),
    ];
  });
  const head = [unit, 'Linnet', 'raw nact', 'Erlang', 'to nact', 'to Erlang'];
  print(`${table([head, ...rows])}\n`);
}

const idle: IdleResult[] = [];
if (wanted('idle')) {
  progress('beside idle processes');
  idle.push(await runIdle('call'), await runIdle('spawn-stop'));
  const rows = idle.map(({ measure, few, many, ratio }) => [
    measure,
    formatRate(few),
    formatRate(many),
    formatRatio(ratio),
  ]);
  const head = [`${unit}, beside idle GenServers`, '100', String(idleProcesses), 'ratio'];
  print(`${table([head, ...rows])}\n`);
}

const activation = wanted('activation') ? await runActivation() : [];
if (activation.length > 0) {
  const rows = activation.map(({ runtime, p50, p99, requestsPerSecond }) => [
    runtime,
    `${p50.toFixed(1)} µs`,
    `${p99.toFixed(1)} µs`,
    `${formatRate(requestsPerSecond)} /s`,
  ]);
  const head = ['activation while serving HTTP', 'p50', 'p99', 'requests'];
  print(`${table([head, ...rows])}\n`);
}

progress('memory');
const memory = wanted('memory') ? await runMemory(erlang) : [];
if (memory.length > 0) {
  const rows = memory.map(({ what, bytes }) => [what, `${bytes} B`]);
  print(`${table([[`heap of one among ${idleProcesses} idle`, ''], ...rows])}\n`);
}
progress('');

print(`load average now ${loadAverage()}; ratios are medians over paired turns`);
if (options.json) {
  console.log(JSON.stringify({ machine, release, rates, idle, activation, memory }, null, 2));
}
