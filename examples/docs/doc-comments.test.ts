import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { examplesOf, exportsOf, indexes, reachable, valuesFrom, work } from './doc-examples.ts';
import { undocumented } from './undocumented.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

const packages = indexes(root);
const scopeOf = (specifier: string) => exportsOf(packages.get(specifier) ?? '', specifier);
const otp = ['@linnet/otp', '@linnet/otp/testing', '@linnet/otp/options'];
const otpScopes = otp.map(scopeOf);
const mint = [scopeOf('@linnet/mint'), scopeOf('@linnet/mint/testing')];
const cluster = ['@linnet/cluster', '@linnet/cluster/finch', '@linnet/cluster/nats'];
const finch = [...packages.keys()].filter((name) => name.startsWith('@linnet/finch'));
const elsewhere = [
  valuesFrom('vitest', 'expect', 'onTestFinished', 'test'),
  valuesFrom('xstate', 'createMachine', 'sendTo', 'setup'),
  valuesFrom('node:fs', 'readFileSync'),
  valuesFrom('node:net', 'Socket'),
  valuesFrom('node:tls', 'TLSSocket'),
];
const prelude = (name: string) => exportsOf(join(import.meta.dirname, `prelude-${name}.ts`));

const sources = (...specifiers: readonly string[]) =>
  reachable(specifiers.map((specifier) => packages.get(specifier) ?? ''));
const examples = [
  ...sources(...otp).flatMap((source) =>
    examplesOf(source, [...otpScopes, prelude('otp'), ...elsewhere]),
  ),
  ...sources('@linnet/mint', '@linnet/mint/testing').flatMap((source) =>
    examplesOf(source, [...mint, prelude('mint'), ...elsewhere]),
  ),
  ...sources(...finch).flatMap((source) =>
    examplesOf(source, [...finch.map(scopeOf), ...otpScopes, prelude('finch'), ...elsewhere]),
  ),
  ...sources(...cluster).flatMap((source) =>
    examplesOf(source, [
      ...cluster.map(scopeOf),
      scopeOf('@linnet/finch'),
      ...otpScopes,
      prelude('cluster'),
      ...elsewhere,
    ]),
  ),
  ...sources('@linnet/observer').flatMap((source) =>
    examplesOf(source, [scopeOf('@linnet/observer'), ...otpScopes, ...elsewhere]),
  ),
  ...sources('@linnet/req').flatMap((source) =>
    examplesOf(source, [scopeOf('@linnet/req'), ...otpScopes, prelude('req'), ...elsewhere]),
  ),
];
const place = (file: string, line: number): string => `${relative(root, file)}:${line}`;

/** The output of the compiler, as far as it is about examples, with their places in the sources. */
async function compile(): Promise<string[]> {
  const config = {
    extends: '../../../tsconfig.json',
    compilerOptions: {
      noEmit: true,
      // An example may return in the middle, and shows one thing after the other.
      noImplicitReturns: false,
      allowUnreachableCode: true,
      allowUnusedLabels: true,
    },
    include: ['*.ts', '../../../packages/*/src/**/*.d.ts'],
    files: undefined,
    references: [],
  };
  writeFileSync(join(work, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const output = await run(
    process.execPath,
    [tsc, '-p', work, '--singleThreaded', '--pretty', 'false'],
    {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
    },
  ).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  return output.split(/\n(?=\S)/).flatMap((error) => {
    const [head, number, line, rest] =
      /example-(\d+)\.ts\((\d+),\d+\): ([\s\S]*)/.exec(error) ?? [];
    if (head === undefined) return error.includes('prelude-') ? [error] : [];
    const example = examples[Number(number)];
    if (example === undefined) return [error];
    return [`${place(example.file, example.line + Number(line) - example.offset)} ${rest}`];
  });
}

test(`the ${examples.length} examples in doc comments compile`, async () => {
  for (const [index, { source }] of examples.entries()) {
    writeFileSync(join(work, `example-${index}.ts`), source);
  }
  expect(examples.length).toBeGreaterThan(100);
  expect(await compile()).toEqual([]);
}, 120_000);

test.each([...packages])('what %s exports is documented', (_, index) => {
  const faults = undocumented(index).map(
    ({ name, file, line, missing }) => `${place(file, line)} ${name} has no ${missing}`,
  );
  expect([...new Set(faults)]).toEqual([]);
});
