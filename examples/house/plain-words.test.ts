/** Docs and sources keep to plain words and to the terms of docs/explanation/glossary.md. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inPage, inSource, type Found } from './plain-words.ts';

const root = join(import.meta.dirname, '../..');

/** Pages that are made from sources, and the glossary, which names the words. */
const otherPages = /^docs\/(?:reference\/(?:api|conformance|options)|explanation\/glossary)/;

const files = (...patterns: readonly string[]): string[] =>
  patterns.flatMap((pattern) =>
    globSync(pattern, { cwd: root }).map((file) => file.replaceAll('\\', '/')),
  );

function faults(paths: readonly string[], look: (text: string) => Found[]): string[] {
  return paths.flatMap((path) =>
    look(readFileSync(join(root, path), 'utf8')).map(
      ({ line, word, instead }) => `${path}:${line} ${word}: say ${instead}`,
    ),
  );
}

test('the pages say who or what is meant, in words of the glossary', () => {
  const pages = files('*.md', 'docs/**/*.md').filter((page) => !otherPages.test(page));
  expect(pages.length).toBeGreaterThan(20);
  expect(faults(pages, inPage)).toEqual([]);
});

test('the sources use no words of our own where the field has one', () => {
  const sources = files('packages/*/src/**/*.ts');
  expect(sources.length).toBeGreaterThan(200);
  expect(faults(sources, inSource)).toEqual([]);
});

test.each([
  ['Nobody waits for it.', 'Nobody'],
  ['It makes room for somebody else.', 'somebody'],
  ['Whoever had it gives it back.', 'Whoever'],
  ['those for whom it is opened', 'whom'],
  [`reason: 'worn'`, 'worn'],
  ['whichever the server settles for', 'settles for'],
])('%s is found', (text, word) => {
  expect(inPage(`\n${text}\n`)).toEqual([{ line: 2, word, instead: expect.any(String) as string }]);
});

test.each([
  ['/** Nobody waits for it. */', ['Nobody']],
  ['  // for whoever asks', ['whoever']],
  [`const subject = 'nobody';`, []],
  [`const reason = 'worn';`, ['worn']],
])('of a source: %s', (text, words) => {
  expect(inSource(text).map(({ word }) => word)).toEqual(words);
});

test.each(['It is worth it.', 'the wholesale price', 'this body'])('%s is not', (text) => {
  expect(inPage(text)).toEqual([]);
});
