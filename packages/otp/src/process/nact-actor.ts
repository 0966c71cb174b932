/**
 * The one module that knows nact.
 *
 * Every process is a nact actor: nact's system holds the process table, gives each process its
 * name and reference, and `dispatch(reference, message)` and `stop(reference)` of nact reach it.
 * What nact does per message (one `setImmediate`, a copy of the children map, an async handler)
 * is replaced by the mailbox and the scheduler of this folder, so a subclass overrides
 * `dispatch`, `stop` and `handleFault`, as nact's own PersistentActor does.
 */
import { randomUUID } from 'node:crypto';
import { start } from 'nact';
import { Actor } from 'nact/lib/actor.js';
import { find, type ConcreteSystem } from 'nact/lib/system-map.js';
import { ProcessTable } from './process-table.ts';

// Two copies of this package in one program must not share a process table.
const systemName = `linnet-${randomUUID()}`;
// nact names a system by an object in the place of its first plugin; its types do not know.
start({ name: systemName } as never);
const system: ConcreteSystem = find(systemName);

const table = new ProcessTable<Actor>();
// In the place of nact's two Maps: see process-table.ts. The second one nact shows to nobody but the
// handlers of its own actors, of which there are none.
Object.assign(system, {
  children: table,
  childReferences: { set: () => {}, delete: () => {} },
});

const noChildren: Map<string, unknown> = new Map();
const ignore = (): void => {};
const properties = { onCrash: ignore };

/** A nact actor without nact's mailbox: the base of {@link Process}. */
export abstract class ProcessActor extends Actor {
  constructor(id: number) {
    // A process name is its id and never reused: a reference kept after the death of a process
    // must not reach another one.
    super(system, String(id), system, ignore, properties);
    // nact copies the map of children per message and never shrinks it; processes are flat here.
    this.children = noChildren;
    this.childReferences = noChildren;
    this.mailbox = undefined;
  }

  /** nact's entry for a message: `dispatch(reference, message)`. */
  abstract override dispatch(message: unknown): void;
  /** nact's entry for stopping: `stop(reference)`. */
  abstract override stop(): void;
  /** nact's crash hook: the exception becomes the exit reason, nact's default policy never runs. */
  abstract override handleFault(message: unknown, sender: unknown, error: unknown): void;

  /** Takes the process out of nact's system; its reference is dead from here on. */
  protected removeFromSystem(): void {
    this.stopped = true;
    this.parent.childStopped(this);
  }
}

/** The live process with this id. */
export function actorById(id: number): Actor | undefined {
  return table.at(id);
}

/** All live processes, oldest first. */
export function liveActors(): Iterable<Actor> {
  return table.values();
}

/** How many processes are alive. */
export function liveCount(): number {
  return table.size;
}
