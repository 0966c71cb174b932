import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundlePackages } from './bundle.ts';
import { extractBlocks, extractProgram, type Program } from './extract.ts';
import { workFolder } from './work-folder.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const work = workFolder('docs');

const pages = ['README.md', 'docs/**/*.md', 'packages/*/README.md'].flatMap((pattern) =>
  globSync(pattern, { cwd: root }),
);
const programs = pages.flatMap((page): Program[] => {
  const markdown = readFileSync(join(root, page), 'utf8');
  // Each block of a README is to run alone, pasted into a file [N11].
  if (/(^|[\\/])README\.md$/.test(page) && !page.startsWith('docs')) {
    return extractBlocks(page, markdown);
  }
  const program = extractProgram(page, markdown);
  return program === undefined ? [] : [program];
});

const fileOf = (page: string): string => page.replaceAll(/[/.#]/g, '-');

beforeAll(() => {
  for (const { page, source } of programs) {
    writeFileSync(join(work, `${fileOf(page)}.ts`), `${source}\nexport {};\n`);
  }
  const config = {
    extends: '../../../tsconfig.json',
    compilerOptions: { outDir: 'out', rootDir: '.', noUnusedLocals: false },
    include: ['*.ts', '../../../packages/*/src/**/*.d.ts'],
    files: undefined,
    references: [],
  };
  writeFileSync(join(work, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config));
});

let compiled: { readonly ok: boolean; readonly output: string };

test('the code of all pages compiles', async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  compiled = await run(process.execPath, [tsc, '-p', work, '--singleThreaded'], { cwd: root }).then(
    () => ({ ok: true, output: '' }),
    (error: { stdout: string }) => ({ ok: false, output: error.stdout }),
  );
  expect(compiled.output).toBe('');
}, 120_000);

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

async function withStandIns({ page, hosts }: Program): Promise<string> {
  const file = join(work, 'out', `${fileOf(page)}.js`);
  let source = readFileSync(file, 'utf8');
  for (const host of hosts) source = source.replaceAll(host, await standIn());
  writeFileSync(file, source);
  return file;
}

describe('each page is a program', () => {
  beforeAll(async () => {
    await bundlePackages(
      globSync('packages/*', { cwd: root }).map((path) => join(root, path)),
      work,
    );
  });

  // Some wait, and the others run meanwhile.
  test.concurrent.each(programs.filter(({ runs }) => runs))(
    'the code of $page runs',
    async (program) => {
      const { stderr } = await run(process.execPath, [await withStandIns(program)], {
        cwd: root,
        timeout: 100_000,
        // All pages run the same packages: they are compiled once.
        env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: join(work, 'compile-cache') },
      });
      expect(stderr).not.toContain('Error');
    },
  );
});
