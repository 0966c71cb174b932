/** The code of the pages runs: one program a page. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';
import { bundlePrograms } from '../../scripts/test-programs/bundle.ts';
import type { Program } from './extract.ts';
import { fileOf, pagePrograms } from './pages.ts';
import { workFolder } from './work-folder.ts';

const work = workFolder('docs');
const programs = pagePrograms.filter(({ runs }) => runs);

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** A stand-in for a host of the docs: answers every request with a little JSON. */
async function standIn(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: request.url, users: [{ name: 'Ada' }] }));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function withStandIns({ source, hosts }: Program): Promise<string> {
  let result = `${source}\nexport {};\n`;
  for (const host of hosts) result = result.replaceAll(host, await standIn());
  return result;
}

beforeAll(async () => {
  const sources = join(work, 'sources');
  mkdirSync(sources);
  const files = programs.map(async (program) => {
    const file = join(sources, `${fileOf(program)}.ts`);
    writeFileSync(file, await withStandIns(program));
    return [fileOf(program), file] as const;
  });
  await bundlePrograms(Object.fromEntries(await Promise.all(files)), work);
});

/**
 * Runs a program to its end, and gives what it wrote to standard error. It is a thread, with globals and
 * modules of its own: a third of the processor time that a process takes to start, forty times.
 */
async function run(file: string, { onTestFinished }: TestContext): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '' };
  const worker = new Worker(file, { env, execArgv: [], stdout: true, stderr: true });
  onTestFinished(() => void worker.terminate());
  worker.stdout.resume();
  const ended = once(worker, 'exit') as Promise<[code: number]>;
  const [errors, [code]] = await Promise.all([text(worker.stderr), ended]);
  expect(code).toBe(0);
  return errors;
}

// Some wait, and the others run meanwhile.
test.concurrent.for(programs)('the code of $page runs', async (program, context) => {
  const file = join(work, `${fileOf(program)}.mjs`);
  expect(await run(file, context)).not.toContain('Error');
});
