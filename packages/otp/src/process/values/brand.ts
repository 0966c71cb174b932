/**
 * Two copies of this package in one program (two versions in a tree of dependencies, a bundle beside
 * a module) have classes, processes and names of their own. What one makes the other knows by its brand:
 * results and errors, which are plain data, it understands; pids and what belongs to a process it
 * refuses, with an error that says so.
 */

/** What is branded. */
export type Kind =
  | 'pid'
  | 'exit_error'
  | 'start_error'
  | 'ok'
  | 'reply'
  | 'noreply'
  | 'stop'
  | 'start_failure'
  | 'from'
  | 'monitor'
  | 'task';

/** What it is, and which copy of the package has made it. */
export interface Brand {
  readonly kind: Kind;
  readonly copy: symbol;
}

/** Where a branded object has its {@link Brand}. */
export const brandKey: unique symbol = Symbol.for('@linnet/otp/brand');

const thisCopy = Symbol('this copy of @linnet/otp');

/** The brand of a class of this copy. */
export const brand = (kind: Kind): Brand => Object.freeze({ kind, copy: thisCopy });

/** What another copy of this package has made, if it is that; never throws, whatever it is. */
export function foreignKind(value: unknown): Kind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    const found = (value as { readonly [brandKey]?: Brand })[brandKey];
    return found === undefined || found.copy === thisCopy ? undefined : found.kind;
  } catch {
    return undefined; // a revoked proxy or a getter that throws
  }
}
