/**
 * The codecs by themselves, for bytes that come from anywhere: they know no
 * socket, clock or promise. A reader is asked what comes `next` in a range of
 * bytes, answers with one of the numbers below, and has the details in its
 * fields until the next call.
 */
import * as http1 from './http1/parser.ts';
import * as http2 from './http2/connection.ts';
import * as http3 from './http3/events.ts';

export { ResponseParser } from './http1/parser.ts';
export type { ParserEvent, ParserOptions, RequestKind } from './http1/parser.ts';
export { Http2Connection } from './http2/connection.ts';
export type {
  ConnectionEvent as Http2ConnectionEvent,
  Http2ConnectionOptions,
} from './http2/connection.ts';
export { HpackDecoder } from './http2/hpack/decoder.ts';
export type { FieldSink } from './compression/field-sink.ts';
export { HpackEncoder } from './http2/hpack/encoder.ts';
export { Http3Connection } from './http3/connection.ts';
export type { Http3ConnectionOptions } from './http3/connection.ts';
export type { ConnectionEvent as Http3ConnectionEvent } from './http3/events.ts';
export { QpackDecoder } from './http3/qpack/decoder.ts';
export { QpackEncoder } from './http3/qpack/encoder.ts';
export type { Http3Stream } from './http3/stream.ts';
export { OutputBuffer } from './output-buffer.ts';
export type { RequestHead } from './message/request-encoder.ts';
export type { Http2Stream } from './http2/stream.ts';

/** What a {@link ResponseParser} may be asked to read the response to. */
export const requestKind = {
  /** Any request but those below. */
  plain: http1.plain,
  /** HEAD: the response has no body. */
  head: http1.headRequest,
  /** CONNECT: after a 2xx the bytes are not HTTP any more. */
  connect: http1.connectRequest,
  /** With `upgrade`: after a 101 the bytes are not HTTP any more. */
  upgrade: http1.upgradeRequest,
} as const;

/** What a {@link ResponseParser} says, and which of its fields tell more. */
export const responseEvent = {
  /** All of the range is taken; more bytes are needed. */
  more: http1.more,
  /** The head of an interim response: `status`, `fields`. */
  interim: http1.interim,
  /** The head of the final response: `status`, `fields`, `keepAlive`, `hint`. */
  head: http1.head,
  /** A piece of the body: the bytes from `from` to `to`. */
  data: http1.data,
  /** The end of the response: `trailers`. */
  end: http1.end,
  /** A head after which the bytes are not HTTP any more: `status`, `fields`. */
  handover: http1.handover,
} as const;

/** What an {@link Http2Connection} says, and which of its fields tell more. */
export const http2Event = {
  /** All of the range is taken; more bytes are needed. */
  more: http2.more,
  /** The head of an interim response: `stream`, `status`, `fields`. */
  interim: http2.interim,
  /** The head of the final response: `stream`, `status`, `fields`, `isLast`. */
  head: http2.head,
  /** A piece of the body: `stream`, the bytes from `from` to `to`; say `consume` when it is read. */
  data: http2.data,
  /** The end of the response: `stream`, and its trailers as `fields`. */
  end: http2.end,
  /** The peer ended the stream: `stream`, `code`. */
  reset: http2.reset,
  /** The response cannot be taken, and its stream was reset: `stream`, `fault`. */
  broken: http2.broken,
  /** The peer said something of itself: `peer`. Windows may be larger. */
  settings: http2.settings,
  /** The peer takes no further streams: `code`, `lastStream`. */
  goaway: http2.goaway,
  /** The answer to a PING: its `number`. */
  pong: http2.pong,
  /** The peer takes more of a request, or of several. */
  window: http2.window,
} as const;

/** What an {@link Http3Connection} says, and which of its fields tell more. */
export const http3Event = {
  /** All of the range is taken, or nothing follows from the end of a stream. */
  more: http3.more,
  /** The head of an interim response: `stream`, `status`, `fields`. */
  interim: http3.interim,
  /** The head of the final response: `stream`, `status`, `fields`. */
  head: http3.head,
  /** A piece of the body: `stream`, the bytes from `from` to `to`. */
  data: http3.data,
  /** The end of the response: `stream`, and its trailers as `fields`. */
  end: http3.end,
  /** The peer reset the stream: `stream`, `code`. */
  reset: http3.reset,
  /** The response cannot be taken: reset the stream with `code`; `stream`, `fault`. */
  broken: http3.broken,
  /** The peer said something of itself: `peer`. */
  settings: http3.settings,
  /** The peer takes no further streams: `lastStream`. */
  goaway: http3.goaway,
  /** A stream of the peer that means nothing here: ask to end it with `code`. */
  unwanted: http3.unwanted,
} as const;
