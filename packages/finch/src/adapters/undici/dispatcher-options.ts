/** The options of `finch.dispatcher()`. */
import { duration, type InputOf } from '@linnet/otp/options';
import { buildSchema, requestSchema } from '../../options/index.ts';
import { defineSchema } from '../../options/schema.ts';

const { poolTimeout, connectTimeout, requestTimeout, poolStrategy, retry } = requestSchema.fields;
const { poolTag, unixSocket } = buildSchema.fields;

export const dispatcherSchema = defineSchema(
  'dispatcher options',
  {
    poolTag,
    unixSocket,
    poolTimeout,
    connectTimeout,
    headersTimeout: duration({
      default: 300_000,
      doc: 'How long the server may be silent before the head of the response. A dispatch may say otherwise.',
    }),
    bodyTimeout: duration({
      default: 300_000,
      doc: 'How long the server may be silent between the chunks of the response. A dispatch may say otherwise.',
    }),
    requestTimeout,
    poolStrategy,
    retry,
  },
  undefined,
  {
    receiveTimeout: 'Here it is two, as with undici: headersTimeout and bodyTimeout',
    signal: 'It belongs to a request: give it to fetch, or to a function of undici',
  },
);

/** The options of `finch.dispatcher()`, as a caller gives them. */
export type DispatcherOptions = InputOf<(typeof dispatcherSchema)['fields']>;
