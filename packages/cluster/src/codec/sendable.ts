/**
 * What may go to another node, checked where it is sent: msgpackr leaves functions out without a
 * word, and renames a field `__proto__`. Errors are replaced by what travels of them.
 */
import { Alias, Pid } from '@linnet/otp';
import { types } from 'node:util';
import { DataCloneError } from '../errors/data-clone-error.ts';
import { SentError } from './sent-error.ts';

/** Levels of a value at most: more are a mistake. */
const deepest = 512;
/** Levels from which on objects are remembered, for circles and shared parts. */
const circlesFrom = 5;

/** Makes a value ready to be encoded: the value itself, or a copy if there are errors in it. */
export function sendable(value: unknown, path: string): unknown {
  return prepare(value, path, 0, undefined);
}

type Seen = Map<object, unknown> | undefined;

function prepare(value: unknown, path: string, depth: number, seen: Seen): unknown {
  switch (typeof value) {
    case 'function':
      throw new DataCloneError(path, 'a function');
    case 'symbol':
      throw new DataCloneError(path, 'a symbol');
    case 'object':
      return value === null ? value : prepareObject(value, path, depth, seen);
    default:
      return value;
  }
}

function prepareObject(value: object, path: string, depth: number, seen: Seen): unknown {
  if (depth > deepest) throw new DataCloneError(path, `deeper than ${deepest} levels`);
  if (depth >= circlesFrom) {
    seen ??= new Map();
    if (seen.has(value)) return seen.get(value);
    seen.set(value, value);
  }
  if (Array.isArray(value)) return prepareArray(value, path, depth, seen);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return prepareRecord(value as Record<string, unknown>, path, depth, seen);
  }
  if (Pid.isPid(value) || Alias.isAlias(value)) return value;
  if (types.isNativeError(value) || value instanceof Error) {
    return new SentError(value, (part, name) => prepare(part, `${path}.${name}`, depth + 1, seen));
  }
  if (value instanceof Map) return prepareMap(value, path, depth, seen);
  if (value instanceof Set) {
    const items = prepareArray([...value], path, depth, seen);
    return items.every((item) => value.has(item)) ? value : new Set(items);
  }
  if (isPlainBuiltin(value)) return value;
  throw new DataCloneError(path, whatIs(value));
}

function prepareArray(
  array: readonly unknown[],
  path: string,
  depth: number,
  seen: Seen,
): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < array.length; i++) {
    const item = array[i];
    if (isPrimitive(item)) continue;
    const prepared = prepare(item, `${path}[${i}]`, depth + 1, seen);
    if (prepared !== item) (copy ??= [...array])[i] = prepared;
  }
  return copy ?? array;
}

function prepareRecord(
  record: Readonly<Record<string, unknown>>,
  path: string,
  depth: number,
  seen: Seen,
): object {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(record)) {
    if (key === '__proto__') throw new DataCloneError(`${path}.${key}`, 'a field of this name');
    const item = record[key];
    if (isPrimitive(item)) continue;
    const prepared = prepare(item, `${path}.${key}`, depth + 1, seen);
    if (prepared !== item) (copy ??= { ...record })[key] = prepared;
  }
  return copy ?? record;
}

function prepareMap(
  map: ReadonlyMap<unknown, unknown>,
  path: string,
  depth: number,
  seen: Seen,
): ReadonlyMap<unknown, unknown> {
  const entries = prepareArray(
    [...map].map((entry): unknown => entry),
    path,
    depth,
    seen,
  ) as ReadonlyArray<readonly [unknown, unknown]>;
  return entries.every(([key, value]) => map.has(key) && map.get(key) === value)
    ? map
    : new Map(entries);
}

const isPrimitive = (value: unknown): boolean =>
  typeof value === 'string' ||
  typeof value === 'number' ||
  typeof value === 'boolean' ||
  value === null ||
  value === undefined;

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
