/** JSON merge patches (RFC 7396): what a stream sends after its first document. */

export type Json = string | number | boolean | readonly Json[] | JsonObject;

/** An object without null, which a patch uses to say that a member is gone. */
export interface JsonObject {
  readonly [member: string]: Json | undefined;
}

/** As {@link JsonObject}, with null for members that are gone. */
export interface MergePatch {
  readonly [member: string]: Json | MergePatch | null | undefined;
}

/**
 * What turns `before` into `after`; undefined when they are the same. Arrays are replaced as a whole.
 * Members may have any name, `constructor` and `__proto__` included.
 */
export function diff(before: object, after: object): MergePatch | undefined {
  const old = membersOf(before);
  const patch = new Map<string, MergePatch[string]>();
  for (const [member, value] of membersOf(after)) {
    const change = changeOf(old.get(member), value);
    if (change !== undefined) patch.set(member, change);
    old.delete(member);
  }
  for (const member of old.keys()) patch.set(member, null);
  return patch.size === 0 ? undefined : Object.fromEntries(patch);
}

/** `target` with a patch applied; what did not change is shared with it. */
export function applyPatch<T extends object>(target: T, patch: MergePatch): T {
  const result = new Map<string, unknown>(Object.entries(target));
  for (const [member, change] of Object.entries(patch)) {
    const value = result.get(member);
    if (change === null) result.delete(member);
    else if (isObject(change)) {
      result.set(member, applyPatch(isObject(value) ? value : {}, change));
    } else result.set(member, change);
  }
  return Object.fromEntries(result) as T;
}

function membersOf(object: object): Map<string, Json> {
  const members = new Map<string, Json>();
  for (const [member, value] of Object.entries(object as JsonObject)) {
    if (value !== undefined) members.set(member, value);
  }
  return members;
}

function changeOf(before: Json | undefined, after: Json): MergePatch[string] {
  if (before === after) return undefined;
  if (isObject(before) && isObject(after)) return diff(before, after);
  if (Array.isArray(before) && Array.isArray(after) && sameText(before, after)) return undefined;
  return after;
}

const sameText = (one: readonly Json[], other: readonly Json[]): boolean =>
  one.length === other.length && JSON.stringify(one) === JSON.stringify(other);

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
