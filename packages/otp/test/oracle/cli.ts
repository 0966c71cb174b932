/**
 * `npm run oracle -w @linnet/otp [-- --scenarios FILE --traces FILE [--signals]]`
 *
 * Replays recorded scenarios on the runtime, prints the first differences, and as the last line
 * `N/M equal`. With `--signals`, the files hold scenarios of links, monitors and exit signals.
 * Without files: all vendored ones of both kinds. Exits with 1 on any difference, with 2 when the
 * arguments make no sense.
 */
import { resolve } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { replayFiles, vendored, type Outcome } from './run.ts';

/** Differences that are printed. */
const shown = 10;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({
      options: {
        scenarios: { type: 'string' },
        traces: { type: 'string' },
        signals: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

/** npm runs this in the package's folder: paths are meant from where the user called npm. */
const path = (file: string): string => resolve(process.env['INIT_CWD'] ?? '.', file);

async function replayAll(): Promise<Outcome[]> {
  const { scenarios, traces, signals } = options();
  if ((scenarios === undefined) !== (traces === undefined)) {
    fail('--scenarios and --traces go together');
  }
  if (scenarios !== undefined && traces !== undefined) {
    return [await replayFiles({ scenarios: path(scenarios), traces: path(traces), signals })];
  }
  const sets = signals ? [vendored.signals] : [vendored.supervision, vendored.signals];
  const outcomes: Outcome[] = [];
  for (const set of sets) outcomes.push(await replayFiles(set));
  return outcomes;
}

const outcomes = await replayAll();
const mismatches = outcomes.flatMap((outcome) => outcome.mismatches);
for (const { id, difference } of mismatches.slice(0, shown)) {
  console.log(`scenario ${String(id)}: ${inspect(difference, { depth: 8, breakLength: 160 })}`);
}
if (mismatches.length > shown) console.log(`… and ${mismatches.length - shown} more`);
const total = outcomes.reduce((sum, outcome) => sum + outcome.total, 0);
for (const { name, total: size, mismatches: wrong } of outcomes.length > 1 ? outcomes : []) {
  console.log(`${name}: ${size - wrong.length}/${size}`);
}
console.log(`${total - mismatches.length}/${total} equal`);
process.exitCode = mismatches.length > 0 ? 1 : 0;
