/** Global names as one node knows them. */
import type { Pid } from '@linnet/otp';

/** A name that is registered. */
export interface Registration {
  readonly name: string;
  readonly pid: Pid;
  /** Counts registrations over the whole cluster, as Lamport clocks do: the lesser one is the older. */
  readonly stamp: number;
}

/** Which of two registrations of one name stays: the older one; all nodes come to the same. */
function winnerOf(a: Registration, b: Registration): Registration {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp ? a : b;
  return textOf(a.pid) < textOf(b.pid) ? a : b;
}

const textOf = ({ node, creation, id }: Pid): string => `${node} ${creation} ${id}`;

export class NameTable {
  readonly #byName = new Map<string, Registration>();
  #clock = 0;

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

  /** Adds a registration; gives the one that has lost its name, if there are two. */
  add(registration: Registration): Registration | undefined {
    const { name, pid, stamp } = registration;
    this.#clock = Math.max(this.#clock, stamp);
    const other = this.#byName.get(name);
    if (other === undefined || other.pid === pid) {
      this.#byName.set(name, registration);
      return undefined;
    }
    const winner = winnerOf(other, registration);
    this.#byName.set(name, winner);
    return winner === other ? registration : other;
  }

  /** Takes a name out, if this process has it. */
  delete(name: string, pid: Pid): boolean {
    return this.#byName.get(name)?.pid === pid && this.#byName.delete(name);
  }

  deleteNode(node: string): void {
    for (const [name, { pid }] of this.#byName) {
      if (pid.node === node) this.#byName.delete(name);
    }
  }

  /** The registrations of processes of a node. */
  of(node: string): Registration[] {
    return [...this.#byName.values()].filter(({ pid }) => pid.node === node);
  }
}
