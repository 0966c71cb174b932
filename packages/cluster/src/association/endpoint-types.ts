/** What an endpoint is given, and what it does to the rest of its node. */
import type { DownReason } from './down-reason.ts';
import type { Refusal } from './greeting.ts';
import type { NodeIdentity } from './identity.ts';
import type { AssociationOptions } from './options.ts';
import type { Randomness } from './randomness.ts';

/** What is fixed about an endpoint. */
export interface EndpointSettings {
  readonly self: NodeIdentity;
  readonly cookie: string;
  /** Whether it takes over its name from another run. */
  readonly takeover: boolean;
  readonly options: AssociationOptions;
  readonly randomness: Randomness;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Why no connection could be opened. */
export type ConnectFailure = Refusal | 'handshake_timeout' | 'no_responders' | 'overload' | 'gone';

export interface EndpointEffects {
  /** Gives a frame for another node to the carrier. */
  transmit(to: NodeIdentity, frame: Uint8Array, probe: boolean): void;
  /** As `transmit`; true when the carrier has taken the frame with its buffer, and does not lose it. */
  handOver(to: NodeIdentity, frame: Uint8Array<ArrayBuffer>, probe: boolean): boolean;
  /** A signal of another node has arrived, from `start` to `end`; the bytes are valid until this returns. */
  deliver(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void;
  nodeUp(node: NodeIdentity): void;
  /** A connection is over. What was sent over it and not acknowledged may have arrived or not. */
  nodeDown(node: NodeIdentity, reason: DownReason): void;
  /** No connection could be opened; the signals that waited for it are gone. */
  connectFailed(node: NodeIdentity, reason: ConnectFailure): void;
  /** More, or no longer more, than half of what may wait for a node waits. */
  busy(node: NodeIdentity, on: boolean): void;
  /** Another node does not take this one, or has taken over its name. */
  refused(reason: Refusal | 'fenced', by: NodeIdentity): void;
  /** There is something to be flushed at the end of the turn. */
  wantsFlush(): void;
}
