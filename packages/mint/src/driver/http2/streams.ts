/** The streams of an HTTP/2 wire. */
import type { Http2Connection } from '../../http2/connection.ts';
import type { Http2Stream } from '../../http2/stream.ts';
import type { StreamUser } from '../streams/stream-wire.ts';

export type Http2WireStream = Http2Stream<StreamUser>;

export type Http2WireConnection = Http2Connection<StreamUser>;
