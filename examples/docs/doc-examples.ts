/** Turns the `@example` blocks of doc comments into modules that can be compiled. */
import { join, relative } from 'node:path';
import { sourceOf, type Source } from './source.ts';
import { workFolder } from './work-folder.ts';

/** An example as a module. */
export interface Example {
  /** Where it stands: the file, and the number of the first line of its code. */
  readonly file: string;
  readonly line: number;
  readonly source: string;
  /** The line of `source` with which its code begins. */
  readonly offset: number;
}

/** What an example may use without saying so. */
export interface Scope {
  /** By name: where it comes from, and whether it is a type. */
  readonly names: ReadonlyMap<string, { readonly from: string; readonly type: boolean }>;
}

/** The sources that can be reached from some files by relative imports. */
export function reachable(entries: readonly string[]): Source[] {
  const found = new Map<string, Source>();
  const visit = (file: string): void => {
    if (found.has(file) || !file.endsWith('.ts') || file.endsWith('.d.ts')) return;
    const source = sourceOf(file);
    found.set(file, source);
    for (const { from } of [...source.imports.values(), ...source.reexports.values()]) {
      if (from.startsWith('/') || /^[A-Za-z]:/.test(from)) visit(from);
    }
  };
  for (const entry of entries) visit(entry);
  return [...found.values()];
}

/** Where the modules are compiled; nothing else is in this folder. */
export const work = workFolder('doc-comments');

const fromWork = (file: string): string => relative(work, file).replaceAll('\\', '/');

/** What a module exports, for examples that are to find it under `specifier`. */
export function exportsOf(file: string, specifier = fromWork(file)): Scope {
  const { reexports, declarations } = sourceOf(file);
  const names = new Map<string, { from: string; type: boolean }>();
  for (const [name, { type }] of reexports) names.set(name, { from: specifier, type });
  for (const { name, kind, exported } of declarations.values()) {
    const type = kind === 'interface' || kind === 'type';
    if (exported) names.set(name, { from: specifier, type });
  }
  return { names };
}

/** A scope of values from a package that the examples use. */
export const valuesFrom = (specifier: string, ...names: readonly string[]): Scope => ({
  names: new Map(names.map((name) => [name, { from: specifier, type: false }])),
});

/** The examples of a source; a name is taken from the first scope that has it. */
export function examplesOf({ file, lines }: Source, scopes: readonly Scope[]): Example[] {
  const found: Example[] = [];
  const all = [...scopes, exportsOf(file)];
  for (let index = 0; index < lines.length; index++) {
    if (!/^\s*\* @example\s*$/.test(lines[index] ?? '')) continue;
    const code: string[] = [];
    for (let at = index + 1; /^\s*\*(?!\/)(?! @[a-z])/.test(lines[at] ?? ''); at++) {
      code.push((lines[at] ?? '').replace(/^\s*\* ?/, ''));
    }
    found.push({ file, line: index + 2, ...moduleOf(code, all) });
  }
  return found;
}

function moduleOf(code: readonly string[], scopes: readonly Scope[]) {
  const isImport = (line: string): boolean => /^import\b/.test(line);
  const imported = code
    .filter(isImport)
    .join('\n')
    .replaceAll(/'[^']*'/g, '');
  const text = code.join('\n').replaceAll(/\/\/.*$/gm, '');
  const imports = [...new Set(text.match(/[A-Za-z_$][\w$]*/g))].flatMap((name) => {
    if (new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`).test(imported)) return [];
    const origin = scopes.find(({ names }) => names.has(name))?.names.get(name);
    if (origin === undefined) return [];
    return [`import ${origin.type ? 'type ' : ''}{ ${name} } from '${origin.from}';`];
  });
  const head = [...imports, ...code.filter(isImport), 'export async function example() {'];
  // A line that went to the head stays as an empty one, so that the others keep their places.
  const body = code.map((line) => (isImport(line) ? '' : line));
  return { source: [...head, ...body, '}', ''].join('\n'), offset: head.length + 1 };
}

/** The index files of the packages, by the name under which they are imported. */
export const indexes = (root: string): ReadonlyMap<string, string> =>
  new Map([
    ['@linnet/otp', join(root, 'packages/otp/src/index.ts')],
    ['@linnet/otp/testing', join(root, 'packages/otp/src/testing/index.ts')],
    ['@linnet/otp/options', join(root, 'packages/otp/src/options/index.ts')],
    ['@linnet/cluster', join(root, 'packages/cluster/src/index.ts')],
    ['@linnet/cluster/nats', join(root, 'packages/cluster/src/nats/index.ts')],
    ['@linnet/cluster/finch', join(root, 'packages/cluster/src/finch/index.ts')],
    ['@linnet/mint', join(root, 'packages/mint/src/index.ts')],
    ['@linnet/mint/testing', join(root, 'packages/mint/src/testing/index.ts')],
    ['@linnet/finch', join(root, 'packages/finch/src/index.ts')],
    ['@linnet/finch/opentelemetry', join(root, 'packages/finch/src/opentelemetry/index.ts')],
    ['@linnet/finch/testing', join(root, 'packages/finch/src/testing/index.ts')],
    ['@linnet/finch/prometheus', join(root, 'packages/finch/src/prometheus/index.ts')],
    ['@linnet/req', join(root, 'packages/req/src/index.ts')],
    ['@linnet/observer', join(root, 'packages/observer/src/index.ts')],
  ]);
