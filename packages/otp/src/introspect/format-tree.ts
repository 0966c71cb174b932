/** A snapshot as text. */
import type { ProcessNode, Snapshot, StateValue } from './snapshot.ts';

export interface FormatTreeOptions {
  /** Shows pids, which differ from run to run; true by default. */
  readonly pids?: boolean;
  /** Also lists the processes outside any tree; true by default. */
  readonly others?: boolean;
}

/** Deeper levels are cut off: the indentation of a long chain of processes grows with its square. */
const deepest = 64;

interface Line {
  readonly node: ProcessNode;
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
  const pids = options?.pids ?? true;
  const lines = trees(snapshot.roots, pids);
  if (options?.others !== false && snapshot.others.length > 0) {
    if (lines.length > 0) lines.push('');
    lines.push('outside any tree', ...trees([{ children: snapshot.others }], pids));
  }
  return lines.join('\n');
}

/** Depth first with a stack of its own: a chain of linked processes can be long. */
function trees(roots: ReadonlyArray<ProcessNode | Pick<ProcessNode, 'children'>>, pids: boolean) {
  const lines: string[] = [];
  const stack: Line[] = [];
  for (const root of roots) {
    if ('label' in root) stack.push({ node: root, depth: 0, prefix: '', indent: '' });
    else for (const line of below(root, 1, '')) stack.push(line);
    for (let line = stack.pop(); line !== undefined; line = stack.pop()) {
      lines.push(line.prefix + describe(line.node, pids));
      if (line.depth < deepest) {
        for (const child of below(line.node, line.depth + 1, line.indent)) stack.push(child);
      } else if (line.node.children.length > 0) lines.push(`${line.indent}└─ …`);
    }
  }
  return lines;
}

/** The lines below a node, the last one first. */
function below({ children }: Pick<ProcessNode, 'children'>, depth: number, indent: string): Line[] {
  const last = children.length - 1;
  return children
    .map((node, index) => ({
      node,
      depth,
      prefix: indent + (index === last ? '└─ ' : '├─ '),
      indent: indent + (index === last ? '   ' : '│  '),
    }))
    .toReversed();
}

function describe(node: ProcessNode, pids: boolean): string {
  const { name, id, label, supervisor, state, status, mailbox, pid } = node;
  const title = name ?? id;
  return [
    title,
    ...(title === label
      ? []
      : [label + (supervisor === undefined ? '' : ` ${supervisor.strategy}`)]),
    supervisor &&
      `${supervisor.restarts} of ${supervisor.intensity} restarts in ${supervisor.period} s`,
    state === undefined ? undefined : `[${formatState(state)}]`,
    status === 'restarting' || status === 'stopped' ? `[${status}]` : undefined,
    mailbox > 0 ? `${mailbox} waiting` : undefined,
    pids ? pid : undefined,
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
