/**
 * The code of the pages and of the doc comments compiles: in one run of the compiler, most of whose time
 * goes into the sources of the packages.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { work } from './doc-examples.ts';
import { examples } from './examples.ts';
import { fileOf, pagePrograms } from './pages.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** Each error that the compiler finds. */
async function compile(): Promise<string[]> {
  const config = {
    extends: '../../../tsconfig.json',
    compilerOptions: { noEmit: true },
    include: ['*.ts', '../../../packages/*/src/**/*.d.ts'],
    files: undefined,
    references: [],
  };
  writeFileSync(join(work, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', work, '--singleThreaded', '--pretty', 'false'];
  const output = await run(process.execPath, args, {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    () => '',
    (error: Error & { stdout: string }) => error.stdout || error.message,
  );
  return output.split(/\n(?=\S)/).filter((error) => error !== '');
}

const isOfExample = (error: string): boolean => /(?:example-\d+|prelude-\w+)\.ts\(/.test(error);

/** An error of an example, with its place in the source. */
function placed(error: string): string {
  const [, number, line, rest] = /example-(\d+)\.ts\((\d+),\d+\): ([\s\S]*)/.exec(error) ?? [];
  const example = examples[Number(number)];
  if (example === undefined) return error;
  const { file, line: first, offset } = example;
  return `${relative(root, file)}:${first + Number(line) - offset} ${rest}`;
}

let errors: readonly string[];

beforeAll(async () => {
  for (const program of pagePrograms) {
    writeFileSync(join(work, `${fileOf(program)}.ts`), `${program.source}\nexport {};\n`);
  }
  for (const [index, { source }] of examples.entries()) {
    writeFileSync(join(work, `example-${index}.ts`), source);
  }
  errors = await compile();
});

test('the code of all pages compiles', () => {
  expect(errors.filter((error) => !isOfExample(error))).toEqual([]);
});

test(`the ${examples.length} examples in doc comments compile`, () => {
  expect(examples.length).toBeGreaterThan(100);
  expect(errors.filter(isOfExample).map(placed)).toEqual([]);
});
