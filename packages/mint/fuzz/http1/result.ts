/** What a parser made of a response, as far as two parsers can be compared. */
export interface Http1Result {
  /** It took the response, or the hand-over of the stream. */
  readonly accepted: boolean;
  /** The reason, where it did not. */
  readonly reason: string;
  readonly interims: readonly number[];
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  readonly handover: boolean;
  readonly keepAlive: boolean;
}
