/** The tree as it is drawn: which nodes are seen, and where. */
import { hierarchy, tree } from 'd3-hierarchy';
import type { TreeDocument, TreeNode } from '../../src/protocol/documents.ts';

/** The size of the place of a node, in px: across and along the tree. */
const across = 62;
const along = 270;

export interface SeenNode {
  readonly key: string;
  readonly node: TreeNode;
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

interface Item {
  readonly key: string;
  readonly keys: readonly string[];
}

/** Layout by d3-hierarchy; the root, which is not shown, holds the roots together. */
export function layOut(document: TreeDocument, folded: ReadonlySet<string>): SeenTree {
  const { nodes } = document;
  const root: Item = { key: '', keys: [...document.roots, ...document.others] };
  const itemsBelow = ({ key, keys }: Item): Item[] =>
    folded.has(key)
      ? []
      : keys
          .filter((child) => nodes[child] !== undefined)
          .map((child) => ({ key: child, keys: nodes[child]?.children ?? [] }));
  const placed = tree<Item>().nodeSize([across, along])(hierarchy(root, itemsBelow));
  let top = 0;
  let bottom = 0;
  placed.each(({ x }) => {
    top = Math.min(top, x);
    bottom = Math.max(bottom, x);
  });
  const seen: SeenNode[] = [];
  const lines: Array<{ readonly key: string; readonly path: string }> = [];
  let depth = 0;
  placed.eachBefore(({ data, parent, x, y, depth: level }) => {
    const node = nodes[data.key];
    if (node === undefined || parent === null) return;
    depth = Math.max(depth, level);
    const siblings = parent.children ?? [];
    const at = { x: y - along, y: x - top };
    seen.push({
      key: data.key,
      node,
      level,
      position: siblings.findIndex((each) => each.data === data) + 1,
      siblings: siblings.length,
      parent: parent.depth === 0 ? undefined : parent.data.key,
      isOpen: !folded.has(data.key),
      ...at,
    });
    if (parent.depth > 0) {
      lines.push({ key: data.key, path: lineTo(parent.y - along, parent.x - top, at.x, at.y) });
    }
  });
  return { nodes: seen, lines, width: depth * along, height: bottom - top + across };
}

/** From the right edge of a node to the left edge of a child. */
function lineTo(fromX: number, fromY: number, toX: number, toY: number): string {
  const [startX, startY, endY] = [fromX + along - 40, fromY + across / 2 - 4, toY + across / 2 - 4];
  const middle = (startX + toX) / 2;
  return `M${startX},${startY}C${middle},${startY} ${middle},${endY} ${toX},${endY}`;
}
