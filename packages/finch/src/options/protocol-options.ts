/** The options of a pool that concern one protocol. */
import { boolean, duration, finiteDuration, integer, limit, oneOf } from '@linnet/otp/options';
import { defineSchema } from './schema.ts';

export const http1Schema = defineSchema('HTTP/1 options', {
  keepAliveThreshold: finiteDuration({
    default: 2000,
    doc: "How long before the end of the server's `keep-alive: timeout` an idle connection is closed.",
  }),
  obsFold: oneOf(['replace', 'refuse'], {
    default: 'replace',
    doc: 'What to do with a header value that continues on a further line (RFC 9112, 5.2): replace the line break by a space, or refuse the response.',
  }),
  bareLineFeeds: boolean({
    default: false,
    doc: 'Whether lines of a response may end with LF alone. Only for servers that cannot send CRLF: parsers that disagree on line ends are a security risk.',
  }),
});

const pingTimeout = finiteDuration({
  default: 15_000,
  doc: 'How long the answer to a PING may take before the connection counts as dead.',
});

const maxConcurrentStreams = limit({
  min: 1,
  default: 'infinity',
  unit: 'requests',
  doc: 'How many requests one connection carries at a time, at most; the server may allow fewer.',
});

const streamWindowSize = integer({
  min: 65_535,
  max: 2_147_483_647,
  default: 1_048_576,
  unit: 'bytes',
  doc: 'The most bytes of one response that a server may send before they are read.',
});

export const http2Schema = defineSchema('HTTP/2 options', {
  pingInterval: duration({
    default: 'infinity',
    doc: 'How long a connection is silent before it is probed with a PING.',
  }),
  pingTimeout,
  waitForServerSettings: boolean({
    default: false,
    doc: "Whether requests wait for the server's SETTINGS, and so for its stream limit.",
  }),
  maxConcurrentStreams,
  streamWindowSize,
  connectionWindowSize: integer({
    min: 65_535,
    max: 2_147_483_647,
    default: 16_777_216,
    unit: 'bytes',
    doc: 'The most bytes of all responses of one connection that may be on their way. What a slow reader leaves unread is bounded by `http2.streamWindowSize`.',
  }),
  maxConnectionAge: duration({
    doc: 'As `maxConnectionAge`, for HTTP/2 connections.',
    defaultText: '`maxConnectionAge`',
  }),
  maxConnectionAgeJitter: finiteDuration({
    doc: 'As `maxConnectionAgeJitter`, for HTTP/2 connections.',
    defaultText: '`maxConnectionAgeJitter`',
  }),
});

export const http3Schema = defineSchema('HTTP/3 options', {
  altSvc: boolean({
    default: true,
    doc: 'Whether a server that announces HTTP/3 (`alt-svc`, RFC 7838) is spoken to by it. With `false` HTTP/3 is used only where it is the only protocol.',
  }),
  headStart: finiteDuration({
    default: 200,
    doc: 'How long QUIC may take to open a connection before TCP is tried as well; what is open first is used.',
  }),
  idleTimeout: finiteDuration({
    min: 1000,
    default: 30_000,
    doc: 'How long nothing comes from the server before the connection is over. While requests are under way the server is asked for a sign of life each third of it. The server may have a shorter one.',
  }),
  pingInterval: duration({
    default: 'infinity',
    doc: 'How long a connection is silent before it is probed with a PING, also without a request.',
  }),
  pingTimeout,
  maxConcurrentStreams,
  maxRequestsPerConnection: limit({
    min: 1,
    default: 100_000,
    unit: 'requests',
    doc: 'How many requests an HTTP/3 connection serves before it is closed, if `maxRequestsPerConnection` is not lower: QUIC keeps some bytes of each for as long as the connection lives.',
  }),
  streamWindowSize,
  connectionWindowSize: limit({
    min: 65_535,
    default: 'infinity',
    unit: 'bytes',
    doc: 'The most bytes of all responses of one connection that a server may send before they are read. With a limit, responses that are left unread hold the others up. Without one, it is `http3.streamWindowSize` for each request that is under way.',
  }),
  maxConnectionAge: duration({
    doc: 'As `maxConnectionAge`, for HTTP/3 connections.',
    defaultText: '`maxConnectionAge`',
  }),
  maxConnectionAgeJitter: finiteDuration({
    doc: 'As `maxConnectionAgeJitter`, for HTTP/3 connections.',
    defaultText: '`maxConnectionAgeJitter`',
  }),
});
