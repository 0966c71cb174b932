/** Parses server-sent events (HTML, 9.2.6), by eventsource-parser. */
import { createParser, type ParseError } from 'eventsource-parser';

/** An event of a server. */
export interface ServerEvent {
  /** `'message'` unless the server names another. */
  readonly type: string;
  readonly data: string;
  /** The id that the server gave last; empty before the first. */
  readonly lastEventId: string;
}

/** How much of one event is held, in characters: the memory that a server can make this program use. */
const longestEvent = 16 * 1024 * 1024;

/** What a stream of events has said so far, over all its connections. */
export class EventReader {
  /** What is sent as `last-event-id` when the connection is opened again. */
  lastEventId: string;
  /** The wait that the server asked for, in ms. */
  retry: number | undefined;

  constructor(lastEventId: string) {
    this.lastEventId = lastEventId;
  }

  /** The events of one connection. An event that its end cuts off is dropped. @throws ParseError */
  async *read(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent, void, undefined> {
    let found: ServerEvent[] = [];
    let failure: ParseError | undefined;
    const parser = createParser({
      maxBufferSize: longestEvent,
      onId: (id) => {
        this.lastEventId = id;
      },
      onRetry: (ms) => {
        this.retry = ms;
      },
      onEvent: ({ event, data }) => {
        const type = event === undefined || event === '' ? 'message' : event;
        found.push({ type, data, lastEventId: this.lastEventId });
      },
      onError: (error) => {
        // Fields that are not known are ignored, as the standard says.
        if (error.type === 'max-buffer-size-exceeded') failure = error;
      },
    });
    // The parser takes off the byte order mark, which is one.
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    for await (const piece of pieces) {
      parser.feed(decoder.decode(piece, { stream: true }));
      const events = found;
      found = [];
      yield* events;
      if (failure !== undefined) throw failure;
    }
  }
}
