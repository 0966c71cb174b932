/**
 * The one module that knows nact.
 *
 * Every process is a nact actor: nact's system holds the process table, gives each process its
 * name and reference, and `dispatch`, `query` and `stop` of nact reach it. What nact does per
 * message (one `setImmediate`, a copy of the children map, an async handler) is replaced by the
 * mailbox and the scheduler of this folder, so a subclass overrides `dispatch`, `stop` and
 * `handleFault`, as nact's own PersistentActor does.
 *
 * One thing is taken from nact's files, and not from what it exports: the class `Actor`, which it
 * exports nowhere and subclasses itself. The system comes from an extension, nact's public way to
 * it; a reference is the plain object that nact's functions look at.
 */
import { start } from 'nact';
import { Actor } from 'nact/lib/actor.js';
import { ProcessTable } from './process-table.ts';

// nact ships no types for its modules: what is exported here must not name theirs, or the
// package's own declarations would not compile at a user's.

/** A process as nact sees it. */
export interface NactActor {
  readonly name: string;
  readonly system: object;
  readonly reference: object;
  readonly children: Map<string, unknown>;
  stopped: boolean;
  /** True while a handler has not finished. */
  busy: boolean;
  dispatch(message: unknown, sender?: unknown): void;
  stop(): void;
  handleFault(message: unknown, sender: unknown, error: unknown, child?: unknown): unknown;
}

/** A system of nact, as its extensions get it. */
interface NactSystem {
  /** Made at random by nact: two copies of this package in one program share no process table. */
  readonly name: string;
  readonly reference: object;
  readonly path: { createChildPath(name: string): object };
  children: { get(name: string): NactActor | undefined; has(name: string): boolean };
}

const table = new ProcessTable<NactActor>();

function startSystem(): NactSystem {
  let system: NactSystem | undefined;
  start((started: unknown) => {
    system = started as NactSystem;
    // In the place of nact's Map, before anything is in it: see process-table.ts.
    system.children = table;
  });
  return system as unknown as NactSystem;
}

const system = startSystem();

const noChildren: Map<string, unknown> = new Map();

/**
 * nact's Actor without its constructor, which makes a mailbox, two Maps of children and checks a name.
 * A process uses none of these, and they would take a fifth of a spawn.
 */
const BareActor = function () {} as unknown as new () => NactActor;
BareActor.prototype = Actor.prototype;

/** A nact actor without nact's mailbox: the base of {@link Process}. */
export abstract class ProcessActor extends BareActor {
  /** A process is named by its id, which is never reused: see {@link ProcessTable}. */
  readonly id: number;
  override stopped = false;
  override busy = false;

  constructor(id: number) {
    super();
    this.id = id;
    table.add(id, this);
  }

  override get name(): string {
    return String(this.id);
  }

  override get system(): object {
    return system;
  }

  /** What nact's functions take; made anew each time. */
  override get reference(): object {
    const { name } = this;
    const path = system.path.createChildPath(name);
    return { type: 'actor', name, path, parent: system.reference, system: { name: system.name } };
  }

  // Processes are flat: no process is the child of another one.
  override get children(): Map<string, unknown> {
    return noChildren;
  }

  /** nact's entry for a message: `dispatch(reference, message)`. */
  abstract override dispatch(message: unknown, sender?: unknown): void;
  /** nact's entry for stopping: `stop(reference)`. */
  abstract override stop(): void;
  /** nact's crash hook: the exception becomes the exit reason, nact's default policy never runs. */
  abstract override handleFault(message: unknown, sender: unknown, error: unknown): void;

  /** Takes the process out of nact's system; its reference is dead from here on. */
  protected removeFromSystem(): void {
    this.stopped = true;
    table.remove(this.id);
  }
}

/** The live process with this id. */
export function actorById(id: number): NactActor | undefined {
  return table.at(id);
}

/** All live processes, oldest first. */
export function liveActors(): Iterable<NactActor> {
  return table.values();
}

/** How many processes are alive. */
export function liveCount(): number {
  return table.size;
}
