/** The tree as it is drawn: which nodes are seen, and where. */
import { hierarchy, partition } from 'd3-hierarchy';
import type { TreeDocument, TreeNode } from '../../src/protocol/documents.ts';

/** The size of the place of a node, in px: across and along the tree. */
const across = 62;
const along = 252;

export interface SeenNode {
  readonly key: string;
  readonly node: TreeNode;
  /** How many processes it stands for: 1, or that of a group of processes that are alike. */
  readonly count: number;
  /** From 1. */
  readonly level: number;
  /** Among its siblings, from 1. */
  readonly position: number;
  readonly siblings: number;
  readonly parent: string | undefined;
  readonly isOpen: boolean;
  readonly x: number;
  readonly y: number;
}

export interface SeenTree {
  /** In the order in which they are read. */
  readonly nodes: readonly SeenNode[];
  readonly width: number;
  readonly height: number;
  readonly lines: ReadonlyArray<{ readonly key: string; readonly path: string }>;
}

/** A node, or several that are alike. */
interface Item {
  readonly key: string;
  readonly node: TreeNode;
  readonly count: number;
}

/** Children that are alike are shown as one when there are more of them. */
const fewAlike = 3;

/** What the viewer has folded, and which groups it has unfolded: both differ from what is shown at first. */
export type Toggled = ReadonlySet<string>;

/**
 * Places each process in the first of the rows of what is below it, so that the top of the tree is at the
 * top of the page. The root, which is not shown, holds the roots together.
 */
export function layOut(document: TreeDocument, toggled: Toggled): SeenTree {
  const { nodes, roots, others } = document;
  const top: TreeNode = {
    label: '',
    type: 'supervisor',
    status: 'waiting',
    mailbox: 0,
    children: [...roots, ...others],
  };
  const isOpen = ({ key, count }: Item): boolean => toggled.has(key) === count > 1;
  const itemsBelow = (item: Item): Item[] => (isOpen(item) ? childrenOf(item, nodes) : []);
  const counted = hierarchy<Item>({ key: '', node: top, count: 1 }, itemsBelow).count();
  const height = (counted.value ?? 0) * across;
  const placed = partition<Item>().size([height, 1])(counted);
  const seen: SeenNode[] = [];
  const lines: Array<{ readonly key: string; readonly path: string }> = [];
  placed.eachBefore(({ data, parent, x0: y, depth: level }) => {
    if (parent === null) return;
    const { key, node, count } = data;
    const siblings = parent.children ?? [];
    const x = (level - 1) * along;
    seen.push({
      key,
      node,
      count,
      level,
      position: siblings.findIndex((each) => each.data === data) + 1,
      siblings: siblings.length,
      parent: level === 1 ? undefined : parent.data.key,
      isOpen: isOpen(data),
      x,
      y,
    });
    if (level > 1) lines.push({ key, path: lineTo(x - along, parent.x0, x, y) });
  });
  return { nodes: seen, lines, width: placed.height * along, height };
}

function childrenOf({ key, node, count }: Item, nodes: TreeDocument['nodes']): Item[] {
  const children = node.children.flatMap((child): Item[] => {
    const found = nodes[child];
    return found === undefined ? [] : [{ key: child, node: found, count: 1 }];
  });
  if (count > 1) return children;
  const alike = new Map<string, Item[]>();
  for (const child of children) {
    if (!isAlike(child.node)) continue;
    const { label } = child.node;
    alike.set(label, [...(alike.get(label) ?? []), child]);
  }
  const done = new Set<string>();
  return children.flatMap((child) => {
    const { label } = child.node;
    const group = isAlike(child.node) ? (alike.get(label) ?? []) : [];
    if (group.length <= fewAlike) return [child];
    if (done.has(label)) return [];
    done.add(label);
    return [groupOf(`${key} ${label}`, group)];
  });
}

/** Without a name, an id, a past or anything below it. */
function isAlike({ name, id, children, more, status, restarts = 0, mailbox, matched }: TreeNode) {
  if (name !== undefined || id !== undefined || matched === true) return false;
  if (children.length > 0 || more !== undefined || restarts > 0 || mailbox > 0) return false;
  return status !== 'restarting' && status !== 'stopped';
}

function groupOf(key: string, items: readonly Item[]): Item {
  const states = new Map<string, number>();
  for (const { node } of items) {
    if (node.state !== undefined) states.set(node.state, (states.get(node.state) ?? 0) + 1);
  }
  const state = [...states].map(([name, times]) => `${times} ${name}`).join(', ');
  const node: TreeNode = {
    label: items[0]?.node.label ?? '',
    type: 'worker',
    status: 'waiting',
    mailbox: 0,
    ...(state === '' ? undefined : { state }),
    children: items.map((item) => item.key),
  };
  return { key, node, count: items.length };
}

/** From the right edge of a node to the left edge of a child. */
function lineTo(fromX: number, fromY: number, toX: number, toY: number): string {
  const [startX, startY, endY] = [fromX + along - 40, fromY + across / 2 - 4, toY + across / 2 - 4];
  const middle = (startX + toX) / 2;
  return `M${startX},${startY}C${middle},${startY} ${middle},${endY} ${toX},${endY}`;
}
