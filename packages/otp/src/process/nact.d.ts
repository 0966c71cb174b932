/**
 * What Linnet uses of nact's internals. nact ships no types for its own modules, and the
 * public ones (`nact`) do not cover the Actor class that nact itself subclasses.
 */
declare module 'nact/lib/actor.js' {
  import type { ConcreteSystem } from 'nact/lib/system-map.js';

  export class Actor {
    get name(): string;
    get system(): ConcreteSystem;
    get reference(): object;
    get children(): Map<string, unknown>;
    stopped: boolean;
    /** True while a handler has not finished. */
    busy: boolean;
    dispatch(message: unknown, sender?: unknown): void;
    stop(): void;
    handleFault(message: unknown, sender: unknown, error: unknown, child?: unknown): unknown;
  }
}

declare module 'nact/lib/paths.js' {
  export class ActorPath {
    constructor(parts: readonly string[], system: string);
  }
}

declare module 'nact/lib/references.js' {
  export class ActorReference {
    constructor(systemName: string, parent: object, path: object, name: string);
  }
}

declare module 'nact/lib/system-map.js' {
  import type { Actor } from 'nact/lib/actor.js';

  export interface ConcreteSystem {
    readonly name: string;
    readonly reference: object;
    readonly children: Map<string, Actor>;
  }
  export function find(systemName: string): ConcreteSystem;
}
