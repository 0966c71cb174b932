/** What two results of the same bytes have to say of each other. */
import type { Http1Result } from './result.ts';

/** Whether they agree; and how they do, or do not. */
export interface Comparison {
  readonly same: boolean;
  readonly difference: string;
}

export function compare(ours: Http1Result, peer: Http1Result): Comparison {
  if (!ours.accepted && !peer.accepted) return { same: true, difference: 'both refuse' };
  const difference = differenceOf(ours, peer);
  return { same: difference === '', difference: difference || 'both accept the same' };
}

function differenceOf(ours: Http1Result, peer: Http1Result): string {
  if (!peer.accepted) return `only ours accepts: ${peer.reason}`;
  if (!ours.accepted) return `only the peer accepts: ${ours.reason}`;
  const different = parts.filter(
    (part) => JSON.stringify(ours[part]) !== JSON.stringify(peer[part]),
  );
  if (different.length > 0) return `both accept, with another ${different.join(' and ')}`;
  if (ours.keepAlive === peer.keepAlive) return '';
  return ours.keepAlive ? 'only ours keeps the connection' : 'only the peer keeps the connection';
}

const parts = ['interims', 'status', 'fields', 'body', 'trailers', 'handover'] as const;
