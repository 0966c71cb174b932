/**
 * The quickstart: a supervision tree with an HTTP client in it, a few thousand
 * requests, and what happens when parts of it are killed.
 *
 *     npm start                          # against a server of its own
 *     npm start -- https://example.com   # against yours
 *     npm start -- --stay                # stays up, to be looked at in its dashboard
 */
import { isFinchError } from '@linnet/finch';
import { parseArgs } from 'node:util';
import { startServer } from './server.ts';
import { runTour } from './tour.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    requests: { type: 'string', default: '3000', short: 'n' },
    concurrency: { type: 'string', default: '50', short: 'c' },
    port: { type: 'string', default: '0' },
    stay: { type: 'boolean', default: false },
  },
});

let thirds = 0;
const interrupted = new AbortController();
if (values.stay) process.once('SIGINT', () => interrupted.abort());
const [given] = positionals;
const server = given === undefined ? await startServer() : undefined;
try {
  await runTour({
    url: given?.replace(/\/+$/, '') ?? (server?.url as string),
    requests: Number(values.requests),
    concurrency: Number(values.concurrency),
    port: Number(values.port),
    stay: values.stay ? interrupted.signal : undefined,
    print: (line) => process.stdout.write(`${line}\n`),
    progress: process.stdout.isTTY ? redraw : printThirds,
  });
} catch (error) {
  if (!isFinchError(error)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  await server?.close();
}

/** On a terminal: one line that counts. */
function redraw(answered: number, of: number): void {
  process.stdout.write(answered === of ? '\r\u001B[K' : `\r${answered}/${of}`);
}

/** Elsewhere: a line now and then. */
function printThirds(answered: number, of: number): void {
  const shown = Math.floor((answered * 3) / of);
  if (shown > thirds) process.stdout.write(`${answered}/${of}\n`);
  thirds = shown;
}
