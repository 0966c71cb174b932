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

/**
 * Stands for this node. A process that joins or leaves here is in otp's scope at once, and here when that
 * has been told: what monitors and other nodes are given first, and what they are told then, fit together.
 */
export const thisSide = '';

export class Groups {
  readonly #local: PgOptions;
  readonly #byKey = new Map<unknown, Group>();

  constructor(local: PgOptions) {
    this.#local = local;
  }

  members(group: unknown): Pid[] {
    return [
      ...LocalPg.members(group, this.#local),
      ...this.#of(group, (node) => node !== thisSide),
    ];
  }

  /** The members of which monitors have been told. */
  toldMembers(group: unknown): Pid[] {
    return this.#of(group, () => true);
  }

  groups(): unknown[] {
    const local = LocalPg.groups(this.#local);
    const keys = new Set(local.map(keyOf));
    const others = [...this.#byKey].filter(
      ([key, { members }]) =>
        !keys.has(key) && [...members.keys()].some((node) => node !== thisSide),
    );
    return [...local, ...others.map(([, { name }]) => name)];
  }

  /** The groups of this node of which others have been told. */
  own(): SentGroups {
    return [...this.#byKey.values()].flatMap(({ name, members }) => {
      const pids = members.get(thisSide);
      return pids === undefined ? [] : [[name, [...pids]] as const];
    });
  }

  join(node: string, group: unknown, pids: readonly Pid[]): void {
    const key = keyOf(group);
    const entry = this.#byKey.get(key) ?? { name: group, members: new Map<string, Pid[]>() };
    this.#byKey.set(key, entry);
    const members = entry.members.get(node);
    if (members === undefined) entry.members.set(node, [...pids]);
    else members.push(...pids);
  }

  leave(node: string, group: unknown, pids: readonly Pid[]): void {
    const key = keyOf(group);
    const members = this.#byKey.get(key)?.members;
    const left = members?.get(node);
    if (members === undefined || left === undefined) return;
    for (const pid of pids) {
      const at = left.indexOf(pid);
      if (at >= 0) left.splice(at, 1);
    }
    if (left.length === 0) members.delete(node);
    if (members.size === 0) this.#byKey.delete(key);
  }

  /** Takes all members of a node out, and gives them. */
  takeNode(node: string): SentGroups {
    const taken: Array<readonly [unknown, readonly Pid[]]> = [];
    for (const [key, { name, members }] of this.#byKey) {
      const pids = members.get(node);
      if (pids === undefined) continue;
      taken.push([name, pids]);
      members.delete(node);
      if (members.size === 0) this.#byKey.delete(key);
    }
    return taken;
  }

  #of(group: unknown, isWanted: (node: string) => boolean): Pid[] {
    const members = this.#byKey.get(keyOf(group))?.members ?? [];
    return [...members].flatMap(([node, pids]) => (isWanted(node) ? pids : []));
  }
}
