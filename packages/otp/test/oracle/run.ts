/** Replays files of scenarios and compares with the recorded traces. */
import { readFileSync } from 'node:fs';
import { setLogger } from '@linnet/otp';
import { TestClock } from '@linnet/otp/testing';
import { canonSignals, canonTrace, diffTraces, type Difference } from './canon.ts';
import { checkDeathOrder } from './death-order.ts';
import { playScenario } from './play-scenario.ts';
import { playSignals, type SignalsScenario } from './play-signals.ts';
import type { Scenario } from './scenario.ts';

export interface Mismatch {
  readonly id: unknown;
  readonly difference: Difference | { readonly error: unknown };
}

export interface Outcome {
  readonly name: string;
  readonly total: number;
  readonly mismatches: readonly Mismatch[];
}

/** A file of scenarios, and one with the trace of each in the same order. */
export interface Files {
  readonly scenarios: string | URL;
  readonly traces: string | URL;
  /** Scenarios of links, monitors and exit signals. */
  readonly signals: boolean;
}

const fixture = (name: string): URL => new URL(`../fixtures/oracle/${name}.jsonl`, import.meta.url);

/** The sets that come with the package. */
export const vendored: { readonly supervision: Files; readonly signals: Files } = {
  supervision: { scenarios: fixture('scenarios'), traces: fixture('traces'), signals: false },
  signals: { scenarios: fixture('signals'), traces: fixture('signals-traces'), signals: true },
};

/** The values of a JSONL file. */
export function readLines(file: string | URL): unknown[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

export function replayFiles(files: Files): Promise<Outcome> {
  const scenarios = readLines(files.scenarios);
  const traces = readLines(files.traces);
  return files.signals
    ? replaySignals(scenarios as SignalsScenario[], traces)
    : replaySupervision(scenarios as Scenario[], traces);
}

export function replaySupervision(
  scenarios: readonly Scenario[],
  traces: readonly unknown[],
): Promise<Outcome> {
  return replay('supervision', scenarios, traces, async (scenario, clock) => {
    return canonTrace(scenario, await playScenario(scenario, clock));
  });
}

export function replaySignals(
  scenarios: readonly SignalsScenario[],
  traces: readonly unknown[],
): Promise<Outcome> {
  // Both sides are made canonical: the recorded ones are as they were recorded.
  const canonical = traces.map((trace) => canonSignals(trace as never));
  return replay('signals', scenarios, canonical, async (scenario) => {
    const trace = await playSignals(scenario);
    checkDeathOrder(trace);
    return canonSignals(trace);
  });
}

const silent = { error() {}, warn() {}, debug() {} };

/** Plays every scenario on a clock of its own and compares it with the trace at its place. */
async function replay<S extends { readonly id: unknown }>(
  name: string,
  scenarios: readonly S[],
  traces: readonly unknown[],
  play: (scenario: S, clock: TestClock) => Promise<unknown>,
): Promise<Outcome> {
  const mismatches: Mismatch[] = [];
  // A trace without a scenario is as wrong as a scenario without a trace.
  const total = Math.max(scenarios.length, traces.length);
  const formerLogger = setLogger(silent);
  try {
    for (let i = 0; i < total; i++) {
      const scenario = scenarios[i];
      const expected = traces[i];
      const difference =
        scenario === undefined
          ? { path: '', expected, actual: undefined }
          : await compare(scenario, expected, play);
      if (difference !== null) mismatches.push({ id: scenario?.id ?? `line ${i + 1}`, difference });
    }
  } finally {
    setLogger(formerLogger);
  }
  return { name, total, mismatches };
}

async function compare<S>(
  scenario: S,
  expected: unknown,
  play: (scenario: S, clock: TestClock) => Promise<unknown>,
): Promise<Mismatch['difference'] | null> {
  const clock = new TestClock().install();
  try {
    return diffTraces(expected, await play(scenario, clock));
  } catch (error) {
    return { error };
  } finally {
    clock.uninstall();
  }
}
