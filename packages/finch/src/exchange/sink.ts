/** What becomes of a response: it is collected, read, folded or sent as messages. */
import type { Duplex } from 'node:stream';
import type { Fields } from '@linnet/mint';

/** A switch to another protocol that a request asks for. */
export interface Switching {
  /** What is asked for, such as `websocket`; undefined with CONNECT, which asks for a tunnel. */
  readonly protocol: string | undefined;
  /**
   * The server has switched, and nothing else of the sink is called: the stream is the sink's. The
   * connection is in use until the stream is closed.
   */
  switched(status: number, headers: Fields, stream: Duplex): void;
}

/**
 * Where an exchange hands a response. Calls come in the order of the response; exactly one of `end`
 * and `fail` is the last one.
 */
export interface Sink {
  /** Set when the request asks for another protocol. */
  readonly switching?: Switching | undefined;
  /** An interim response (1xx). */
  interim(status: number, headers: Fields): void;
  /** The head of the response. */
  head(status: number, headers: Fields): void;
  /**
   * A piece of the body. The bytes are lent for the length of the call; `false` pauses the reading
   * until `resume` of the exchange.
   */
  data(bytes: Buffer, from: number, to: number): boolean;
  /**
   * The response is complete, and its connection is given back. `false`: the sink is not done with
   * it, and calls `finish` of the exchange when it is.
   */
  end(trailers: Fields): boolean;
  /** There will be no response, or no more of it. */
  fail(error: Error): void;
  /**
   * What listeners are told of an exchange that was given up; undefined when that was as it should
   * be. Without it, listeners are told the error.
   */
  failureOf?(error: Error): { readonly error: unknown } | undefined;
}

/** A copy of lent bytes, for a sink that keeps them. */
export function copyBytes(bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  bytes.copy(copy, 0, from, to);
  return copy;
}
