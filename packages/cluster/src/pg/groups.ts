/** The groups of a scope on all nodes: those of this one are in otp's scope, of the others here. */
import { type Pid, Pg as LocalPg, type PgOptions } from '@linnet/otp';
import { keyOf } from '@linnet/otp/distribution';

/** Groups with their members, as they travel. */
export type SentGroups = ReadonlyArray<readonly [group: unknown, pids: readonly Pid[]]>;

interface Group {
  readonly name: unknown;
  /** By their nodes; one that has joined twice is there twice. */
  readonly members: Map<string, Pid[]>;
}

export class Groups {
  readonly #local: PgOptions;
  readonly #remote = new Map<unknown, Group>();

  constructor(local: PgOptions) {
    this.#local = local;
  }

  members(group: unknown): Pid[] {
    const remote = this.#remote.get(keyOf(group))?.members.values() ?? [];
    return [...LocalPg.members(group, this.#local), ...[...remote].flat()];
  }

  groups(): unknown[] {
    const local = LocalPg.groups(this.#local);
    const keys = new Set(local.map(keyOf));
    const others = [...this.#remote].filter(([key]) => !keys.has(key));
    return [...local, ...others.map(([, { name }]) => name)];
  }

  /** The groups of this node. */
  own(): SentGroups {
    return LocalPg.groups(this.#local).map(
      (group) => [group, LocalPg.members(group, this.#local)] as const,
    );
  }

  join(node: string, group: unknown, pids: readonly Pid[]): void {
    const key = keyOf(group);
    const entry = this.#remote.get(key) ?? { name: group, members: new Map<string, Pid[]>() };
    this.#remote.set(key, entry);
    entry.members.set(node, [...(entry.members.get(node) ?? []), ...pids]);
  }

  leave(node: string, group: unknown, pids: readonly Pid[]): void {
    const key = keyOf(group);
    const members = this.#remote.get(key)?.members;
    const left = members?.get(node);
    if (members === undefined || left === undefined) return;
    for (const pid of pids) {
      const at = left.indexOf(pid);
      if (at >= 0) left.splice(at, 1);
    }
    if (left.length === 0) members.delete(node);
    if (members.size === 0) this.#remote.delete(key);
  }

  /** Takes all members of a node out, and gives them. */
  takeNode(node: string): SentGroups {
    const taken: Array<readonly [unknown, readonly Pid[]]> = [];
    for (const [key, { name, members }] of this.#remote) {
      const pids = members.get(node);
      if (pids === undefined) continue;
      taken.push([name, pids]);
      members.delete(node);
      if (members.size === 0) this.#remote.delete(key);
    }
    return taken;
  }
}
