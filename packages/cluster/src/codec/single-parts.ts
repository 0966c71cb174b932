/**
 * Which values hold no object twice. For all others, msgpackr has to remember each object that it has
 * written, which costs more than to write a short signal.
 */
import { Alias, Pid } from '@linnet/otp';

/** Levels that are looked at. */
const deepest = 4;

/**
 * Whether each level of a value, of at most four, holds one array or plain object at most, and no other
 * object: such a value holds none twice. So it is with most signals. Pids and aliases do not count: each
 * is one object wherever it is read.
 */
export function hasSingleParts(value: unknown): boolean {
  let part: unknown = value;
  for (let depth = 0; depth < deepest; depth++) {
    const items = itemsOf(part);
    if (items === undefined) return false;
    part = undefined;
    for (const item of items) {
      if (!isPart(item)) continue;
      if (part !== undefined) return false;
      part = item;
    }
    if (part === undefined) return true;
  }
  return false;
}

const isPart = (item: unknown): boolean =>
  typeof item === 'object' && item !== null && !Pid.isPid(item) && !Alias.isAlias(item);

/** What an array or a plain object holds; undefined for all else. */
function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value as readonly unknown[];
  if (typeof value !== 'object' || value === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  return isPlain ? Object.values(value) : undefined;
}
