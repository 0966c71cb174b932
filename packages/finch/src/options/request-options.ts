/**
 * The options of a request, of a checkout, and of `Finch.build`. Reading them is
 * on the path of every request: without options nothing is allocated.
 */
import {
  boolean,
  custom,
  duration,
  type InputOf,
  invalid,
  type OutputOf,
  string,
} from '@linnet/otp/options';
import { allowedSocketPath, isSocketPath } from '../identity/index.ts';
import type { TrailersInput } from './headers-input.ts';
import { defineSchema } from './schema.ts';
import { strategy } from './strategy.ts';

const signal = custom<AbortSignal>({
  doc: 'Cancels the call when it aborts.',
  type: 'AbortSignal',
  allowed: 'an AbortSignal',
  parse: (value) => (value instanceof AbortSignal ? value : invalid),
});

const connectTimeout = duration({
  doc: 'How long to wait for a connection that is being opened. It only shortens the wait: the pool goes on opening it for other callers, within its own `connOpts.connectTimeout`.',
  defaultText: "the pool's `connOpts.connectTimeout`",
});

const poolStrategy = strategy({
  doc: 'How a shard is chosen, when the pool has several.',
  defaultText: "the pool's",
});

/** Where options of the request itself belong, rather than of sending it. */
const ofRequest =
  'It belongs to the request: give it to finch.get, finch.post …, or to Finch.build';

export const requestSchema = defineSchema(
  'request options',
  {
    poolTimeout: duration({
      default: 5000,
      doc: 'How long to wait for a connection of the pool: until one is free, or has been opened.',
    }),
    connectTimeout,
    receiveTimeout: duration({
      default: 15_000,
      doc: 'How long the server may send nothing, before the response and between its chunks.',
    }),
    requestTimeout: duration({
      default: 'infinity',
      doc: 'How long the whole request may take: queue, connect, send and receive.',
    }),
    signal,
    poolStrategy,
    retry: boolean({
      default: true,
      doc: 'Whether the request is sent again when the server provably did not process it.',
    }),
  },
  undefined,
  {
    method: 'It belongs to the request: use finch.post, finch.put …, or Finch.build',
    headers: ofRequest,
    body: ofRequest,
    poolTag: ofRequest,
    unixSocket: ofRequest,
    trailers: ofRequest,
    timeout: 'requestTimeout',
  },
);

export const checkoutSchema = defineSchema('checkout options', {
  checkoutTimeout: duration({
    default: 8000,
    doc: 'How long the checkout may take: waiting for a connection and opening it.',
  }),
  connectTimeout,
  signal,
  poolStrategy,
});

export const pingSchema = defineSchema('ping options', {
  timeout: duration({
    default: 5000,
    doc: 'How long the ping may take, with waiting for a connection and opening it.',
  }),
  signal,
});

export const buildSchema = defineSchema('build options', {
  poolTag: string({ default: 'default', doc: 'The tag of the pool that serves the request.' }),
  unixSocket: custom<string>({
    doc: 'The path of a Unix domain socket to connect to, or `\\0name` for an abstract one (Linux); the URL still gives scheme, Host and path.',
    type: 'string',
    allowed: allowedSocketPath,
    parse: (value) => (typeof value === 'string' && isSocketPath(value) ? value : invalid),
  }),
  trailers: custom<TrailersInput>({
    doc: 'Fields that are sent after the body, or a function that makes them when the body has been sent, such as its checksum. On HTTP/1.1 the body is then sent in chunks.',
    defaultText: 'none',
    type: 'object | function',
    allowed: 'headers, or a function that returns headers',
    parse: (value) =>
      typeof value === 'function' || (typeof value === 'object' && value !== null)
        ? (value as TrailersInput)
        : invalid,
  }),
});

/** The options of a request, as a caller gives them. */
export type RequestOptions = InputOf<(typeof requestSchema)['fields']>;
/** The same, with the defaults. */
export type ResolvedRequestOptions = OutputOf<(typeof requestSchema)['fields']>;

/** The options of a checkout, as a caller gives them. */
export type CheckoutOptions = InputOf<(typeof checkoutSchema)['fields']>;
/** The same, with the defaults. */
export type ResolvedCheckoutOptions = OutputOf<(typeof checkoutSchema)['fields']>;

/** The options of a ping, as a caller gives them. */
export type PingOptions = InputOf<(typeof pingSchema)['fields']>;
/** The same, with the defaults. */
export type ResolvedPingOptions = OutputOf<(typeof pingSchema)['fields']>;

/** The options of `Finch.build`, as a caller gives them. */
export type BuildOptions = InputOf<(typeof buildSchema)['fields']>;

/**
 * Validates the options of a request. Without options it returns the same
 * frozen object each time.
 *
 * @throws OptionsError
 */
export function readRequestOptions(options?: RequestOptions): ResolvedRequestOptions {
  return options === undefined ? requestSchema.defaults : requestSchema.read(options);
}

/**
 * Validates the options of a checkout, as {@link readRequestOptions} does.
 *
 * @throws OptionsError
 */
export function readCheckoutOptions(options?: CheckoutOptions): ResolvedCheckoutOptions {
  return options === undefined ? checkoutSchema.defaults : checkoutSchema.read(options);
}

/**
 * Validates the options of a ping, as {@link readRequestOptions} does.
 *
 * @throws OptionsError
 */
export function readPingOptions(options?: PingOptions): ResolvedPingOptions {
  return options === undefined ? pingSchema.defaults : pingSchema.read(options);
}
