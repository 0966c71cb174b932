/** `finch.fetch`: the `fetch` of Node.js, through the pools of an instance. */
import type { FinchDispatcher } from './undici/dispatcher.ts';

/** As it is when this is loaded: `globalThis.fetch = finch.fetch` must not lead back here. */
const nodeFetch = globalThis.fetch;

/** A function like `fetch` whose requests go to this dispatcher, unless they name another one. */
export function fetchThrough(dispatcher: FinchDispatcher): typeof globalThis.fetch {
  return (input: Parameters<typeof nodeFetch>[0], init?: RequestInit) =>
    nodeFetch(input, { dispatcher, ...init });
}
