/** Failures of streams that go on: server-sent events and WebSockets. */
import { because, nameErrors, ReqError, shownUrl, type ReqErrorOptions } from './req-error.ts';

/** What an {@link EventStreamError} says. */
interface EventStreamDetails extends ReqErrorOptions {
  readonly url: string;
  readonly reason: 'status' | 'content_type' | 'too_large';
  readonly status?: number | undefined;
  readonly contentType?: string | undefined;
}

/**
 * A response is no stream of events: its status is not 200, its type is not `text/event-stream`, or an
 * event is too large. It is not tried again, as the standard says.
 */
export class EventStreamError extends ReqError {
  static override readonly code = 'ERR_REQ_EVENT_STREAM';
  declare readonly code: 'ERR_REQ_EVENT_STREAM';
  declare readonly url: string;
  declare readonly reason: 'status' | 'content_type' | 'too_large';
  declare readonly status?: number;
  declare readonly contentType?: string;

  constructor(details: EventStreamDetails) {
    const url = shownUrl(details.url);
    const { status, contentType, cause } = details;
    const messages = {
      status: `${url} answered with status ${status}, not with a stream of events.`,
      content_type: `${url} answered with content-type ${contentType ?? 'none'}, not text/event-stream.`,
      too_large: `${url} sent an event that is too large to be held${because(cause)}.`,
    };
    super(messages[details.reason], { ...details, url });
  }

  static {
    nameErrors(this, 'EventStreamError');
  }
}

/** What a {@link WebSocketError} says. */
interface WebSocketDetails extends ReqErrorOptions {
  readonly url: string;
  readonly reason: 'refused' | 'connect' | 'handshake' | 'closed';
  readonly status?: number | undefined;
  readonly closeCode?: number | undefined;
}

/**
 * A WebSocket could not be opened: the server answered with another status (`'refused'`), could not be
 * reached (`'connect'`), or made a mistake in the handshake (`'handshake'`); or it ended by an error, or is
 * closed and cannot send (`'closed'`).
 */
export class WebSocketError extends ReqError {
  static override readonly code = 'ERR_REQ_WEB_SOCKET';
  declare readonly code: 'ERR_REQ_WEB_SOCKET';
  declare readonly url: string;
  declare readonly reason: 'refused' | 'connect' | 'handshake' | 'closed';
  declare readonly status?: number;
  declare readonly closeCode?: number;

  constructor(details: WebSocketDetails) {
    const url = shownUrl(details.url);
    const { status, cause, closeCode } = details;
    const messages = {
      refused: `${url} opened no WebSocket: it answered with status ${status}.`,
      connect: `No WebSocket to ${url} could be opened${because(cause)}.`,
      handshake: `The handshake with ${url} failed${because(cause)}.`,
      closed: `The WebSocket to ${url} is closed${closeCode === undefined ? '' : `, code ${closeCode}`}${because(cause)}.`,
    };
    super(messages[details.reason], { ...details, url });
  }

  static {
    nameErrors(this, 'WebSocketError');
  }
}
