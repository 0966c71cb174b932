/** What the head of a response says of alternatives of the server (RFC 7838). */
import type { Fields, Wire } from '@linnet/mint';
import type { AlternativeService } from '../alt-svc/store.ts';
import { alternativeSetAside } from '../telemetry/alternative-events.ts';
import type { ConnectionOwner } from './owner.ts';

/** A connection over which a response comes. */
interface Hearing<C> {
  readonly owner: ConnectionOwner<C>;
  readonly protocol: Wire['protocol'] | undefined;
}

/**
 * Notes it. `by` is the alternative that the connection leads to, if it does. False when that one does
 * not speak for the server: then the connection gets no further requests.
 */
export function hear<C extends Hearing<C>>(
  connection: C,
  by: AlternativeService | undefined,
  status: number,
  fields: Fields,
): boolean {
  const { owner, protocol } = connection;
  const news = owner.discovery?.read(status, fields, by);
  if (news === 'misdirected' && by !== undefined) {
    alternativeSetAside(owner.instance, owner.pool, by, 'misdirected', undefined);
    owner.retire(connection, 'misdirected');
    return false;
  }
  if (news === 'known' && protocol !== 'http3') owner.alternativeKnown();
  return true;
}
