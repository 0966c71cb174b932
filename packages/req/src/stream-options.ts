/** The checks of the options of `paginate`, `events` and `webSocket` that other calls do not have. */
import { boolean, custom, duration, finiteDuration, integer, invalid } from '@linnet/otp/options';
import { isSendable } from './events/last-event-id.ts';
import type { ReqResponse } from './message/response.ts';
import { defineSchema } from './options/index.ts';

export const pageSchema = defineSchema('options of paginate', {
  nextPage: custom<(response: ReqResponse) => string | URL | undefined>({
    doc: 'Gives the URL of the next page, relative to that of the response; `undefined` after the last.',
    type: 'function',
    defaultText: 'the `Link` header with `rel="next"`',
    allowed: 'a function of a response',
    parse: (value) =>
      typeof value === 'function'
        ? (value as (response: ReqResponse) => string | URL | undefined)
        : invalid,
  }),
  maxPages: integer({ min: 1, doc: 'How many pages are asked for at most.', defaultText: 'all' }),
});

export const eventSchema = defineSchema('options of events', {
  lastEventId: custom<string>({
    doc: 'The id of the event after which to begin.',
    type: 'string',
    defaultText: 'none',
    allowed: 'a string without control characters',
    parse: (value) => (typeof value === 'string' && isSendable(value) ? value : invalid),
  }),
  reconnect: boolean({
    defaultText: '`true` for GET, HEAD, OPTIONS and TRACE, else `false`',
    doc: 'Whether the connection is opened again when it ends. Not when its body can be read once only.',
  }),
  reconnectDelay: finiteDuration({
    default: 3000,
    doc: 'The wait before that, unless the server says another.',
  }),
  maxReconnectDelay: finiteDuration({
    default: 60_000,
    doc: 'The longest wait when one attempt after the other fails: it doubles.',
  }),
});

export const webSocketSchema = defineSchema('options of webSocket', {
  subprotocols: custom<readonly string[]>({
    doc: 'The subprotocols that are spoken, the preferred first.',
    type: 'string[]',
    defaultText: 'none',
    allowed: 'a list of tokens',
    parse: (value) =>
      Array.isArray(value) && value.every(isToken) ? (value as string[]) : invalid,
  }),
  perMessageDeflate: boolean({
    default: true,
    doc: 'Whether messages may be compressed (RFC 7692).',
  }),
  maxPayload: integer({
    min: 1,
    unit: 'bytes',
    default: 16 * 1024 * 1024,
    doc: 'The size of the largest message.',
  }),
  pingInterval: duration({
    min: 1,
    default: 30_000,
    doc: 'How often the server is sent a ping: one that sends nothing until the next ping is taken for lost.',
  }),
});

function isToken(value: unknown): boolean {
  return typeof value === 'string' && /^[!#$%&'*+.^_`|~\w-]+$/.test(value);
}
