/** Names of processes: what may be one. */

/** A local name of a process. */
export type Name = string | symbol;

export function isName(value: unknown): value is Name {
  return (typeof value === 'string' && value !== '') || typeof value === 'symbol';
}
