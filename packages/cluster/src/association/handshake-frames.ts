/** The frames before a connection is open, and those that refuse one. */
import { encodeFrame, frameType } from './frame.ts';
import { encodeBody, prove, type Greeting, type ProvenGreeting, type Refusal } from './greeting.ts';
import type { NodeIdentity } from './identity.ts';
import type { Answer } from './opening.ts';

export function helloFrame(greeting: Greeting): Uint8Array {
  return encodeFrame(frameType.hello, 0, 0, 0, encodeBody(greeting));
}

export function helloAckFrame(cookie: string, { theirs, greeting }: Answer): Uint8Array {
  const proof = prove(cookie, 'answerer', theirs, greeting);
  const body = encodeBody({ ...greeting, proof });
  return encodeFrame(frameType.helloAck, theirs.connection, 0, 0, body);
}

export function confirmFrame(cookie: string, ours: Greeting, theirs: ProvenGreeting): Uint8Array {
  const body = encodeBody({ proof: prove(cookie, 'opener', ours, theirs) });
  return encodeFrame(frameType.confirm, theirs.connection, 0, 0, body);
}

export function refuseFrame(reason: Refusal, by: NodeIdentity): Uint8Array {
  return encodeFrame(frameType.refuse, 0, 0, 0, encodeBody({ reason, by }));
}

export function fenceFrame(connection: number, by: NodeIdentity): Uint8Array {
  return encodeFrame(frameType.fence, connection, 0, 0, encodeBody({ by }));
}

/** Ends a connection: it is given up, or its node leaves. */
export function endFrame(type: 'reset' | 'bye', connection: number): Uint8Array {
  return encodeFrame(frameType[type], connection, 0, 0);
}
