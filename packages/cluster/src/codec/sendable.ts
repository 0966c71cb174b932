/**
 * What may go to another node, checked where it is sent: msgpackr leaves functions out without a
 * word, and renames a field `__proto__`. Errors are replaced by what travels of them.
 */
import { Alias, Pid } from '@linnet/otp';
import { types } from 'node:util';
import { DataCloneError } from '../errors/data-clone-error.ts';
import { withSentErrors } from './sent-error.ts';

/** Levels of a value at most: more are a mistake. */
const deepest = 512;
/** Levels from which on objects are remembered, for circles and shared parts. */
const circlesFrom = 5;

/**
 * Makes a value ready to be encoded: the value itself, or a copy if there are errors in it.
 * @throws {DataCloneError} saying what in it cannot be sent.
 */
export function sendable(value: unknown, path: string): unknown {
  if (isPrimitive(value)) return value;
  return hasErrors(value, path, 0, undefined) ? withSentErrors(value, checkPart) : value;
}

/** Of an error: whether there are others in it. */
const checkPart = (value: unknown): void => void hasErrors(value, '', 0, undefined);

type Seen = Set<object> | undefined;

/** Whether there are errors in it, in which it does not look. */
function hasErrors(value: unknown, path: string, depth: number, seen: Seen): boolean {
  switch (typeof value) {
    case 'function':
      throw new DataCloneError(path, 'a function');
    case 'symbol':
      throw new DataCloneError(path, 'a symbol');
    case 'object':
      return value !== null && objectHasErrors(value, path, depth, seen);
    default:
      return false;
  }
}

function objectHasErrors(value: object, path: string, depth: number, seen: Seen): boolean {
  if (depth > deepest) throw new DataCloneError(path, `deeper than ${deepest} levels`);
  if (depth >= circlesFrom) {
    seen ??= new Set();
    // What is in it has been found, or is being looked for.
    if (seen.has(value)) return false;
    seen.add(value);
  }
  if (Array.isArray(value)) return arrayHasErrors(value, path, depth, seen);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return recordHasErrors(value as Record<string, unknown>, path, depth, seen);
  }
  if (Pid.isPid(value) || Alias.isAlias(value)) return false;
  if (isError(value)) return true;
  if (value instanceof Map) return arrayHasErrors([...value], path, depth, seen);
  if (value instanceof Set) return arrayHasErrors([...value], path, depth, seen);
  if (isPlainBuiltin(value)) return false;
  throw new DataCloneError(path, whatIs(value));
}

function arrayHasErrors(
  array: readonly unknown[],
  path: string,
  depth: number,
  seen: Seen,
): boolean {
  let found = false;
  for (let i = 0; i < array.length; i++) {
    const item = array[i];
    if (isPrimitive(item)) continue;
    if (hasErrors(item, `${path}[${i}]`, depth + 1, seen)) found = true;
  }
  return found;
}

function recordHasErrors(
  record: Readonly<Record<string, unknown>>,
  path: string,
  depth: number,
  seen: Seen,
): boolean {
  let found = false;
  for (const key of Object.keys(record)) {
    if (key === '__proto__') throw new DataCloneError(`${path}.${key}`, 'a field of this name');
    const item = record[key];
    if (isPrimitive(item)) continue;
    if (hasErrors(item, `${path}.${key}`, depth + 1, seen)) found = true;
  }
  return found;
}

const isPrimitive = (value: unknown): boolean =>
  typeof value === 'string' ||
  typeof value === 'number' ||
  typeof value === 'boolean' ||
  value === null ||
  value === undefined;

const isError = (value: object): boolean => types.isNativeError(value) || value instanceof Error;

const isPlainBuiltin = (value: object): boolean =>
  ArrayBuffer.isView(value) ||
  types.isDate(value) ||
  types.isRegExp(value) ||
  types.isArrayBuffer(value);

function whatIs(value: object): string {
  if (types.isPromise(value)) return 'a promise';
  const { constructor } = value as { readonly constructor?: unknown };
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name === '' ? 'an object of a class' : `an object of the class ${name}`;
}
