/**
 * What Linnet uses of nact's internals. nact ships no types for its own modules, and the
 * public ones (`nact`) do not cover the Actor class that nact itself subclasses.
 */
declare module 'nact/lib/actor.js' {
  import type { ConcreteSystem } from 'nact/lib/system-map.js';

  export class Actor {
    constructor(
      parent: ConcreteSystem,
      name: string,
      system: ConcreteSystem,
      body: (state: unknown, message: unknown) => unknown,
      properties: { onCrash: (...args: never[]) => unknown },
    );
    readonly name: string;
    readonly reference: object;
    parent: { childStopped(child: Actor): void };
    children: Map<string, unknown>;
    childReferences: Map<string, unknown>;
    mailbox: unknown;
    stopped: boolean;
    /** True while a handler has not finished. */
    busy: boolean;
    dispatch(message: unknown, sender?: unknown): void;
    stop(): void;
    handleFault(message: unknown, sender: unknown, error: unknown, child?: unknown): unknown;
  }
}

declare module 'nact/lib/system-map.js' {
  import type { Actor } from 'nact/lib/actor.js';

  export interface ConcreteSystem {
    readonly name: string;
    readonly children: Map<string, Actor>;
  }
  export function find(systemName: string): ConcreteSystem;
}
