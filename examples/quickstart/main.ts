/**
 * The quickstart: a supervision tree with an HTTP client in it, a few thousand
 * requests, and what happens when parts of it are killed.
 *
 *     npm start                          # against a server of its own
 *     npm start -- https://example.com   # against yours
 */
import { parseArgs } from 'node:util';
import { startServer } from './server.ts';
import { runTour } from './tour.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    requests: { type: 'string', default: '3000', short: 'n' },
    concurrency: { type: 'string', default: '50', short: 'c' },
  },
});

const server = positionals[0] === undefined ? await startServer() : undefined;
await runTour({
  url: positionals[0] ?? (server?.url as string),
  requests: Number(values.requests),
  concurrency: Number(values.concurrency),
  print: (line) => process.stdout.write(`${line}\n`),
  progress: process.stdout.isTTY,
});
await server?.close();
