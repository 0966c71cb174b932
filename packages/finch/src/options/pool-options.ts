/**
 * The options of one pool.
 */
import {
  boolean,
  duration,
  finiteDuration,
  type InputOf,
  integer,
  limit,
  nested,
  oneOf,
  type OutputOf,
  someOf,
} from '@linnet/otp/options';
import { OptionsError } from '../errors/input-errors.ts';
import { connectionSchema } from './connection-options.ts';
import { http1Schema, http2Schema, http3Schema } from './protocol-options.ts';
import { defineSchema } from './schema.ts';
import { strategy } from './strategy.ts';

/** The fields of a pool's options; other schemas (child spec, instance) build on them. */
export const poolFields = {
  size: integer({
    min: 1,
    default: 50,
    unit: 'connections',
    doc: 'The cap on open connections, for each shard.',
  }),
  count: integer({
    min: 1,
    max: 1024,
    default: 1,
    unit: 'shards',
    doc: 'How many shards the pool has, at most 1024. One is right unless its queue is a bottleneck: shards do not share idle connections.',
  }),
  protocols: someOf(['http1', 'http2', 'http3'], {
    default: ['http2', 'http1'],
    doc: 'The protocols that may be spoken, the preferred first; ALPN picks between HTTP/2 and HTTP/1.1. Without TLS it is HTTP/1.1, unless HTTP/2 is the only one. HTTP/3 needs the package `@matrixai/quic`, https, and no proxy: in a list with others it is used as soon as the server has announced it (`alt-svc`), wherever it stands in the list; alone from the first connection on.',
  }),
  poolStrategy: strategy({
    default: 'least_busy',
    doc: 'How a shard is chosen, when `count` is above 1.',
  }),
  maxQueue: limit({
    min: 0,
    default: 10_000,
    unit: 'callers',
    doc: 'How many callers may wait for a connection; the next one fails with QueueFullError. A pool of the default size does not serve more than 10,000 within the default `poolTimeout`.',
  }),
  whenFull: oneOf(['queue', 'fail', 'overflow'], {
    default: 'queue',
    doc: 'When every connection is in use: wait in the queue, fail at once, or open a connection above `size`, which is closed after its use.',
  }),
  maxPerHost: limit({
    min: 1,
    unit: 'connections',
    doc: "The cap on connections to this pool's host and port, over all pools of the instance.",
    defaultText: "the instance's",
  }),
  poolMaxIdleTime: duration({
    default: 'infinity',
    doc: 'How long the pool goes without a request before it stops.',
  }),
  connMaxIdleTime: duration({
    default: 30_000,
    doc: "How long a connection stays idle before it is closed. A shorter `Keep-Alive: timeout` of the server's counts instead.",
  }),
  maxConnectionAge: duration({
    default: 'infinity',
    doc: 'How old a connection may get. It is closed after its current request; the next connection looks up the host name again.',
  }),
  maxConnectionAgeJitter: finiteDuration({
    default: 0,
    doc: 'The most that is added to `maxConnectionAge`, at random, so that connections do not end together.',
  }),
  maxRequestsPerConnection: limit({
    min: 1,
    default: 'infinity',
    unit: 'requests',
    doc: 'How many requests a connection serves before it is closed.',
  }),
  maxHeaderSize: integer({
    min: 1,
    default: 262_144,
    unit: 'bytes',
    doc: "The most bytes of names and values in a response's header section, and in its trailer section; more is a ResponseTooLargeError.",
  }),
  maxResponseSize: limit({
    min: 1,
    default: 'infinity',
    unit: 'bytes',
    doc: "The most bytes of a response's body, before any decompression; more is a ResponseTooLargeError, and an HTTP/1 connection is closed.",
  }),
  prewarm: integer({
    min: 0,
    default: 0,
    unit: 'connections',
    doc: 'How many idle connections the pool opens when it starts and keeps ready; at most `size`.',
  }),
  startPoolMetrics: boolean({
    default: true,
    doc: 'Whether `getPoolStatus` reports on the pool. The figures cost nothing: the pool keeps them anyway.',
  }),
  connOpts: nested(connectionSchema, { doc: 'How connections are opened.' }),
  http1: nested(http1Schema, { doc: 'HTTP/1 connections.' }),
  http2: nested(http2Schema, { doc: 'HTTP/2 connections.' }),
  http3: nested(http3Schema, { doc: "HTTP/3 connections, where `protocols` has `'http3'`." }),
};

/** Where options of sending belong, rather than of a pool. */
const ofRequest = 'It belongs to a request: give it to finch.get, finch.request …';

/** Options that contradict each other. */
export function checkPoolOptions(options: OutputOf<typeof poolFields>, path: string): void {
  if (options.prewarm > options.size) {
    throw new OptionsError({
      option: `${path}prewarm`,
      value: options.prewarm,
      scope: 'pool options',
      allowed: `an integer from 0 to size, ${options.size}`,
    });
  }
}

export const poolSchema = defineSchema('pool options', poolFields, checkPoolOptions, {
  poolTimeout: ofRequest,
  receiveTimeout: ofRequest,
  requestTimeout: ofRequest,
  timeout: ofRequest,
});

/** The options of a pool, as a caller gives them. */
export type PoolOptions = InputOf<typeof poolFields>;

/** The same, with the defaults. */
export type ResolvedPoolOptions = OutputOf<typeof poolFields>;

/**
 * Validates the options of a pool and fills in the defaults: one frozen object
 * that pools share by reference.
 *
 * @throws OptionsError
 */
export function parsePoolOptions(options?: PoolOptions, path = ''): ResolvedPoolOptions {
  return poolSchema.parse(options, path);
}
