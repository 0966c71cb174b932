/** Why a node counts as down. */
export type DownReason =
  /** It left in order. */
  | 'bye'
  /** The carrier says for certain that it is gone: its worker has ended. */
  | 'gone'
  /** The carrier found it not there, for longer than `suspectMs`. */
  | 'no_responders'
  /** No frame of it came for `downAfterMs`: it is frozen, cut off, or the carrier is down. */
  | 'tick_timeout'
  /** It gave the connection up, or has opened a new one. */
  | 'connection_reset'
  /** Another run with its name has come. */
  | 'replaced'
  /** `Node.disconnect` was called. */
  | 'disconnected'
  /** More waited to be acknowledged than the window holds. */
  | 'overload'
  /** The carrier lost frames, and `replay` is off. */
  | 'lost_signals'
  /** It sent what cannot be read. */
  | 'bad_frame'
  /** A frame came in its name that is not signed, or not by it: see the option `sign`. */
  | 'bad_signature'
  /** Four thousand million frames have gone over one connection. */
  | 'sequence_exhausted'
  /** This node has stopped its cluster layer. */
  | 'stopped';
