/** What a client made of the frames of a server, as far as two clients can be compared. */

/** What became of one request. */
export interface StreamResult {
  readonly interims: readonly number[];
  /** 0 without a head. */
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  /** `open`, `end`, `reset 8` by the server, `refused 1` by the client. */
  readonly ending: string;
  /** Why the client refused it, where that is known. */
  readonly refusal: string;
}

export interface Http2Result {
  /** The name of the error with which the client ended the connection; empty if it goes on. */
  readonly failure: string;
  /** The server said that it ends the connection. */
  readonly isGoingAway: boolean;
  readonly streams: readonly StreamResult[];
}

/** The requests of every input: their methods, on the streams 1, 3, 5…. */
export const methods = ['GET', 'HEAD', 'GET', 'GET'] as const;

/** A result while it is being made. */
export class StreamLog implements StreamResult {
  readonly interims: number[] = [];
  status = 0;
  fields: readonly string[] = [];
  body = '';
  trailers: readonly string[] = [];
  ending = 'open';
  refusal = '';
}

export function streamLogs(): readonly StreamLog[] {
  return methods.map(() => new StreamLog());
}
