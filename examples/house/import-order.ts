/** Holds a package to the order of its layers: a lower one never imports a higher one. */
import type { ImportGraph } from './import-graph.ts';

/**
 * The layers of a package, the lowest first. Each holds folders and files of `src`; of two entries
 * that match a file, the longer one counts, so `pool/identity.ts` may lie below `pool`. The entries of
 * one layer do not import each other.
 */
export type Layers = ReadonlyArray<readonly string[]>;

/** The entry of the layers that a file belongs to; undefined when there is none. */
function entryOf(layers: Layers, file: string): { name: string; layer: number } | undefined {
  return layers
    .flatMap((names, layer) => names.map((name) => ({ name, layer })))
    .filter(({ name }) => file === name || file.startsWith(`${name}/`))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** The imports that go upwards, or sideways within a layer: `pool/a.ts -> finch.ts`. */
export function wrongImports(layers: Layers, graph: ImportGraph): string[] {
  return [...graph].flatMap(([file, imports]) =>
    [...imports]
      .filter((other) => !mayImport(layers, file, other))
      .map((other) => `${file} -> ${other}`),
  );
}

function mayImport(layers: Layers, file: string, other: string): boolean {
  const from = entryOf(layers, file);
  const to = entryOf(layers, other);
  if (from === undefined || to === undefined) return true;
  return from.name === to.name || to.layer < from.layer;
}

/** The files that no layer has. */
export function filesWithoutLayer(layers: Layers, graph: ImportGraph): string[] {
  return [...graph.keys()].filter((file) => entryOf(layers, file) === undefined);
}

/** The layers' entries that no file belongs to any more. */
export function emptyEntries(layers: Layers, graph: ImportGraph): string[] {
  const used = new Set([...graph.keys()].map((file) => entryOf(layers, file)?.name));
  return layers.flat().filter((name) => !used.has(name));
}
