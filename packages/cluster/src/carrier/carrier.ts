/** What carries frames between nodes. It may lose, double, reorder and delay them. */
import type { NodeIdentity } from '../association/identity.ts';

/** What a carrier tells its node. */
export interface CarrierEvents {
  /** A frame for this node has arrived. */
  frame(bytes: Uint8Array): void;
  /** A node has been heard of. */
  announced(node: NodeIdentity): void;
  /** A frame that was sent as a probe found no node. */
  unreachable(node: NodeIdentity): void;
  /** A node is gone for certain, or has said goodbye. */
  gone(node: NodeIdentity, how: 'bye' | 'gone'): void;
  /** The carrier works again after an interruption. */
  up(): void;
}

/** A way to other nodes. */
export interface Carrier {
  /**
   * Begins to carry. Rejects when that is not possible, within a few seconds.
   * @returns Milliseconds within which other nodes that are there have been heard of.
   */
  start(self: NodeIdentity, events: CarrierEvents): Promise<number>;
  /** Whether a node is reached this way; of several carriers, the first one that does takes its frames. */
  reaches(node: NodeIdentity): boolean;
  /** Carries a frame. With `probe`, `unreachable` is to be told if no such node is there. */
  send(to: NodeIdentity, frame: Uint8Array, probe: boolean): void;
  /**
   * As `send`, for a frame with a buffer of its own, which is sent again only if it gets lost. True when
   * the carrier has taken the buffer: the frame arrives, after those before it, unless the node is gone.
   * Without this method, frames are sent, and kept until they are acknowledged.
   */
  handOver?(to: NodeIdentity, frame: Uint8Array<ArrayBuffer>, probe: boolean): boolean;
  /** Tells other nodes of this one; it is called every few seconds. */
  announce(): void;
  /** Ends it: nothing is carried any more, and no event is told. */
  stop(): Promise<void>;
}
