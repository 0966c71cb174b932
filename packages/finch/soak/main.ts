/**
 * The soak of the client: a few hundred callers ask a misbehaving server through
 * pools of every kind while processes are killed at random. Every request must
 * end once and by its deadline, and nothing may be left.
 *
 * npm run soak -- [--seconds 20] [--callers 300] [--seed 1] [--client fetch|dispatcher|agent] [--requests 100000] [--server bundle.mjs]
 *
 * Prints figures, and ends with 1 on any violation, or when a server has ended by itself. The seed repeats what is
 * asked for and what is killed; what meets what is up to the machine.
 */
import { parseArgs } from 'node:util';
import type { ClientKind } from './adapter-calls.ts';
import { report } from './report.ts';
import { soak } from './run.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    callers: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    // By what the callers ask, if not by Finch itself, and after how many requests the soak ends.
    client: { type: 'string' },
    requests: { type: 'string', default: 'Infinity' },
    // The program of the servers, if not its source: tests start bundles.
    server: { type: 'string' },
  },
});
const options = {
  seconds: above(0, 'seconds', values.seconds),
  // Over the adapters fewer, so that most of their requests reach the servers.
  callers: above(1, 'callers', values.callers ?? (values.client === undefined ? '300' : '100')),
  seed: above(-1, 'seed', values.seed),
  requests: above(0, 'requests', values.requests),
  client: clientOf(values.client),
  server: values.server,
};
try {
  const result = await soak(options);
  console.log(report(options, result));
  process.exitCode = result.tally.violationCount === 0 ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  // The callers of a soak that was cut short go on.
  process.exit(1);
}

function clientOf(name: string | undefined): ClientKind | undefined {
  if (name === undefined || name === 'fetch' || name === 'dispatcher' || name === 'agent')
    return name;
  throw new TypeError('--client must be fetch, dispatcher or agent');
}

function above(least: number, name: string, text: string): number {
  const value = Number(text);
  if (!(value > least)) throw new TypeError(`--${name} must be a number above ${least}`);
  return value;
}
