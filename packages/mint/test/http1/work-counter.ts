/**
 * Counts what the codec does for responses that come byte by byte: how often its
 * blocks run, as V8 counts them. A program of its own, because the count is the
 * process's. Prints the counts by name, each for one size and for twice of it.
 */
import { Session } from 'node:inspector';
import { names, responseOf } from './work-responses.ts';
import { byByte, readResponse } from './read-response.ts';

const size = 6000;
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** How many blocks ran since this was asked last. */
function countBlocks(): number {
  let count = 0;
  session.post('Profiler.takePreciseCoverage', (error, coverage) => {
    if (error !== null) throw error;
    for (const { url, functions } of coverage.result) {
      if (!url.includes('/mint/src/')) continue;
      for (const { ranges } of functions) for (const range of ranges) count += range.count;
    }
  });
  return count;
}

function workFor(name: string, bytes: number): number {
  const pieces = byByte(responseOf(name, bytes));
  countBlocks();
  const { outcome } = readResponse(pieces);
  if (outcome !== 'complete') throw new Error(`${name}: ${outcome}`);
  return countBlocks();
}

const counts = names.map((name) => [name, [workFor(name, size), workFor(name, 2 * size)]]);
process.stdout.write(JSON.stringify(Object.fromEntries(counts)));
