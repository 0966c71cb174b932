/**
 * Differences from nghttp2, as node:http2 drives it, that are as they should be.
 * Each tells its inputs as narrowly as it can: what it does not name is a failure.
 */
import { isFieldValue, isToken } from '../../src/syntax.ts';
import { flag, FrameReader } from '../../test/support/h2-frames.ts';
import type { Frame } from '../../test/support/h2-frames.ts';
import { HpackDecoder } from '../../test/support/h2-hpack.ts';
import type { HeaderList } from '../../test/support/h2-hpack.ts';

interface KnownDifference {
  readonly kind: RegExp;
  /** Whether the frames, of which the last one makes the difference, are of that kind. */
  readonly applies?: (frames: readonly Frame[]) => boolean;
  readonly reason: string;
}

const known: readonly KnownDifference[] = [
  {
    kind: /^DATA: ours refuses a stream \[PROTOCOL_ERROR: (data_before_head|unexpected_body|content_length_mismatch)\], the peer ends the connection \[(PROTOCOL|INTERNAL)_ERROR\]/,
    reason: 'a malformed response is an error of its stream alone (RFC 9113, 8.1.1)',
  },
  {
    kind: /^DATA: ours refuses a stream \[PROTOCOL_ERROR: data_before_head\], the peer goes on/,
    reason: 'DATA before the head is malformed, even if it is empty (RFC 9113, 8.1)',
  },
  {
    kind: /^PING: ours goes on, the peer ends the connection \[(PROTOCOL|INTERNAL)_ERROR\]/,
    applies: (frames) => frames.at(-1)?.ack === true,
    reason: 'a PONG that nobody asked for means nothing (RFC 9113, 6.7)',
  },
  {
    kind: /^WINDOW_UPDATE: ours (refuses a stream \[(PROTOCOL|FLOW_CONTROL)_ERROR: .*\]|goes on), the peer ends the connection/,
    applies: (frames) => frames.at(-1)?.stream !== 0,
    reason: 'the window of a stream is of no concern to others (RFC 9113, 6.9, 6.9.1)',
  },
  {
    kind: /^SETTINGS: ours goes on, the peer ends the connection \[FLOW_CONTROL_ERROR\]/,
    applies: (frames) => frames.some(({ type, stream }) => type === 'WINDOW_UPDATE' && stream > 0),
    reason: 'a stream that is closed has no window (RFC 9113, 6.9.2)',
  },
  {
    kind: /^PRIORITY: ours (refuses a stream \[FRAME_SIZE_ERROR: priority_size\]|goes on), the peer ends the connection \[FRAME_SIZE_ERROR\]/,
    reason: 'the size of a PRIORITY is an error of its stream alone (RFC 9113, 6.3)',
  },
  {
    kind: /^RST_STREAM: ours takes a reset \[NO_ERROR\], the peer ends a stream/,
    reason: 'a reset with NO_ERROR is no end of a response (RFC 9113, 8.1)',
  },
  {
    kind: /^(HEADERS|CONTINUATION): ours refuses a stream \[PROTOCOL_ERROR: malformed_response\], the peer (goes on|ends a stream)/,
    applies: (frames) =>
      lastBlock(frames).some(([name, value]) => !isToken(name) || !isFieldValue(value)),
    reason: 'a field with a bad name or value makes a response malformed (RFC 9113, 8.2.1)',
  },
  {
    kind: /^(HEADERS|CONTINUATION): (ours (goes on|ends a stream), the peer refuses a stream|other (fields|trailers))/,
    applies: (frames) => lastBlock(frames).some(([, value]) => /^[\t ]|[\t ]$/.test(value)),
    reason: 'white space around a value is taken off (RFC 9110, 5.5)',
  },
  {
    kind: /^(HEADERS|CONTINUATION): ours (goes on|ends a stream), the peer refuses a stream/,
    applies: (frames) => lastBlock(frames).some(([name]) => name === 'te'),
    reason: 'a field te says nothing in a response (RFC 9110, 10.1.4)',
  },
  {
    kind: /^(HEADERS|CONTINUATION): (ours (goes on|ends a stream), the peer refuses a stream|other fields)/,
    applies: (frames) => {
      const block = lastBlock(frames);
      const status = block.find(([name]) => name === ':status')?.[1] ?? '';
      return /^(|1..|204)$/.test(status) && block.some(([name]) => name === 'content-length');
    },
    reason: 'a length where there is no body, and in trailers, says nothing (RFC 9110, 6.5.1, 8.6)',
  },
  {
    kind: /^(HEADERS|DATA): ours (goes on|ends the connection \[COMPRESSION_ERROR\]), the peer ends the connection \[STREAM_(WAS_ALREADY_CLOSED_OR_INVALID|CLOSED)\]/,
    reason: 'what comes behind a reset may have crossed it (RFC 9113, 5.1)',
  },
  {
    kind: /^(HEADERS|CONTINUATION): ours goes on, the peer (ends the connection \[COMPRESSION_ERROR\]|refuses a stream)/,
    applies: (frames) => frames.at(-1)?.has(flag.END_HEADERS) === false,
    reason: 'a block is judged when it is whole (RFC 9113, 4.3)',
  },
  {
    kind: /^(DATA|HEADERS): ours ends the connection \[FRAME_SIZE_ERROR\], the peer ends the connection \[PROTOCOL_ERROR\]/,
    applies: (frames) => frames.at(-1)?.payload.length === 0,
    reason:
      'a padded frame without room for the length of its padding is too short (RFC 9113, 4.2)',
  },
  {
    kind: /^\w+: ours ends the connection \[\w+\], the peer ends the connection \[INTERNAL_ERROR\]/,
    reason: 'the nghttp2 of Node.js 22 has INTERNAL_ERROR for several errors (RFC 9113, 7)',
  },
  {
    kind: /^SETTINGS: ours ends the connection \[FLOW_CONTROL_ERROR\], the peer refuses a stream \[FLOW_CONTROL_ERROR\]/,
    reason: 'a window that SETTINGS make too large is an error of the connection (RFC 9113, 6.9.2)',
  },
  {
    kind: /^UNKNOWN: ours goes on, the peer ends the connection \[FRAME_SIZE_ERROR\]/,
    reason: 'a frame of an extension that nobody asked for is skipped (RFC 9113, 4.1, 5.5)',
  },
  {
    kind: /^CUT: /,
    reason: 'when a frame that is not whole is judged is up to each',
  },
  {
    kind: /^\w+: ours ends the connection \[PROTOCOL_ERROR\], the peer ends the connection \[FRAME_SIZE_ERROR\]/,
    reason: 'a frame with two faults: either is told (RFC 9113, 5.4.1)',
  },
];

/** Why a difference is as it should be; undefined if nobody knows. */
export function reasonFor(kind: string, bytes: Buffer): string | undefined {
  const frames = [...new FrameReader().read(bytes)];
  return known.find((each) => each.kind.test(kind) && (each.applies?.(frames) ?? true))?.reason;
}

/** The fields of the last header block; none if it cannot be decoded. */
function lastBlock(frames: readonly Frame[]): HeaderList {
  const decoder = new HpackDecoder();
  let block = Buffer.alloc(0);
  let fields: HeaderList = [];
  try {
    for (const frame of frames) {
      if (frame.type !== 'HEADERS' && frame.type !== 'CONTINUATION') continue;
      block = Buffer.concat([block, frame.content]);
      if (!frame.has(flag.END_HEADERS)) continue;
      fields = decoder.decode(block);
      block = Buffer.alloc(0);
    }
  } catch {
    return [];
  }
  return fields;
}
