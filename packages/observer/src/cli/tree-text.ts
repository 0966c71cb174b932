/** The tree as text, and as a graph of Graphviz. */
import type { TreeDocument, TreeNode } from '../protocol/documents.ts';
import { plain } from './text.ts';

/** Deeper levels are cut off: their indentation grows with the square of the depth. */
const deepest = 64;

export function treeText(document: TreeDocument): string {
  const lines: string[] = [];
  const below = (keys: readonly string[], indent: string, depth: number, more = 0): void => {
    const last = keys.length - (more > 0 ? 0 : 1);
    keys.forEach((key, index) => {
      const node = document.nodes[key];
      if (node === undefined) return;
      lines.push(indent + (index === last ? '└─ ' : '├─ ') + describe(node));
      const inner = indent + (index === last ? '   ' : '│  ');
      if (depth < deepest) below(node.children, inner, depth + 1, node.more);
    });
    if (more > 0) lines.push(`${indent}└─ … ${more} more`);
  };
  for (const key of document.roots) {
    const node = document.nodes[key];
    if (node === undefined) continue;
    lines.push(describe(node));
    below(node.children, '', 1, node.more);
  }
  if (document.others.length > 0) {
    if (lines.length > 0) lines.push('');
    lines.push('outside any tree');
    below(document.others, '', 1);
  }
  const { shown, total } = document;
  if (shown < total) lines.push('', `${shown} of ${total} processes`);
  return lines.join('\n');
}

const titleOf = ({ name, id, label }: TreeNode): string => name ?? id ?? label;

function describe(node: TreeNode): string {
  const { label, supervisor, state, status, restarts, mailbox, pid } = node;
  const title = titleOf(node);
  const strategy = supervisor === undefined ? '' : ` ${supervisor.strategy}`;
  return [
    title,
    title === label && strategy === '' ? undefined : label + strategy,
    supervisor &&
      `${supervisor.restarts} of ${supervisor.intensity} restarts in ${supervisor.period} s`,
    state === undefined ? undefined : `[${state}]`,
    status === 'restarting' || status === 'stopped' ? `[${status}]` : undefined,
    restarts === undefined || restarts === 0 ? undefined : `restarted ${restarts}×`,
    mailbox > 0 ? `${mailbox} waiting` : undefined,
    pid,
  ]
    .filter((part) => part !== undefined)
    .map(plain)
    .join('  ');
}

/** Source: graphviz.org, the DOT language. */
export function treeDot({ nodes }: TreeDocument): string {
  const lines = ['digraph tree {', '  rankdir=LR;', '  node [shape=box, fontname="sans-serif"];'];
  for (const [key, node] of Object.entries(nodes)) {
    const shape = node.supervisor === undefined ? '' : ', style=rounded';
    lines.push(`  ${quoted(key)} [label=${quoted(labelOf(node))}${shape}];`);
    for (const child of node.children) lines.push(`  ${quoted(key)} -> ${quoted(child)};`);
    if (node.more !== undefined) {
      const rest = `${key} more`;
      lines.push(`  ${quoted(rest)} [label=${quoted(`… ${node.more} more`)}, shape=plaintext];`);
      lines.push(`  ${quoted(key)} -> ${quoted(rest)} [style=dashed];`);
    }
  }
  return [...lines, '}'].join('\n');
}

function labelOf(node: TreeNode): string {
  const { supervisor, state, pid, status } = node;
  const second = supervisor?.strategy ?? state ?? (pid === undefined ? status : node.label);
  return [titleOf(node), second, pid].filter((part) => part !== undefined).join('\n');
}

/** A string of DOT. */
function quoted(text: string): string {
  const safe = text.split('\n').map((line) => plain(line).replaceAll(/[\\"]/g, String.raw`\$&`));
  return `"${safe.join(String.raw`\n`)}"`;
}
