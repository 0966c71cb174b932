/** HTTP/3 on one connection of the misbehaving server. */
import type { Http3Frame, Http3Peer } from '@linnet/mint/testing';
import { answerH3, badH3Behaviours } from './h3-behaviours.ts';
import type { Random } from './random.ts';

export interface Http3Options {
  readonly random: Random;
  /** A request was answered. */
  readonly onAnswered: (behaviour: string, isBad: boolean) => void;
}

/** Serves until the connection is gone. */
export async function serveHttp3(
  peer: Http3Peer,
  { random, onAnswered }: Http3Options,
): Promise<void> {
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, act: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!peer.isClosed) act();
    }, ms);
    timers.add(timer);
  };
  const answer = async (request: Http3Frame): Promise<void> => {
    const { length } = await peer.readBody(request.stream);
    if (peer.isClosed) return;
    const behaviour = answerH3({ peer, request, received: length, random, later });
    onAnswered(behaviour, behaviour in badH3Behaviours);
  };
  try {
    await peer.handshake();
    for await (const request of peer.requests()) {
      // A request that is given up, or whose connection ends, has no body.
      answer(request).catch(() => {});
    }
  } catch {
    // It ended in its handshake.
  }
  for (const timer of timers) clearTimeout(timer);
}
