/**
 * `connOpts`: how a pool opens its connections.
 */
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import {
  boolean,
  custom,
  duration,
  finiteDuration,
  type InputOf,
  invalid,
  nested,
  string,
} from '@linnet/otp/options';
import { proxy } from './proxy-options.ts';
import { defineSchema } from './schema.ts';
import { tlsSchema } from './tls-options.ts';

export const connectionSchema = defineSchema('connection options', {
  connectTimeout: duration({
    default: 5000,
    doc: 'How long opening may take: name lookup, TCP, the proxy, TLS, and the first SETTINGS of an HTTP/2 server together.',
  }),
  tls: nested(tlsSchema, { doc: 'TLS, for https.' }),
  proxy,
  localAddress: string({
    doc: 'The local address to connect from.',
    defaultText: "the system's choice",
    allowed: 'an IPv4 or IPv6 address',
    accepts: (value) => isIP(value) !== 0,
  }),
  family: custom<4 | 6>({
    doc: 'Connects to IPv4 or to IPv6 addresses only.',
    defaultText: 'both',
    type: '4 | 6',
    allowed: '4 or 6',
    parse: (value) => (value === 4 || value === 6 ? value : invalid),
  }),
  lookup: custom<LookupFunction>({
    doc: 'Looks names up in place of `dns.lookup`, with its signature.',
    defaultText: '`dns.lookup`',
    type: 'function',
    allowed: 'a function as dns.lookup',
    parse: (value) => (typeof value === 'function' ? (value as LookupFunction) : invalid),
  }),
  autoSelectFamily: boolean({
    default: true,
    doc: 'Whether to try IPv6 and IPv4 addresses side by side (Happy Eyeballs, RFC 8305).',
  }),
  autoSelectFamilyAttemptTimeout: finiteDuration({
    default: 250,
    min: 10,
    doc: 'How long an address may take before the next one is tried as well.',
  }),
  keepAlive: boolean({ default: true, doc: 'Whether TCP probes an idle connection.' }),
  keepAliveInitialDelay: finiteDuration({
    default: 60_000,
    doc: 'How long a connection is idle before TCP probes it.',
  }),
  noDelay: boolean({
    default: true,
    doc: "Whether small writes are sent at once (without Nagle's algorithm).",
  }),
  keyLogFile: string({
    doc: 'A file to append TLS secrets to, for a packet analyser. The traffic can be decrypted with it.',
    defaultText: 'the environment variable `SSLKEYLOGFILE`',
  }),
});

/** How connections are opened, as a caller gives it. */
export type ConnectionOptions = InputOf<(typeof connectionSchema)['fields']>;
