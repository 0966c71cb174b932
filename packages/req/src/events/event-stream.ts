/** Server-sent events over one connection after the other, by the rules of `EventSource` (HTML, 9.2). */
import { isReplayable } from '../body/replayable.ts';
import type { Caller } from '../caller.ts';
import { EventStreamError } from '../errors/index.ts';
import { HeaderList } from '../header-list.ts';
import { sleep } from '../message/call.ts';
import type { RequestInput } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import { isSafe, isTransient } from '../retry/transient.ts';
import { isSendable } from './last-event-id.ts';
import { EventReader, type ServerEvent } from './server-event.ts';

/** How events are read. */
export interface EventSettings {
  /** The id of the event after which to begin. Default: none. */
  readonly lastEventId?: string | undefined;
  /**
   * Whether the connection is opened again when it ends. Default: for GET, HEAD, OPTIONS and TRACE; what
   * another method asks for may have been done, as the answer of a language model that is paid for.
   */
  readonly reconnect?: boolean | undefined;
  /** The wait before that, in ms, unless the server says another. Default 3000. */
  readonly reconnectDelay?: number | undefined;
  /** The longest wait, in ms, when one attempt after the other fails: it doubles. Default 60,000. */
  readonly maxReconnectDelay?: number | undefined;
}

/** The wait of 0 ms that a server may ask for must not become a loop without one when it is down. */
const shortestDelay = 50;

/** How long a stream may be silent before it is taken for dead, unless `receiveTimeout` says otherwise. */
const longestSilence = 60_000;

/** The events, until the server says that there are no more (204), or the reader leaves. */
export async function* eventsOf(
  caller: Caller,
  first: RequestInput,
  settings: EventSettings,
): AsyncGenerator<ServerEvent, void, undefined> {
  const { lastEventId = '', reconnect: wanted = isSafe(first.method) } = settings;
  const reconnect = wanted && isReplayable(first.options);
  const { reconnectDelay = 3000, maxReconnectDelay = 60_000 } = settings;
  const reader = new EventReader(lastEventId);
  const { signal } = first.options;
  for (let failures = 0; ; failures += 1) {
    try {
      const response = await caller.call(inputFor(first, reader.lastEventId));
      const body = bodyOf(response);
      if (body === undefined) return;
      for await (const event of reader.read(body)) {
        failures = -1;
        yield event;
      }
    } catch (error) {
      if (isTooLarge(error)) {
        throw new EventStreamError({ url: first.url, reason: 'too_large', cause: error });
      }
      if (!reconnect || !(error instanceof Error) || !isTransient(error)) throw error;
    }
    if (!reconnect) return;
    await sleep(delayOf(reader.retry ?? reconnectDelay, failures, maxReconnectDelay), signal);
  }
}

/** As it was asked for, after a connection that had events; then twice as long each time. */
function delayOf(asked: number, failures: number, longest: number): number {
  if (failures < 1) return asked;
  return Math.min(Math.max(asked, shortestDelay) * 2 ** failures, Math.max(asked, longest));
}

function inputFor(first: RequestInput, lastEventId: string): RequestInput {
  const { options } = first;
  const headers = options.headers?.clone() ?? new HeaderList();
  headers.setDefault('accept', 'text/event-stream').setDefault('cache-control', 'no-store');
  // A server may give an id that no header can carry: then it is asked for what it sends without one.
  if (lastEventId !== '' && isSendable(lastEventId)) {
    headers.set('last-event-id', Buffer.from(lastEventId).toString('latin1'));
  }
  const receiveTimeout = options.receiveTimeout ?? longestSilence;
  // A stream of events has no end by which it could be measured.
  const unlimited = { requestTimeout: undefined, expect: undefined, httpErrors: 'return' } as const;
  return {
    ...first,
    options: { ...options, ...unlimited, headers, receiveTimeout, into: 'stream' },
  };
}

/** The body of a stream of events; undefined when the server wants no further connection. */
function bodyOf(response: ReqResponse): AsyncIterable<Uint8Array> | undefined {
  const { status, headers, url } = response;
  if (status === 204) {
    response.cancel();
    return undefined;
  }
  const contentType = headers.get('content-type');
  const isStream = /^\s*text\/event-stream\s*(?:;|$)/i.test(contentType ?? '');
  if (status === 200 && isStream) return response.body as AsyncIterable<Uint8Array>;
  response.cancel();
  const reason = status === 200 ? 'content_type' : 'status';
  throw new EventStreamError({ url, reason, status, contentType });
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'max-buffer-size-exceeded';
}
