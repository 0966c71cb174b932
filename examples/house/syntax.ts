/** The syntax tree of a source, as far as the checks of this folder look at it. */
import { parseAst } from 'vitest/node';

/** A node of the tree (ESTree with TypeScript's own nodes). */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly name?: string;
  readonly value?: unknown;
  readonly computed?: boolean;
  readonly object?: Node;
  readonly property?: Node;
  readonly key?: Node;
  readonly left?: Node;
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
  readonly source?: Node | null;
  readonly superClass?: Node | null;
  readonly body?: Node | readonly Node[];
}

/** The tree of a TypeScript source. */
export function parse(text: string): Node {
  const program: unknown = parseAst(text, { lang: 'ts' });
  return program as Node;
}

/** Visits a node and all nodes below it. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const child of Object.values(node).flat()) {
    if (typeof child === 'object' && child !== null && 'type' in child) walk(child as Node, visit);
  }
}

const importing: ReadonlySet<string> = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

/** What a node imports: `./pid.ts` of `import type { Pid } from './pid.ts'`; or undefined. */
export function importedBy(node: Node): string | undefined {
  const specifier = node.source?.value;
  return importing.has(node.type) && typeof specifier === 'string' ? specifier : undefined;
}
