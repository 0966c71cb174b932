/** Aliases: addresses of a process that can be taken back. */
import { inspect } from 'node:util';
import { requireProcess } from '../context.ts';
import { BadArgumentError } from '../errors.ts';
import { distribution, isLocal, thisNode } from '../node.ts';
import type { Process } from '../process.ts';

let aliasOwner: (alias: Alias) => Process | undefined;

let lastId = 0;

/** Aliases that other nodes have: each is kept for as long as it is active, whatever holds it here. */
const exported = new WeakMap<Process, Set<Alias>>();

/** Options of {@link alias}. */
export interface AliasOptions {
  /** Whether the first message that comes through it is the last. Default false. */
  readonly once?: boolean;
}

/** What is behind an alias of this node while it is active. */
interface Target {
  readonly process: Process;
  /** Set for an alias that is over with its first message: what is done then. */
  readonly spent: (() => void) | undefined;
}

const nothing = (): void => {};

/**
 * An address of the process that has made it, for {@link send}, until it is taken back. It may be sent
 * to other nodes, and works from there. Two aliases are the same if they are the same object.
 */
export class Alias {
  readonly node: string;
  readonly creation: number;
  readonly id: number;
  #target: Target | undefined;

  static {
    aliasOwner = (alias) => alias.#target?.process;
  }

  /** @internal One of another node, or one of this node that is over, has no target. */
  constructor(node: string, creation: number, id: number, target?: Target) {
    this.node = node;
    this.creation = creation;
    this.id = id;
    this.#target = target;
  }

  /** Whether messages still come through it; true for one of another node, which alone knows. */
  get active(): boolean {
    return this.#target === undefined ? !isLocal(this) : !this.#target.process.dead;
  }

  /** @internal Delivers a message, or drops it. */
  deliver(message: unknown): void {
    const target = this.#target;
    if (target === undefined) {
      if (!isLocal(this)) distribution()?.aliasSend(this, message);
      return;
    }
    if (target.spent !== undefined) {
      this.release();
      target.spent();
    }
    target.process.deliver(message);
  }

  /** @internal Takes it back; returns whether it was active. */
  release(): boolean {
    const target = this.#target;
    if (target === undefined) return false;
    this.#target = undefined;
    exported.get(target.process)?.delete(this);
    return !target.process.dead;
  }

  /** `#Alias<0.7.0>` for one of a runtime that is no node, else `#Alias<name@host.7.creation>`. */
  toString(): string {
    return this.node === 'nonode@nohost'
      ? `#Alias<0.${this.id}.0>`
      : `#Alias<${this.node}.${this.id}.${this.creation}>`;
  }

  /** As `toString`. */
  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** Whether a value is an alias; never throws, whatever it is. */
  static isAlias(value: unknown): value is Alias {
    try {
      return value instanceof Alias;
    } catch {
      return false; // a revoked proxy
    }
  }
}

/** Makes an alias of a process; `spent` is for one that is over with its first message. */
export function newAlias(process: Process, spent?: () => void): Alias {
  const { name, creation } = thisNode();
  return new Alias(name, creation, ++lastId, { process, spent });
}

/** Keeps an alias of this node that another node has, for as long as it is active. */
export function keepAlias(alias: Alias): void {
  const process = aliasOwner(alias);
  if (process === undefined || process.dead) return;
  const kept = exported.get(process) ?? new Set<Alias>();
  exported.set(process, kept);
  kept.add(alias);
}

/**
 * Makes an address of the current process that can be taken back: hand it out in a request of your
 * own protocol, and `unalias` it when you wait no longer. An answer that comes too late is dropped
 * then, and is not taken for another message. An alias may go to other nodes.
 *
 * Source: `erlang:alias/1`, with `reply` as `once`.
 * @throws {NoProcessError} outside any process.
 * @example
 * const answerTo = alias({ once: true });
 * send('worker', { type: 'ask', answerTo });
 * const answer = await receive(undefined, { timeout: 1000 }).finally(() => unalias(answerTo));
 */
export function alias(options?: AliasOptions): Alias {
  return newAlias(requireProcess('alias()'), options?.once === true ? nothing : undefined);
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
  if (!Alias.isAlias(taken)) throw new BadArgumentError('alias', taken, 'an alias');
  const owner = aliasOwner(taken);
  if (owner === undefined ? !isLocal(taken) : owner !== process) {
    throw new BadArgumentError('alias', taken, 'an alias of the current process');
  }
  return taken.release();
}
