/** A snapshot as text. */
import type { ProcessNode, Snapshot, StateValue } from './snapshot.ts';

/** Options of {@link formatTree}. */
export interface FormatTreeOptions {
  /** Shows pids, which differ from run to run; true by default. */
  readonly pids?: boolean;
  /** Also lists the processes outside any tree; true by default. */
  readonly others?: boolean;
  /** Counts children that differ only in their pids, when there are more than two; true by default. */
  readonly group?: boolean;
}

/** Deeper levels are cut off: the indentation of a long chain of processes grows with its square. */
const deepest = 64;

interface Style {
  readonly pids: boolean;
  readonly group: boolean;
}

interface Line {
  readonly node: ProcessNode;
  /** How many siblings the line stands for. */
  readonly count: number;
  readonly depth: number;
  /** What stands before the line itself, and before the lines below it. */
  readonly prefix: string;
  readonly indent: string;
}

/**
 * Prints a snapshot as a tree: name or id, what it is, state, pid, restarts within the period.
 *
 * @example
 * console.log(formatTree(introspect()));
 * // shop  supervisor one_for_one, 1 of 3 restarts in 5 s  #PID<0.1.0>
 * // ├─ orders  Orders  #PID<0.2.0>
 * // └─ payments  PaymentGateway  [restarting]
 */
export function formatTree(snapshot: Snapshot, options?: FormatTreeOptions): string {
  const style: Style = { pids: options?.pids ?? true, group: options?.group ?? true };
  const lines = trees(snapshot.roots, style);
  if (options?.others !== false && snapshot.others.length > 0) {
    if (lines.length > 0) lines.push('');
    lines.push('outside any tree', ...trees([{ children: snapshot.others }], style));
  }
  return lines.join('\n');
}

/** Depth first with a stack of its own: a chain of linked processes can be long. */
function trees(roots: ReadonlyArray<ProcessNode | Pick<ProcessNode, 'children'>>, style: Style) {
  const lines: string[] = [];
  const stack: Line[] = [];
  for (const root of roots) {
    if ('label' in root) stack.push({ node: root, count: 1, depth: 0, prefix: '', indent: '' });
    else for (const line of below(root, 1, '', style)) stack.push(line);
    for (let line = stack.pop(); line !== undefined; line = stack.pop()) {
      lines.push(line.prefix + describe(line, style));
      if (line.depth < deepest) {
        for (const child of below(line.node, line.depth + 1, line.indent, style)) stack.push(child);
      } else if (line.node.children.length > 0) lines.push(`${line.indent}└─ …`);
    }
  }
  return lines;
}

/** The lines below a node, the last one first. */
function below(
  { children }: Pick<ProcessNode, 'children'>,
  depth: number,
  indent: string,
  style: Style,
): Line[] {
  const groups = style.group ? grouped(children) : children.map((node) => ({ node, count: 1 }));
  const last = groups.length - 1;
  return groups
    .map(({ node, count }, index) => ({
      node,
      count,
      depth,
      prefix: indent + (index === last ? '└─ ' : '├─ '),
      indent: indent + (index === last ? '   ' : '│  '),
    }))
    .toReversed();
}

/** Nameless children without children of their own, in the same state, as one. */
function grouped(children: readonly ProcessNode[]): Array<{ node: ProcessNode; count: number }> {
  const alike = new Map<string, ProcessNode[]>();
  for (const node of children) {
    const key = isAlike(node)
      ? `${node.label} ${JSON.stringify(node.state)} ${node.mailbox > 0}`
      : '';
    if (key === '') continue;
    const known = alike.get(key);
    if (known === undefined) alike.set(key, [node]);
    else known.push(node);
  }
  const counted = new Set([...alike.values()].filter((nodes) => nodes.length > 2).flat());
  const lines = children.filter((node) => !counted.has(node)).map((node) => ({ node, count: 1 }));
  for (const [node, ...others] of alike.values()) {
    if (node !== undefined && counted.has(node)) lines.push({ node, count: 1 + others.length });
  }
  return lines;
}

function isAlike({ name, id, children, status }: ProcessNode): boolean {
  return name === undefined && id === undefined && children.length === 0 && status === 'waiting';
}

function describe({ node, count }: Pick<Line, 'node' | 'count'>, { pids }: Style): string {
  const { name, id, label, supervisor, state, status, restarts, mailbox, pid } = node;
  const title = name ?? id ?? label;
  return [
    count === 1 ? title : `${count} × ${title}`,
    ...(title === label && supervisor === undefined
      ? []
      : [label + (supervisor === undefined ? '' : ` ${supervisor.strategy}`)]),
    supervisor &&
      `${supervisor.restarts} of ${supervisor.intensity} restarts in ${supervisor.period} s`,
    state === undefined ? undefined : `[${formatState(state)}]`,
    status === 'restarting' || status === 'stopped' ? `[${status}]` : undefined,
    restarts === undefined || restarts === 0 ? undefined : `restarted ${restarts}×`,
    mailbox > 0 ? `${mailbox} waiting` : undefined,
    pids && count === 1 ? pid : undefined,
  ]
    .filter((part) => part !== undefined)
    .join('  ');
}

/** `connected`, `connected.idle`, or `{ audio.on, video.off }` for parallel regions. */
function formatState(state: StateValue): string {
  if (typeof state === 'string') return state;
  const regions = Object.entries(state).map(([name, value]) => {
    const inner = formatState(value);
    return inner === '' ? name : `${name}.${inner}`;
  });
  return regions.length === 1 ? (regions[0] ?? '') : `{ ${regions.join(', ')} }`;
}
