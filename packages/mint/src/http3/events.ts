/** What an HTTP/3 connection says. */
export { broken, data, end, head, interim, more, reset } from '../message/stream-event.ts';

/** The peer said something of itself: `peer`. */
export const settings = 7;
/** The peer takes no further streams: those from `lastStream` on were not looked at. */
export const goaway = 8;
/** A stream of a type that means nothing here: ask to end it with `code`. */
export const unwanted = 9;

/** What the connection says: one of the constants above, or one of a stream. */
export type ConnectionEvent = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
