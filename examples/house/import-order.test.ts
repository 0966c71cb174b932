/**
 * The layers of each package: a lower one never imports a higher one, types included, and no files
 * import each other in a circle.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cyclesOf, importGraph, importsOf, type ImportGraph } from './import-graph.ts';
import { emptyEntries, filesWithoutLayer, wrongImports, type Layers } from './import-order.ts';
import { packages } from './layers.ts';

const root = join(import.meta.dirname, '../..');
const all = Object.entries(packages).map(([name, rules]) => ({
  name,
  ...rules,
  graph: importGraph(join(root, 'packages', name, 'src')),
}));

test.each(all)('each file of $name belongs to a layer', ({ layers, graph }) => {
  expect(graph.size).toBeGreaterThan(20);
  expect(filesWithoutLayer(layers, graph)).toEqual([]);
  expect(emptyEntries(layers, graph)).toEqual([]);
});

test.each(all)(
  '$name imports downwards only, but for its pairs and what is known',
  ({ layers, graph, pairs, known }) => {
    const within = pairs.flatMap(({ files: [a, b] }) => [`${a} -> ${b}`, `${b} -> ${a}`]);
    const wrong = wrongImports(layers, graph).filter((each) => !within.includes(each));
    expect(wrong.toSorted()).toEqual(Object.keys(known).toSorted());
  },
);

test.each(all)('no files of $name import each other in a circle, but for what is known', (each) => {
  const { graph, pairs, circles } = each;
  const listed = [...pairs, ...circles].map(({ files }) => files.toSorted().join(' + '));
  expect(
    cyclesOf(graph)
      .map((files) => files.join(' + '))
      .toSorted(),
  ).toEqual(listed.toSorted());
});

test('a pair of files that import each other lies in one folder', () => {
  const folders = all.flatMap(({ pairs }) =>
    pairs.map(({ files }) => new Set(files.map((file) => file.replace(/[^/]*$/, ''))).size),
  );
  expect(folders.filter((count) => count !== 1)).toEqual([]);
});

// The check itself ----------------------------------------------------------------

test.each([
  `import { Pool } from '../pool/pool.ts';`,
  `import type { Pool } from '../pool/pool.ts';`,
  `import { type Pool } from '../pool/pool.ts';`,
  `import '../pool/pool.ts';`,
  `export { Pool } from '../pool/pool.ts';`,
  `export type { Pool } from '../pool/pool.ts';`,
  `export * from '../pool/pool.ts';`,
  `let pool: import('../pool/pool.ts').Pool;`,
  `type Pool = typeof import('../pool/pool.ts');`,
  `const { Pool } = await import('../pool/pool.ts');`,
])('%s is an import', (source) => {
  expect([...importsOf('errors/pool-errors.ts', source)]).toEqual(['pool/pool.ts']);
});

test.each([
  `import { Pool } from '@linnet/finch';`,
  `// import { Pool } from '../pool/pool.ts';`,
  `const text = "import { Pool } from '../pool/pool.ts'";`,
])('%s is none', (source) => {
  expect([...importsOf('errors/pool-errors.ts', source)]).toEqual([]);
});

const graphOf = (imports: Readonly<Record<string, readonly string[]>>): ImportGraph =>
  new Map(Object.entries(imports).map(([file, others]) => [file, new Set(others)]));

const layers: Layers = [
  ['errors'],
  ['pool/identity.ts'],
  ['request', 'response'],
  ['pool'],
  ['index.ts'],
];

test.each([
  ['upwards', 'errors/a.ts', 'pool/pool.ts'],
  ['to the other of one layer', 'request/a.ts', 'response/b.ts'],
  ['to the folder around a lower file', 'pool/identity.ts', 'pool/pool.ts'],
  ['to the index', 'pool/pool.ts', 'index.ts'],
])('an import %s is found', (_, from, to) => {
  expect(wrongImports(layers, graphOf({ [from]: [to] }))).toEqual([`${from} -> ${to}`]);
});

test.each([
  ['downwards', 'pool/pool.ts', 'errors/a.ts'],
  ['within a folder', 'pool/pool.ts', 'pool/shard.ts'],
  ['to a lower file of the same folder', 'pool/pool.ts', 'pool/identity.ts'],
  ['to that file from between', 'request/a.ts', 'pool/identity.ts'],
])('an import %s is not', (_, from, to) => {
  expect(wrongImports(layers, graphOf({ [from]: [to] }))).toEqual([]);
});

test('a file in a new folder is found', () => {
  const graph = graphOf({ 'pool/pool.ts': [], 'stats/stats.ts': [] });
  expect(filesWithoutLayer(layers, graph)).toEqual(['stats/stats.ts']);
});

test('circles are found, each by itself, and what only leads to them is not', () => {
  const graph = graphOf({
    'start.ts': ['a.ts'],
    'a.ts': ['b.ts', 'end.ts'],
    'b.ts': ['c.ts'],
    'c.ts': ['a.ts', 'd.ts'],
    'd.ts': ['e.ts'],
    'e.ts': ['d.ts'],
    'end.ts': [],
  });
  expect(cyclesOf(graph)).toEqual([
    ['d.ts', 'e.ts'],
    ['a.ts', 'b.ts', 'c.ts'],
  ]);
});
