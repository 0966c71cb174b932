/**
 * What a connection of HTTP/2 or HTTP/3 says of one stream, and where it has
 * the details until it is asked for what comes next.
 */
import type { Fault } from '../errors/fault.ts';
import type { Fields } from '../fields.ts';

/** All of the range is taken; more bytes are needed. */
export const more = 0;
/** The head of an interim response: `status`, `fields`, `size`. */
export const interim = 1;
/** The head of the final response: `status`, `fields`, `size`, `isLast`. */
export const head = 2;
/** A piece of the body: the bytes from `from` to `to`. */
export const data = 3;
/** The end of the response: its trailers as `fields`. */
export const end = 4;
/** The peer ended the stream: `code`. */
export const reset = 5;
/** The response cannot be taken, and its stream is given up: `fault`. */
export const broken = 6;

/** What comes for a stream: one of the constants above but {@link more}. */
export type StreamEvent = 1 | 2 | 3 | 4 | 5 | 6;

/** The details of the event that was told last. */
export interface StreamReport {
  readonly status: number;
  readonly fields: Fields;
  /** The size of the section that `fields` are of, as HPACK and QPACK count it. */
  readonly size: number;
  /** The head is known to be all of the response. */
  readonly isLast: boolean;
  readonly from: number;
  readonly to: number;
  readonly code: number;
  readonly fault: Fault | undefined;
}
