/**
 * What a codec throws: a fault of the bytes that it was given, without any fact
 * of the exchange, which the codec does not know. The driver makes a typed
 * error of it.
 */

/** A breach of the protocol by the peer, or a message over a limit. */
export class Fault extends Error {
  /** A word for the breach: `invalid_chunk_size`; for HTTP/2 and HTTP/3 the name of the error code. */
  readonly reason: string;
  /** Set where a limit on header or trailer fields was passed: the limit and what had come, in bytes. */
  readonly tooLarge: { readonly limit: number; readonly received: number } | undefined;

  constructor(reason: string, detail: string, tooLarge?: Fault['tooLarge']) {
    super(detail);
    this.reason = reason;
    this.tooLarge = tooLarge;
  }
}

/** The end of the stream came before the end of the message. */
export class Truncation extends Error {}
