/** The class of nact that nact-actor.ts extends: nact ships no types for its files. */
declare module 'nact/lib/actor.js' {
  export class Actor {
    get name(): string;
    get system(): object;
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
