/** What two results of the same frames have to say of each other. */
import type { Http2Result, StreamResult } from './result.ts';

/** The kinds of difference; none if they agree. */
export function differences(ours: Http2Result, peer: Http2Result): string[] {
  if (ours.failure !== peer.failure) {
    if (peer.failure === '') return [`only ours ends the connection: ${ours.failure}`];
    if (ours.failure === '') return [`only the peer ends the connection: ${peer.failure}`];
    return [`the connection ends with ${ours.failure}, the peer's with ${peer.failure}`];
  }
  // What is told of streams whose connection ends is a matter of who drives it.
  if (ours.failure !== '' || ours.isGoingAway || peer.isGoingAway) return [];
  return ours.streams.flatMap((stream, index) => {
    const found = ofStream(stream, peer.streams[index] as StreamResult);
    return found === undefined ? [] : [found];
  });
}

function ofStream(ours: StreamResult, peer: StreamResult): string | undefined {
  if (ours.ending !== peer.ending) return `a stream: ${ours.ending}, the peer's: ${peer.ending}`;
  // Of a stream that fails, it is a matter of time how much is told before.
  if (ours.ending !== 'end' && ours.ending !== 'open') return undefined;
  const different = parts.filter(
    (part) => JSON.stringify(ours[part]) !== JSON.stringify(peer[part]),
  );
  if (different.length === 0) return undefined;
  return `a stream with another ${different.join(' and ')}`;
}

const parts = ['interims', 'status', 'fields', 'body', 'trailers'] as const;
