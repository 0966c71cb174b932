/** What is said of why a connection ended. */
import type { Wire } from '@linnet/mint';
import { ConnectionClosedError } from '../errors/index.ts';
import type { PoolIdentity } from '../identity/index.ts';

/** How long an idle connection is kept whose server allows no requests, in ms: then another one is tried. */
export const blockedTime = 1000;

/** The exit reason in one word. */
export function endOf(reason: unknown): string {
  if (typeof reason === 'string') return reason;
  const { shutdown } = (reason ?? {}) as { shutdown?: unknown };
  return typeof shutdown === 'string' ? shutdown : 'crashed';
}

/** What those are told who use a connection, or wait for it; without a wire it was not open yet. */
export function endedBy(
  {
    owner,
    wire,
  }: { readonly owner: { readonly pool: PoolIdentity }; readonly wire: Wire | undefined },
  reason: unknown,
): ConnectionClosedError {
  const { key: pool, origin } = owner.pool;
  return new ConnectionClosedError({
    pool,
    origin,
    reason: describeEnd(reason),
    ...(wire === undefined ? { phase: 'connect', requestSent: false } : undefined),
    ...(reason instanceof Error ? { cause: reason } : undefined),
  });
}

/** The exit reason in words. */
function describeEnd(reason: unknown): string {
  if (reason === 'ping_timeout') return reason;
  if (typeof reason === 'string') return `its process ended: ${reason}`;
  const { shutdown } = (reason ?? {}) as { shutdown?: unknown };
  return typeof shutdown === 'string' ? shutdown : 'its process ended';
}
