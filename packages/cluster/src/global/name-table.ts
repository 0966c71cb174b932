/** Global names as one node knows them. */
import type { Pid } from '@linnet/otp';

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
 * Which of two processes keeps a name that both have; undefined for neither. All nodes must come to the
 * same for the same two.
 */
export type Resolve = (name: string, older: Pid, newer: Pid) => Pid | undefined;

/** The two of a conflict, of which at most one keeps the name. */
export interface Conflict {
  readonly winner: Registration | undefined;
  readonly losers: readonly Registration[];
}

export class NameTable {
  readonly #byName = new Map<string, Registration>();
  readonly #resolve: Resolve;
  #clock = 0;

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  /** The stamp of a new registration. */
  nextStamp(): number {
    return ++this.#clock;
  }

  get(name: string): Registration | undefined {
    return this.#byName.get(name);
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }

  /** Adds a registration; gives the conflict if another process has the name. */
  add(registration: Registration): Conflict | undefined {
    const { name, pid, stamp } = registration;
    this.#clock = Math.max(this.#clock, stamp);
    const other = this.#byName.get(name);
    if (other === undefined || other.pid === pid) {
      this.#byName.set(name, registration);
      return undefined;
    }
    const [older, newer] = isOlder(other, registration)
      ? [other, registration]
      : [registration, other];
    const kept = this.#resolve(name, older.pid, newer.pid);
    const winner = [older, newer].find((each) => each.pid === kept);
    if (winner === undefined) this.#byName.delete(name);
    else this.#byName.set(name, winner);
    return { winner, losers: [older, newer].filter((each) => each !== winner) };
  }

  /** Takes a name out, if this process has it. */
  delete(name: string, pid: Pid): boolean {
    return this.#byName.get(name)?.pid === pid && this.#byName.delete(name);
  }

  /** Takes all names of a node out, and gives them. */
  takeNode(node: string): Registration[] {
    const taken = this.of(node);
    for (const { name } of taken) this.#byName.delete(name);
    return taken;
  }

  /** The registrations of processes of a node. */
  of(node: string): Registration[] {
    return [...this.#byName.values()].filter(({ pid }) => pid.node === node);
  }
}

function isOlder(a: Registration, b: Registration): boolean {
  return a.stamp === b.stamp ? textOf(a.pid) < textOf(b.pid) : a.stamp < b.stamp;
}

const textOf = ({ node, creation, id }: Pid): string => `${node} ${creation} ${id}`;
