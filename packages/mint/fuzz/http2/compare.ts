/** What two clients make of a frame, and whether that is the same. */
import type { Http2Result, StreamResult } from './result.ts';

/**
 * The kind of difference that came with the last frame; empty if they agree. `before`: what both
 * were at before it.
 */
export function difference(
  [ours, oursBefore]: readonly [Http2Result, Http2Result],
  [peer, peerBefore]: readonly [Http2Result, Http2Result],
): string {
  const found = differenceOf(ours, peer);
  if (found === '') return '';
  const [here, there] = [reaction(ours, oursBefore), reaction(peer, peerBefore)];
  return here === there ? found : `ours ${here}, the peer ${there}`;
}

/** In what they differ, as a word. */
export function differenceOf(ours: Http2Result, peer: Http2Result): string {
  // What is told when a connection ends is a matter of who drives it.
  if (ours.isGoingAway || peer.isGoingAway) return '';
  if (ours.failure !== peer.failure) return 'failure';
  if (ours.failure !== '') return '';
  for (const [index, stream] of ours.streams.entries()) {
    const found = ofStream(stream, peer.streams[index] as StreamResult);
    if (found !== '') return found;
  }
  return '';
}

function ofStream(ours: StreamResult, peer: StreamResult): string {
  if (ours.ending !== peer.ending) return 'ending';
  // Of a stream that fails, it is a matter of time how much is told before.
  if (ours.ending !== 'end' && ours.ending !== 'open') return '';
  const different = parts.filter(
    (part) => JSON.stringify(ours[part]) !== JSON.stringify(peer[part]),
  );
  return different.length === 0 ? '' : `other ${different.join(' and ')}`;
}

const parts = ['interims', 'status', 'fields', 'body', 'trailers'] as const;

/** What a client did at a frame. */
function reaction(now: Http2Result, before: Http2Result): string {
  if (now.failure !== '') return `ends the connection [${now.failure}]`;
  for (const [index, { ending, refusal }] of now.streams.entries()) {
    if (ending === before.streams[index]?.ending) continue;
    if (ending === 'end') return 'ends a stream';
    if (ending.startsWith('reset')) return `takes a reset [${ending.slice(6)}]`;
    return `refuses a stream [${ending.slice(8)}${refusal === '' ? '' : `: ${refusal}`}]`;
  }
  return 'goes on';
}
