/** The streams of an HTTP/3 wire. */
import type { Http3Connection } from '../../http3/connection.ts';
import type { Http3Stream } from '../../http3/stream.ts';
import type { StreamUser } from '../streams/stream-wire.ts';

export type Http3WireStream = Http3Stream<StreamUser>;

export type Http3WireConnection = Http3Connection<StreamUser>;
