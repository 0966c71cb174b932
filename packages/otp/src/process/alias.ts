/** Aliases: addresses of a process that can be taken back. */
import { requireProcess } from './context.ts';
import { BadArgumentError } from './errors.ts';
import type { Process } from './process.ts';

let aliasOwner: (alias: Alias) => Process | undefined;

/** Options of {@link alias}. */
export interface AliasOptions {
  /** Whether the first message that comes through it is the last. Default false. */
  readonly once?: boolean;
}

/** An address of the process that has made it, for {@link send}, until it is taken back. */
export class Alias {
  #owner: Process | undefined;
  readonly #once: boolean;

  static {
    aliasOwner = (alias) => alias.#owner;
  }

  /** @internal */
  constructor(owner: Process, once: boolean) {
    this.#owner = owner;
    this.#once = once;
  }

  /** Whether messages still come through it. */
  get active(): boolean {
    return this.#owner?.dead === false;
  }

  /** @internal Delivers a message, or drops it. */
  deliver(message: unknown): void {
    const owner = this.#owner;
    if (this.#once) this.#owner = undefined;
    owner?.deliver(message);
  }

  /** @internal Takes it back; returns whether it was active. */
  release(): boolean {
    const { active } = this;
    this.#owner = undefined;
    return active;
  }
}

/**
 * Makes an address of the current process that can be taken back: hand it out in a request of your
 * own protocol, and `unalias` it when you wait no longer. An answer that comes too late is dropped
 * then, and is not taken for another message.
 *
 * Source: `erlang:alias/1`, with `reply` as `once`.
 * @throws {NoProcessError} outside any process.
 * @example
 * const answerTo = alias({ once: true });
 * send('worker', { type: 'ask', answerTo });
 * const answer = await receive(undefined, { timeout: 1000 }).finally(() => unalias(answerTo));
 */
export function alias(options?: AliasOptions): Alias {
  return new Alias(requireProcess('alias()'), options?.once === true);
}

/**
 * Takes an alias back: messages through it are dropped from here on; those that have arrived stay.
 * Returns whether it was active.
 *
 * Source: `erlang:unalias/1`.
 * @throws {BadArgumentError} for the alias of another process.
 * @example
 * unalias(alias()); // true
 */
export function unalias(taken: Alias): boolean {
  const process = requireProcess('unalias()');
  if (!(taken instanceof Alias)) throw new BadArgumentError('alias', taken, 'an alias');
  const owner = aliasOwner(taken);
  if (owner !== undefined && owner !== process) {
    throw new BadArgumentError('alias', taken, 'an alias of the current process');
  }
  return taken.release();
}
