/** How long associations wait, and how much they keep. */

/** Limits of all associations of a node. */
export interface AssociationOptions {
  /** Milliseconds without a frame of its own after which a node sends a tick. Default 1000. */
  readonly tickMs: number;
  /** Milliseconds for which a node that is reported unreachable is still waited for. Default 1500. */
  readonly suspectMs: number;
  /** Milliseconds without any frame after which a node counts as down. Default 10,000. */
  readonly downAfterMs: number;
  /** Milliseconds for a handshake. Default 5000. */
  readonly handshakeMs: number;
  /** Whether frames that a carrier has lost are sent again. Otherwise their loss is a nodedown. Default true. */
  readonly replay: boolean;
  /**
   * Whether each frame is signed, with keys that are made from the cookie. A connection is signed when one
   * of its two nodes wants that; a frame with a wrong signature ends it (`'bad_signature'`). For carriers
   * over which others than the nodes can send. Default false.
   */
  readonly sign: boolean;
  /** Bytes that wait for their acknowledgement, for each node, before it counts as overloaded. Default 32 MiB. */
  readonly windowBytes: number;
  /** Frames that wait for their acknowledgement, for each node. Default 8192. */
  readonly windowFrames: number;
  /** Bytes of one signal at most. Default 16 MiB. */
  readonly maxSignalBytes: number;
  /** Bytes of a body of a frame at most; what is longer goes in parts. Default 64 KiB. */
  readonly frameBytes: number;
}

/** The defaults of {@link AssociationOptions}. */
export const associationDefaults: AssociationOptions = Object.freeze({
  tickMs: 1000,
  suspectMs: 1500,
  downAfterMs: 10_000,
  handshakeMs: 5000,
  replay: true,
  sign: false,
  windowBytes: 32 * 1024 * 1024,
  windowFrames: 8192,
  maxSignalBytes: 16 * 1024 * 1024,
  frameBytes: 64 * 1024,
});

/** Milliseconds between two looks at the clock: a quarter of a tick, at most 250. */
export const intervalOf = ({ tickMs }: AssociationOptions): number =>
  Math.max(1, Math.min(250, tickMs / 4));
