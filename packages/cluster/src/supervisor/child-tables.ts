/** Which child runs where, as one node knows it. */
import type { ChildEntry, ClusterChild, RunningChild } from './cluster-child.ts';

export class ChildTables {
  /** Of this node. */
  readonly own = new Map<string, ChildEntry>();
  /** Whose node has gone, and that no other node has started yet. */
  readonly orphans = new Map<string, ClusterChild>();
  readonly #others = new Map<string, Map<string, ChildEntry>>();
  /** When children of this node have ended for good. */
  readonly #endedAt = new Map<string, number>();

  find(id: string, self: string): RunningChild | undefined {
    const own = this.own.get(id);
    if (own !== undefined) return { id, node: self, pid: own.pid };
    for (const [node, table] of this.#others) {
      const entry = table.get(id);
      if (entry !== undefined) return { id, node, pid: entry.pid };
    }
    return undefined;
  }

  /** Whether it runs on any node. */
  isKnown(id: string): boolean {
    return this.own.has(id) || [...this.#others.values()].some((table) => table.has(id));
  }

  all(self: string): RunningChild[] {
    return [[self, this.own] as const, ...this.#others].flatMap(([node, table]) =>
      Array.from(table, ([id, { pid }]) => ({ id, node, pid })),
    );
  }

  /** All that another node has. */
  set(node: string, entries: readonly ChildEntry[]): void {
    this.#others.set(node, new Map(entries.map((entry) => [entry.child.id, entry])));
    for (const { child } of entries) this.orphans.delete(child.id);
  }

  add(node: string, entry: ChildEntry): void {
    const table = this.#others.get(node) ?? new Map<string, ChildEntry>();
    this.#others.set(node, table);
    table.set(entry.child.id, entry);
    this.orphans.delete(entry.child.id);
  }

  remove(node: string, id: string): void {
    this.#others.get(node)?.delete(id);
  }

  /** A node has gone: its children are orphans, but those that are not to be moved. */
  orphan(node: string): void {
    const lost = this.#others.get(node) ?? [];
    this.#others.delete(node);
    for (const [id, { child }] of lost) {
      // It may have moved to another node before its own went.
      if (child.restart !== 'temporary' && !this.isKnown(id)) this.orphans.set(id, child);
    }
  }

  /** A child of this node has ended for good; those that had ended before a time are forgotten. */
  ended(id: string, at: number, before: number): void {
    for (const [other, since] of this.#endedAt) if (since < before) this.#endedAt.delete(other);
    this.#endedAt.set(id, at);
  }

  /** Whether a child has ended here for good a short time ago, and was not begun anew. */
  hasEnded(id: string): boolean {
    return this.#endedAt.has(id);
  }

  begun(id: string): void {
    this.#endedAt.delete(id);
  }
}
