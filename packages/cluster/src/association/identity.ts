/** Who a node is: its name, and which run of it. */

/** A node of a cluster. Two runs with one name are two nodes: their creations differ. */
export interface NodeIdentity {
  /** `app@host`. */
  readonly name: string;
  /** A random number, not 0, of this run. */
  readonly creation: number;
  /** When it started, in ms since 1970: for display, and to tell which of two runs is the older one. */
  readonly startedAt: number;
}

/** Whether two identities are of one run of one node. */
export function isSameNode(a: NodeIdentity, b: NodeIdentity): boolean {
  return a.name === b.name && a.creation === b.creation;
}

const longestName = 255;
const namePattern = /^[\w.-]+(?:\/[\w.-]+)?@[\w.:[\]-]+$/u;

/** Whether a value may be the name of a node: `app@host` or `app/worker@host`, at most 255 characters. */
export function isNodeName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestName && namePattern.test(value);
}

/** Whether a value is an unsigned 32-bit number other than 0. */
export function isNonZeroU32(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 0xff_ff_ff_ff;
}
