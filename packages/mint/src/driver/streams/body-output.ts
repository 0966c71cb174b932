/** Where the body of a request goes, or what is written into a tunnel: one stream of HTTP/2 or HTTP/3. */

/** Whose bytes they are. */
export interface BodySender {
  /** The head of the request is about to be written: the body may begin. */
  onStart(): void;
  /** What was sent last, and not taken at once, has been taken. */
  onTaken(): void;
  /** The peer, or the network, has taken a further part. */
  onProgress(): void;
  /** The peer takes no more of the stream, but its own side of it goes on: `code` says why. */
  onStopped(code: number): void;
}

export interface BodyOutput {
  /** Has `onStart` called when the head leaves: a body that never leaves is not asked for. */
  start(): void;
  /**
   * Sends bytes, and with them the end of the stream; returns whether they were taken at once. If not,
   * `onTaken` follows, and nothing else may be sent before.
   */
  send(bytes: Uint8Array, isLast: boolean): boolean;
  /** Ends the stream, after trailer fields if there are any. @throws InvalidRequestError */
  end(trailers: readonly string[]): void;
  /** What was not taken is not to be sent any more. */
  stop(): void;
}
