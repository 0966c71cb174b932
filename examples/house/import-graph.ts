/** Which files of a package import which, types included. */
import { globSync, readFileSync } from 'node:fs';

import { join, posix } from 'node:path';
import { importedBy, parse, walk } from './syntax.ts';

/** The imports of each file, by paths within the folder of the sources. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** The graph of all sources in a folder. */
export function importGraph(folder: string): ImportGraph {
  const files = globSync('**/*.ts', { cwd: folder }).map((file) => file.replaceAll('\\', '/'));
  return new Map(
    files
      .toSorted()
      .map((file) => [file, importsOf(file, readFileSync(join(folder, file), 'utf8'))]),
  );
}

/** What one source imports from its own package: with `import`, `export … from` or `import('…')`. */
export function importsOf(file: string, text: string): ReadonlySet<string> {
  const found = new Set<string>();
  walk(parse(text), (node) => {
    const specifier = importedBy(node);
    if (specifier?.startsWith('.') === true) {
      found.add(posix.join(posix.dirname(file), specifier));
    }
  });
  return found;
}

/**
 * The groups of files that import each other, directly or by way of others: the strongly connected
 * components with more than one file (Tarjan's algorithm).
 */
export function cyclesOf(graph: ImportGraph): string[][] {
  const cycles: string[][] = [];
  const stack: string[] = [];
  const order = new Map<string, number>();
  /** The earliest file on the stack that a file leads back to. */
  const lowest = new Map<string, number>();

  const visit = (file: string): number => {
    const own = order.size;
    order.set(file, own);
    lowest.set(file, own);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      const reached = order.has(next)
        ? stack.includes(next)
          ? order.get(next)
          : own
        : visit(next);
      lowest.set(file, Math.min(lowest.get(file) ?? own, reached ?? own));
    }
    const low = lowest.get(file) ?? own;
    if (low === own) {
      const group = stack.splice(stack.indexOf(file));
      if (group.length > 1) cycles.push(group.toSorted());
    }
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return cycles;
}
