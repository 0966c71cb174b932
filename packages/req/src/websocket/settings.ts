/** How a WebSocket is opened. */
import type { Duration } from '../options/index.ts';

/** The options of a WebSocket beside those of a call. */
export interface WebSocketSettings {
  /** The subprotocols that are spoken, the preferred first. Default: none. */
  readonly subprotocols?: readonly string[] | undefined;
  /** Whether messages may be compressed (RFC 7692). Default true. */
  readonly perMessageDeflate?: boolean | undefined;
  /** The bytes of the largest message. Default 16 MiB. */
  readonly maxPayload?: number | undefined;
  /**
   * How often the server is sent a ping, in ms: one that sends nothing until the next ping is taken for lost.
   * Default 30,000; `'infinity'` for none.
   */
  readonly pingInterval?: Duration | undefined;
}
