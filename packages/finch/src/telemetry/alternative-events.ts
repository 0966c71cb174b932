/** The events of alternative services. */
import type { PoolIdentity } from '../identity/index.ts';
import * as channels from './channels.ts';
import type { SetAside } from './events.ts';
import { poolFacts } from './pool-facts.ts';

/** An alternative of the server of a pool is not used for a while. */
export function alternativeSetAside(
  name: string,
  pool: PoolIdentity,
  { authority: alternative }: { readonly authority: string },
  reason: SetAside['reason'],
  error: unknown,
): void {
  if (!channels.alternativeSetAside.hasSubscribers) return;
  channels.alternativeSetAside.publish({ ...poolFacts(name, pool), alternative, reason, error });
}
