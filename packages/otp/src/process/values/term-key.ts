/**
 * When two keys are the same: ids of children, keys of registries, groups and locks.
 *
 * Erlang compares terms by value. Here strings, numbers, symbols and the like are compared as those
 * of a Map, arrays by their elements (`['shard', 1]` is the key that another `['shard', 1]` is), and
 * all other objects by identity. A promise is no key: it is a forgotten `await`.
 */
import { BadArgumentError } from '../errors.ts';
import { refusePromise } from './thenable.ts';

/** Starts the text that stands for an array; a string that starts with it gets another one. */
const mark = '\u0001';
const markCode = 1;

/** Elements in elements in elements: more are a mistake, or an array that contains itself. */
const deepest = 32;

/** Objects without structure of their own are told apart by numbers. */
const identities = new WeakMap<object | symbol, number>();
let lastIdentity = 0;

/**
 * What stands for a key in a Map: itself, or a text for an array.
 * @throws {BadArgumentError} for a promise, and for an array that contains itself.
 */
export function keyOf(key: unknown): unknown {
  if (typeof key === 'string') return key.charCodeAt(0) === markCode ? `${mark}"${key}` : key;
  if (typeof key !== 'object' || key === null) return key;
  refusePromise('key', key);
  return isArray(key) ? textOf(key, 0) : key;
}

/** Whether a value can be a key. */
export function isKey(value: unknown): boolean {
  try {
    keyOf(value);
    return true;
  } catch {
    return false;
  }
}

function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false; // a revoked proxy
  }
}

function textOf(array: readonly unknown[], depth: number): string {
  if (depth > deepest) {
    throw new BadArgumentError('key', array, `an array of at most ${deepest} levels`);
  }
  let text = `${mark}[`;
  for (const element of array) text += `${elementText(element, depth)},`;
  return `${text}]`;
}

function elementText(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'number':
      // As in a Map, 0 and -0 are one key.
      return String(value);
    case 'symbol':
      return Symbol.keyFor(value) === undefined
        ? identityText(value)
        : `@${JSON.stringify(Symbol.keyFor(value))}`;
    case 'object':
      if (value === null) return 'null';
      if (isArray(value)) return textOf(value, depth + 1);
      refusePromise('key', value);
      return identityText(value);
    case 'function':
      return identityText(value);
    default:
      return String(value);
  }
}

/** What tells an object from all others; the same each time. */
export function identityText(value: object | symbol): string {
  let identity = identities.get(value);
  if (identity === undefined) identities.set(value, (identity = ++lastIdentity));
  return `#${identity}`;
}
