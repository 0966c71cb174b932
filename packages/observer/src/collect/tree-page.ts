/** The tree as a document of bounded size. */
import type { TreeDocument, TreeNode } from '../protocol/documents.ts';
import { factsOf, matches, type Entry, type LiveTree } from './live-tree.ts';
import { cut, given } from './show.ts';
import { Turns } from './turns.ts';

/** Nodes that a document has at most. */
const mostNodes = 1000;

/** Children of one node that are shown while none was asked for. */
const mostChildren = 50;

export interface TreeQuery {
  /** Shows what has this text, and what is above it. */
  readonly search: string;
  /** Shows the tree below this process only; empty for all. */
  readonly root: string;
}

type TreePage = Omit<TreeDocument, 'system'>;

/** Breadth first, so that what is left out is deep or one of many. */
export async function treePage(tree: LiveTree, { search, root }: TreeQuery): Promise<TreePage> {
  const wanted = search === '' ? undefined : await withAncestors(tree, search.toLowerCase());
  const below = root === '' ? undefined : tree.byKey.get(root);
  const roots = below === undefined ? tree.roots : [below];
  const others = below === undefined ? tree.others : [];
  const isWanted = (entry: Entry): boolean => wanted === undefined || wanted.has(entry);
  const shownRoots = roots.filter(isWanted).slice(0, mostChildren);
  const shownOthers = others.filter(isWanted).slice(0, mostChildren);
  const nodes: Record<string, TreeNode> = {};
  const queue = [...shownRoots, ...shownOthers];
  // Those that are in the queue have their place in the document already.
  let placed = queue.length;
  for (let i = 0; i < queue.length; i++) {
    const entry = queue[i] as Entry;
    const candidates = entry.children.filter(isWanted);
    const count = Math.max(0, Math.min(candidates.length, mostChildren, mostNodes - placed));
    const children = candidates.slice(0, count);
    placed += count;
    queue.push(...children);
    const more = candidates.length - count;
    nodes[entry.key] = describe(entry, children, more, tree.takenAt, wanted);
  }
  return {
    nodes,
    roots: shownRoots.map(({ key }) => key),
    others: shownOthers.map(({ key }) => key),
    total: tree.total,
    shown: queue.length,
  };
}

/** The entries that match a search: true; and those above them: false. */
async function withAncestors(tree: LiveTree, search: string): Promise<ReadonlyMap<Entry, boolean>> {
  const turns = new Turns();
  const wanted = new Map<Entry, boolean>();
  for (const entry of tree.all) {
    if (turns.over) await turns.next();
    if (!matches(entry, search)) continue;
    wanted.set(entry, true);
    for (let up = entry.parent; up !== undefined && !wanted.has(up); up = up.parent) {
      wanted.set(up, false);
    }
  }
  return wanted;
}

function describe(
  entry: Entry,
  children: readonly Entry[],
  more: number,
  takenAt: number,
  wanted: ReadonlyMap<Entry, boolean> | undefined,
): TreeNode {
  const { id, restart, supervisor } = entry.node;
  return {
    ...factsOf(entry, takenAt),
    ...given('id', id === undefined ? undefined : cut(id, 200)),
    ...given('restart', restart),
    ...given('supervisor', supervisor),
    children: children.map(({ key }) => key),
    ...given('more', more > 0 ? more : undefined),
    ...given('matched', wanted?.get(entry) === true ? true : undefined),
  };
}
