/** Global names as one node knows them. */
import type { Pid } from '@linnet/otp';
import { nodeOf } from '../codec/address-table.ts';

/** What becomes of a process that loses its name to another one. */
export type OnConflict = 'exit' | 'notify';

/** A name that is registered. */
export interface Registration {
  readonly name: string;
  readonly pid: Pid;
  /** Counts registrations over the whole cluster, as Lamport clocks do: the lesser one is the older. */
  readonly stamp: number;
  readonly onConflict: OnConflict;
  /** Whether a majority of the nodes has agreed to it. */
  readonly strict: boolean;
}

/**
 * Which of two processes keeps a name that both have; undefined for neither, as when it throws. All nodes
 * must come to the same for the same two.
 */
export type Resolve = (name: string, older: Pid, newer: Pid) => Pid | undefined;

/** Processes that have one name, of which at most one keeps it. */
export interface Conflict {
  readonly winner: Registration | undefined;
  readonly losers: readonly Registration[];
}

/**
 * All that nodes have registered. Of a name that two have given, both registrations are kept until the
 * node of the loser takes its own back: only that one knows whether it has heard of the other.
 */
export class NameTable {
  /** Oldest first; as a rule there is one. */
  readonly #byName = new Map<string, readonly Registration[]>();
  readonly #resolve: Resolve;
  #clock = 0;

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  /** The stamp of a new registration. */
  nextStamp(): number {
    return ++this.#clock;
  }

  /** The registration by which a process has the name. */
  get(name: string): Registration | undefined {
    return this.#winnerOf(this.#byName.get(name) ?? []);
  }

  /** Whether the name is registered, be it for two processes of which neither keeps it. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  names(): string[] {
    return [...this.#byName.keys()].filter((name) => this.get(name) !== undefined);
  }

  /** Adds a registration; gives the conflict if other processes have the name. */
  add(registration: Registration): Conflict | undefined {
    const { name, pid, stamp } = registration;
    this.#clock = Math.max(this.#clock, stamp);
    const others = (this.#byName.get(name) ?? []).filter((each) => each.pid !== pid);
    const all = [...others, registration].toSorted(byAge);
    this.#byName.set(name, all);
    if (all.length === 1) return undefined;
    const winner = this.#winnerOf(all);
    return { winner, losers: all.filter((each) => each !== winner) };
  }

  /** Takes the registration of a process out. */
  delete(name: string, pid: Pid): boolean {
    const all = this.#byName.get(name) ?? [];
    const left = all.filter((each) => each.pid !== pid);
    if (left.length === 0) this.#byName.delete(name);
    else this.#byName.set(name, left);
    return left.length < all.length;
  }

  /** Takes all registrations of a node out, and gives them. */
  takeNode(node: string): Registration[] {
    const taken = this.of(node);
    for (const { name, pid } of taken) this.delete(name, pid);
    return taken;
  }

  /** The registrations of processes of a node. */
  of(node: string): Registration[] {
    return [...this.#byName.values()].flat().filter(({ pid }) => nodeOf(pid) === node);
  }

  #winnerOf([oldest, ...others]: readonly Registration[]): Registration | undefined {
    let winner = oldest;
    for (const next of others) {
      if (winner === undefined) return undefined;
      const kept = this.#keptOf(next.name, winner.pid, next.pid);
      if (kept !== winner.pid) winner = kept === next.pid ? next : undefined;
    }
    return winner;
  }

  /** It is the program's own code: its failure must not be the end of all names. */
  #keptOf(name: string, older: Pid, newer: Pid): Pid | undefined {
    try {
      return this.#resolve(name, older, newer);
    } catch {
      return undefined;
    }
  }
}

function byAge(a: Registration, b: Registration): number {
  if (a.stamp !== b.stamp) return a.stamp - b.stamp;
  return textOf(a.pid) < textOf(b.pid) ? -1 : 1;
}

/** The same on all nodes. */
const textOf = (pid: Pid): string => `${nodeOf(pid)} ${pid.creation} ${pid.id}`;
