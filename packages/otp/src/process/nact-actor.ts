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
import { ActorPath } from 'nact/lib/paths.js';
import { ActorReference } from 'nact/lib/references.js';
import { find } from 'nact/lib/system-map.js';
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

// Two copies of this package in one program must not share a process table.
const systemName = `linnet-${randomUUID()}`;
// nact names a system by an object in the place of its first plugin; its types do not know.
start({ name: systemName } as never);
const system = find(systemName);

const table = new ProcessTable<NactActor>();
// In the place of nact's Map: see process-table.ts.
Object.assign(system, { children: table });

const noChildren: Map<string, unknown> = new Map();

/**
 * nact's Actor without its constructor: a fifth of a spawn goes into a mailbox, two Maps of children
 * and the check of a name, none of which a process has a use for.
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

  /** What nact's functions take; made for whoever asks for it. */
  override get reference(): object {
    const path = new ActorPath([this.name], systemName);
    return new ActorReference(systemName, system.reference, path, this.name);
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
