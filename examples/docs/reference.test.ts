/** Pages that list everything of a kind: nothing may be missing from them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as finch from '@linnet/finch';
import * as mint from '@linnet/mint';
import * as otp from '@linnet/otp';
import * as req from '@linnet/req';
import { expect, test } from 'vitest';
import { connectRules } from '../../packages/mint/src/dial/index.ts';
import { wireRules } from '../../packages/mint/src/wire-options.ts';
import { referencePages } from '../../scripts/reference/pages.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

test('the pages of options and of the API are what schemas and doc comments say', () => {
  const stale = [...referencePages(root)].filter(([path, page]) => read(path) !== page);
  expect(stale.map(([path]) => `${path} is out of date: npm run reference`)).toEqual([]);
});

/** The error classes among the exports of a package. */
function errorsOf(exports: object): [name: string, errorClass: { readonly code?: string }][] {
  const isError = (value: unknown): value is { readonly code?: string } =>
    typeof value === 'function' && value.prototype instanceof Error;
  return Object.entries(exports).flatMap(([name, value]: [string, unknown]) =>
    isError(value) ? [[name, value] as [string, typeof value]] : [],
  );
}

const errorsPage = read('docs/reference/errors.md');

test.each(errorsOf(finch))('the page of errors has %s with its code', (name, { code }) => {
  // FinchError is in no table, but in the text.
  expect(errorsPage).toMatch(new RegExp(`\`${name}\` \\(?\`${code}\``));
});

test.each(errorsOf(otp))('the page of errors has %s of the runtime', (name) => {
  expect(errorsPage).toContain(`\n| \`${name}\` |`);
});

test('the page of errors has no class that is not there', () => {
  const known = new Set(errorsOf({ ...finch, ...otp }).map(([name]) => name));
  const named = [...errorsPage.matchAll(/^\| `(\w+Error)`/gm)].map(([, name = '']) => name);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
  expect(named.length).toBeGreaterThan(20);
});

const reqPage = read('docs/reference/req.md');

test.each(errorsOf(req).filter(([name]) => name !== 'ReqError'))(
  'the page of Req has %s with its code',
  (name, { code }) => {
    expect(reqPage).toContain(`\n| \`${name}\` \`${code}\` |`);
  },
);

test('the page of Req has each step', () => {
  const { request, response, error } = req.Req.new().stepNames;
  for (const step of [...request, ...response, ...error]) {
    expect(reqPage).toContain(`\n| \`${step}\` |`);
  }
});

const mintPage = read('packages/mint/README.md');

test.each(errorsOf(mint).filter(([name]) => /^(?!Mint).*Error$/.test(name)))(
  'the page of mint has %s with its code',
  (name, { code }) => {
    expect(mintPage).toContain(`\n| \`${name}\` \`${code}\` |`);
  },
);

test.each(Object.keys({ ...connectRules, ...wireRules }))(
  'the page on one connection has the option %s',
  (name) => {
    expect(read('docs/how-to/use-one-connection.md')).toContain(`\n| \`${name}\` |`);
  },
);

const events = read('packages/finch/src/telemetry/events.ts');
const telemetryPage = read('docs/reference/telemetry.md');

test.each([...events.matchAll(/^ {2}'([a-z_.]+)':/gm)].map(([, name = '']) => name))(
  'the page of telemetry has the event %s',
  (name) => {
    expect(
      telemetryPage
        .split('\n')
        .some((line) => line.startsWith('|') && line.includes(`\`${name}\``)),
    ).toBe(true);
  },
);

test('the page of telemetry has every key of an event', () => {
  const keys = [...events.matchAll(/readonly (\w+):/g)].map(([, key = '']) => key);
  expect(keys.length).toBeGreaterThan(30);
  expect(keys.filter((key) => !telemetryPage.includes(`\`${key}\``))).toEqual([]);
});
