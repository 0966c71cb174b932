/**
 * A client session of node:http2 over a socket that is open already, with
 * bounds on all that the server could make it keep.
 */
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';

/** What the session is opened with; see `Http2WireOptions`. */
export interface SessionOptions {
  readonly scheme: 'http' | 'https';
  readonly maxHeaderSize: number;
  readonly streamWindowSize: number;
  readonly connectionWindowSize: number;
}

/** How many requests may be under way before the server has said its own limit (RFC 9113, 6.5.2 proposes 100). */
export const assumedLimit = 100;

/** How many PINGs may wait for their answer. */
export const maxOutstandingPings = 10;

/** The largest header section that is sent, in bytes before its compression. */
export const maxSentHeaders = 1_048_576;

/** How many fields a header section may have. */
const maxFields = 1000;

/** What HPACK and SETTINGS_MAX_HEADER_LIST_SIZE count for each field beside name and value (RFC 7541, 4.1). */
const fieldOverhead = 32;

/** The most that SETTINGS_MAX_HEADER_LIST_SIZE may be in nghttp2's view. */
const maxListSize = 2 ** 31 - 1;

/** MB that nghttp2 may hold for one connection: what is to be sent, and header sections that come. */
const maxSessionMemory = 256;

/** Opens the session. Call it in a clean async context. */
export function openSession(socket: Duplex, options: SessionOptions): ClientHttp2Session {
  const settings = {
    createConnection: () => socket,
    settings: {
      enablePush: false,
      initialWindowSize: options.streamWindowSize,
      // The wire counts names and values itself; this is the bound on what is kept until then.
      maxHeaderListSize: Math.min(options.maxHeaderSize + maxFields * fieldOverhead, maxListSize),
    },
    maxHeaderListPairs: maxFields,
    maxOutstandingPings,
    maxReservedRemoteStreams: 0,
    maxSendHeaderBlockLength: maxSentHeaders,
    maxSessionMemory,
    peerMaxConcurrentStreams: assumedLimit,
    // Fields that came twice to the wire are sent twice, as on HTTP/1 (Node.js 24 and later).
    strictSingleValueFields: false,
  };
  // The authority is in each request.
  const session = connect(`${options.scheme}://localhost`, settings);
  session.setLocalWindowSize(options.connectionWindowSize);
  return session;
}
