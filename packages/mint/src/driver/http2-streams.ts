/** The streams of an HTTP/2 wire, and who hears what comes for them. */
import type { ConnectionEvent, Http2Connection } from '../http2/connection.ts';
import type { Http2Stream } from '../http2/stream.ts';

/** Opened a stream. */
export interface StreamUser {
  /** Something came for the stream: `connection` tells what, with the bytes that it was read from. */
  onEvent(what: ConnectionEvent, connection: WireConnection, bytes: Buffer): void;
}

export type WireStream = Http2Stream<StreamUser>;

export type WireConnection = Http2Connection<StreamUser>;
