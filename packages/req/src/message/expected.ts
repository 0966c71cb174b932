/** Whether a status is one that the caller wants. */
import type { ResolvedOptions } from '../options/index.ts';

/** By `expect` if it is given, else by `httpErrors`. */
export function isExpected(status: number, { expect, httpErrors }: ResolvedOptions): boolean {
  if (expect !== undefined) return expect.includes(status);
  return httpErrors === 'return' || (status >= 200 && status < 300);
}
