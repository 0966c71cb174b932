/**
 * The global names of one node: its table, the processes of this node as its own part of it, the names
 * that it has promised as their keeper or by its vote, and those that are not free yet.
 */
import { exit, onDeath, type Pid, send, type Watch } from '@linnet/otp';
import { nodeOf } from '../codec/address-table.ts';
import { Node } from '../node/node.ts';
import type { Companions } from '../shared/companions.ts';
import { rendezvous } from '../shared/rendezvous.ts';
import { type Conflict, NameTable, type Registration, type Resolve } from './name-table.ts';

/** What a process with `onConflict: 'notify'` is sent when it has lost its name. */
export interface NameConflictMessage {
  readonly type: 'name_conflict';
  readonly name: string;
  /** The process that has the name now; undefined when neither has. */
  readonly winner: Pid | undefined;
}

/** Options of the table of names, the same on all nodes. */
export interface NamesOptions {
  readonly resolve: Resolve;
  readonly majorityOf: number | undefined;
  /** Milliseconds for which a strict name is not free after its node has gone. */
  readonly releaseMs: number;
}

/** What its processes on the nodes tell each other. */
export type Update =
  | { readonly type: 'add'; readonly registration: Registration }
  | { readonly type: 'delete'; readonly name: string; readonly pid: Pid };

/** A name that is promised to a process, and not in the table yet. */
interface Promised {
  readonly pid: Pid;
  readonly watch: Watch;
}

/** A node has gone with strict names, which are not free yet: a later one of the same node is another. */
export interface Departure {
  readonly node: string;
}

export class Names {
  readonly table: NameTable;
  readonly options: NamesOptions;
  /** Of the processes of this node that have names: what frees these at their deaths. */
  readonly #owned = new Map<string, Watch>();
  readonly #promised = new Map<string, Promised>();
  /** Strict names of nodes that have gone: their processes may not know yet that they are in a minority. */
  readonly #held = new Map<string, Departure>();
  readonly #died: (name: string, pid: Pid) => void;
  readonly #hold: (departure: Departure) => void;
  #companions: Companions | undefined = undefined;

  constructor(
    options: NamesOptions,
    events: {
      readonly died: (name: string, pid: Pid) => void;
      /** The departure is to be `ended` after `releaseMs`. */
      readonly hold: (departure: Departure) => void;
    },
  ) {
    this.options = options;
    this.table = new NameTable(options.resolve);
    this.#died = events.died;
    this.#hold = events.hold;
  }

  set companions(companions: Companions) {
    this.#companions = companions;
  }

  /** The nodes that take part, this one among them. */
  nodes(): string[] {
    return [Node.self(), ...(this.#companions?.nodes() ?? [])];
  }

  /** The node that decides about a name. */
  keeperOf(name: string): string {
    return rendezvous(name, this.nodes()) ?? Node.self();
  }

  /** Whether so many nodes are a majority: of those that there should be, and of those that are here. */
  isMajority(count: number): boolean {
    const { majorityOf } = this.options;
    return majorityOf !== undefined && count > Math.max(majorityOf, this.nodes().length) / 2;
  }

  get hasMajority(): boolean {
    return this.isMajority(this.nodes().length);
  }

  /** Promises a name to a process, unless another one has it or has been promised it. */
  promise(name: string, pid: Pid, strict: boolean): boolean {
    if (this.table.has(name) || this.#held.has(name)) return false;
    const promised = this.#promised.get(name);
    if (promised !== undefined) return promised.pid === pid;
    let isGone = false;
    const watch = onDeath(pid, (reason) => {
      isGone = true;
      this.breakPromise(name, pid);
      // It may have the name by now, and not know yet that it is in a minority.
      if (strict && reason === 'noconnection') this.#holdFor(nodeOf(pid), [name]);
    });
    // It may have died, or its node have gone, while its claim was under way.
    if (isGone) return false;
    this.#promised.set(name, { pid, watch });
    return true;
  }

  breakPromise(name: string, pid: Pid): void {
    const promised = this.#promised.get(name);
    if (promised?.pid !== pid) return;
    promised.watch.unwatch();
    this.#promised.delete(name);
  }

  /** Enters a name of a process of this node; false when another one has it by now. */
  enter(given: Omit<Registration, 'stamp'>): boolean {
    const { name, pid } = given;
    if (this.table.has(name)) return false;
    const registration = { ...given, stamp: this.table.nextStamp() };
    this.add(registration);
    this.#owned.set(
      name,
      onDeath(pid, () => this.#died(name, pid)),
    );
    this.#update({ type: 'add', registration });
    return true;
  }

  /** Adds what is registered, here or on another node. */
  add(registration: Registration): void {
    const { name } = registration;
    this.#promised.get(name)?.watch.unwatch();
    this.#promised.delete(name);
    const conflict = this.table.add(registration);
    if (conflict !== undefined) this.#lose(name, conflict);
  }

  /** Frees a name of a process of this node. */
  free(name: string, pid: Pid): void {
    if (!this.table.delete(name, pid)) return;
    this.#disown(name);
    this.#update({ type: 'delete', name, pid });
  }

  /** All that another node has; what it had before is no more. */
  synced(node: string, registrations: readonly Registration[]): void {
    for (const [name, { node: gone }] of this.#held) if (gone === node) this.#held.delete(name);
    this.table.takeNode(node);
    for (const registration of registrations) this.add(registration);
  }

  /** Another node has gone, with its names. */
  left(node: string): void {
    const strict = this.table.takeNode(node).filter((each) => each.strict);
    this.#holdFor(
      node,
      strict.map(({ name }) => name),
    );
    if (this.options.majorityOf === undefined || this.hasMajority) return;
    for (const { name, pid } of this.#ownStrict()) {
      this.free(name, pid);
      exit(pid, { shutdown: ['no_majority', name] });
    }
  }

  /** The strict names that a node had when it went are free, unless it has come back meanwhile. */
  ended(departure: Departure): void {
    for (const [name, since] of this.#held) if (since === departure) this.#held.delete(name);
  }

  /** The table has ended. Others give its strict names to their processes: none of this node keeps one. */
  close(): void {
    for (const watch of this.#owned.values()) watch.unwatch();
    for (const { watch } of this.#promised.values()) watch.unwatch();
    for (const { name, pid } of this.#ownStrict()) exit(pid, { shutdown: ['no_majority', name] });
  }

  #ownStrict(): Registration[] {
    return this.table.of(Node.self()).filter(({ strict }) => strict);
  }

  #holdFor(node: string, names: readonly string[]): void {
    if (names.length === 0) return;
    const departure = { node };
    for (const name of names) this.#held.set(name, departure);
    this.#hold(departure);
  }

  /** Two processes were registered while their nodes did not know of each other. */
  #lose(name: string, { winner, losers }: Conflict): void {
    for (const registration of losers) {
      const { pid, onConflict } = registration;
      if (nodeOf(pid) !== Node.self()) continue;
      this.#disown(name);
      this.table.delete(name, pid);
      // Without a winner, each other node has to see the conflict, or it keeps the one that it knows.
      if (winner === undefined) this.#update({ type: 'add', registration });
      this.#update({ type: 'delete', name, pid });
      if (onConflict === 'exit') exit(pid, { shutdown: ['name_conflict', name] });
      else {
        const message = { type: 'name_conflict', name, winner: winner?.pid } as const;
        send(pid, message satisfies NameConflictMessage);
      }
    }
  }

  #disown(name: string): void {
    this.#owned.get(name)?.unwatch();
    this.#owned.delete(name);
  }

  #update(update: Update): void {
    this.#companions?.update(update);
  }
}
