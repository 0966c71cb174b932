import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { program } from './cli.ts?program';
import { checkDeathOrder } from './death-order.ts';
import { readLines, replayFiles, replaySignals, replaySupervision, vendored } from './run.ts';
import type { SignalsScenario } from './play-signals.ts';
import type { Scenario } from './scenario.ts';

const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

interface Trace {
  readonly boot: { readonly events: unknown[] };
  readonly steps: ReadonlyArray<{ events?: unknown[]; result?: unknown; links?: unknown }>;
  root_exit: unknown;
}

const copy = <T>(value: unknown): T => structuredClone(value) as T;

describe('the recorded traces of Erlang/OTP', () => {
  test('supervision: every scenario plays as it did on the BEAM', async () => {
    const { total, mismatches } = await replayFiles(vendored.supervision);
    expect(mismatches).toEqual([]);
    expect(total).toBe(540);
  });

  test('links, monitors and exit signals: every scenario plays as it did on the BEAM', async () => {
    const { total, mismatches } = await replayFiles(vendored.signals);
    expect(mismatches).toEqual([]);
    expect(total).toBe(258);
  });
});

describe('a changed trace fails', () => {
  const scenarios = readLines(vendored.supervision.scenarios) as Scenario[];
  const traces = readLines(vendored.supervision.traces);

  test.for<[what: string, change: (trace: Trace) => void]>([
    ['two events swapped', ({ boot }) => boot.events.reverse()],
    ['an event left out', ({ boot }) => boot.events.pop()],
    ['an event more', ({ boot }) => boot.events.push(['start', 'w1#9', 'ok'])],
    ['another exit reason', (trace) => (trace.root_exit = 'boom')],
    ['another result', ({ steps }) => Object.assign(steps[0] as object, { result: 'error' })],
  ])('%s', async ([, change]) => {
    const changed = copy<Trace>(traces[0]);
    change(changed);
    const { mismatches } = await replaySupervision(scenarios.slice(0, 1), [changed]);
    expect(mismatches).toHaveLength(1);
  });

  test('links that are not there', async () => {
    const signals = readLines(vendored.signals.scenarios) as SignalsScenario[];
    const changed = copy<Trace>(readLines(vendored.signals.traces)[0]);
    Object.assign(changed.steps[0] as object, { links: { p1: ['p2'] } });
    const { mismatches } = await replaySignals(signals.slice(0, 1), [changed]);
    expect(mismatches).toHaveLength(1);
  });

  test('a DOWN before the EXIT of the same process', () => {
    const step = { i: 0, op: 'self_exit', result: 'died', exits: [], links: {} };
    const exit = ['EXIT', '@p2', 'boom'];
    const down = ['DOWN', '&r1', 'process', '@p2', 'boom'];
    const check = (...messages: string[][]) =>
      checkDeathOrder({ id: 1, steps: [{ ...step, msgs: { p1: messages } }] });
    expect(() => check(exit, down)).not.toThrow();
    expect(() => check(down, ['EXIT', '@p3', 'boom'])).not.toThrow();
    expect(() => check(down, exit)).toThrow('p1 got DOWN before EXIT of @p2');
  });

  test('traces of other scenarios, and traces too few', async () => {
    const { mismatches } = await replaySupervision(scenarios.slice(0, 3), [traces[1], traces[0]]);
    expect(mismatches).toHaveLength(3);
  });
});

describe('npm run oracle', () => {
  interface Run {
    readonly code: number;
    readonly lines: readonly string[];
  }

  /** As npm does. */
  const fromSource = ['--conditions=@linnet/source', 'test/oracle/cli.ts'];

  /** From a bundle, which starts in half of the processor time, where it is not said otherwise. */
  const run = (args: readonly string[], start: readonly string[] = [program]): Promise<Run> =>
    new Promise((resolve) => {
      execFile(process.execPath, [...start, ...args], { cwd: packageRoot }, (error, stdout) => {
        resolve({ code: Number(error?.code ?? 0), lines: stdout.trimEnd().split('\n') });
      });
    });

  async function files(traces: readonly unknown[]): Promise<string[]> {
    const folder = await mkdtemp(join(tmpdir(), 'oracle-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const lines = (values: readonly unknown[]): string =>
      values.map((value) => `${JSON.stringify(value)}\n`).join('');
    const paths = [join(folder, 'scenarios.jsonl'), join(folder, 'traces.jsonl')] as const;
    await writeFile(paths[0], lines(readLines(vendored.supervision.scenarios).slice(0, 2)));
    await writeFile(paths[1], lines(traces));
    return ['--scenarios', paths[0], '--traces', paths[1]];
  }

  const two = (): unknown[] => readLines(vendored.supervision.traces).slice(0, 2);

  test('prints how many are equal as its last line', async () => {
    const { code, lines } = await run(await files(two()), fromSource);
    expect(lines.at(-1)).toBe('2/2 equal');
    expect(code).toBe(0);
  });

  test('prints the differences and exits non-zero', async () => {
    const changed = copy<Trace[]>(two());
    (changed[1] as Trace).root_exit = 'boom';
    const { code, lines } = await run(await files(changed));
    expect(lines[0]).toMatch(/^scenario 2: .*root_exit.*boom.*shutdown/);
    expect(lines.at(-1)).toBe('1/2 equal');
    expect(code).toBe(1);
  });

  test('refuses arguments that make no sense', async () => {
    expect((await run(['--scenarios', 'only.jsonl'])).code).toBe(2);
    expect((await run(['--no-such-option'])).code).toBe(2);
  });
});
