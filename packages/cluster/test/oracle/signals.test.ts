/**
 * The recorded traces of links, monitors and exit signals of Erlang/OTP, played with the processes on two
 * nodes. Left out are those with registered names, which are of one node, and those in which `link` to a
 * dead process raises, which it does for processes of the same node only.
 */
import { setLogger, Supervisor } from '@linnet/otp';
import { expect, onTestFinished, test } from 'vitest';
import { canonSignals, diffTraces } from '../../../otp/test/oracle/canon.ts';
import { checkDeathOrder } from '../../../otp/test/oracle/death-order.ts';
import type { SignalsScenario } from '../../../otp/test/oracle/play-signals.ts';
import { readLines, vendored } from '../../../otp/test/oracle/run.ts';
import { Cluster } from '../../src/index.ts';
import { workersOf } from '../support/workers-of.ts';
import { oracleModules } from './actor.ts';
import { playOnTwoNodes } from './two-node-stage.ts';
import { program } from './oracle-worker.ts?program';

const ofOneNode = new Set(['register', 'unregister', 'whereis', 'send_name', 'monitor_name']);

const scenarios = readLines(vendored.signals.scenarios) as SignalsScenario[];
const traces = readLines(vendored.signals.traces);
const chosen = scenarios
  .map((scenario, i) => ({ scenario, trace: traces[i] }))
  .filter(
    ({ scenario, trace }) =>
      !scenario.steps.some(({ op }) => ofOneNode.has(op)) &&
      !JSON.stringify(trace).includes('"raised"'),
  );

test.for([
  ['the first process here', false],
  ['the first process there', true],
] as const)(
  'every scenario plays as it did on the BEAM, with %s',
  { timeout: 120_000 },
  async ([, turned]) => {
    const formerLogger = setLogger({ error() {}, warn() {}, debug() {} });
    const here = 'oracle@127.0.0.1';
    const supervisor = await Supervisor.startLink(
      [
        Cluster.childSpec({ name: here, cookie: 'secret', modules: oracleModules }),
        workersOf(program, 1),
      ],
      { strategy: 'rest_for_one' },
    );
    onTestFinished(async () => {
      await supervisor.stop();
      setLogger(formerLogger);
    });
    const nodes = { here, there: 'oracle/w1@127.0.0.1' };
    const played = await playOnTwoNodes(
      chosen.map(({ scenario }) => scenario),
      nodes,
      turned,
    );
    const differences = played.flatMap((trace, i) => {
      checkDeathOrder(trace);
      const expected = canonSignals(chosen[i]?.trace as never);
      const difference = diffTraces(expected, canonSignals(trace));
      return difference === null ? [] : [{ id: trace.id, difference }];
    });
    expect(differences).toEqual([]);
    expect(played).toHaveLength(76);
  },
);
