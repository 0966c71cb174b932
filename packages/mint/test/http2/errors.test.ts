/** Every error of RFC 9113 that a server can make, with its code. */
import { describe, expect, test } from 'vitest';
import { clientPreface, flag, frame, settingsFrame, uint32 } from '../support/h2-frames.ts';
import { indexed, literals } from '../support/h2-hpack.ts';
import { Driven, greeted } from './drive.ts';

const ok = literals([[':status', '200']]);
const endHeaders = flag.END_HEADERS;
const endStream = flag.END_STREAM;
const nothing = Buffer.alloc(0);

/** The head of a response to stream 1. */
const head = frame('HEADERS', endHeaders, 1, ok);

type Case = readonly [title: string, code: string, ...frames: Buffer[]];

/** What ends the connection on which streams 1 and 3 are open. */
const connectionErrors: readonly Case[] = [
  ['DATA on stream 0', 'PROTOCOL_ERROR', frame('DATA', 0, 0, Buffer.from('x'))],
  ['DATA on an idle stream', 'PROTOCOL_ERROR', frame('DATA', 0, 5, Buffer.from('x'))],
  ['DATA on a stream of the server', 'PROTOCOL_ERROR', frame('DATA', 0, 2, Buffer.from('x'))],
  ['HEADERS on stream 0', 'PROTOCOL_ERROR', frame('HEADERS', endHeaders, 0, ok)],
  ['HEADERS on an idle stream', 'PROTOCOL_ERROR', frame('HEADERS', endHeaders, 5, ok)],
  ['HEADERS on a stream of the server', 'PROTOCOL_ERROR', frame('HEADERS', endHeaders, 2, ok)],
  ['PRIORITY on stream 0', 'PROTOCOL_ERROR', frame('PRIORITY', 0, 0, Buffer.alloc(5))],
  ['RST_STREAM on stream 0', 'PROTOCOL_ERROR', frame('RST_STREAM', 0, 0, uint32(8))],
  ['RST_STREAM on an idle stream', 'PROTOCOL_ERROR', frame('RST_STREAM', 0, 5, uint32(8))],
  ['RST_STREAM of 5 bytes', 'FRAME_SIZE_ERROR', frame('RST_STREAM', 0, 1, Buffer.alloc(5))],
  ['SETTINGS on a stream', 'PROTOCOL_ERROR', frame('SETTINGS', 0, 1)],
  ['SETTINGS of 5 bytes', 'FRAME_SIZE_ERROR', frame('SETTINGS', 0, 0, Buffer.alloc(5))],
  ['an ACK with settings', 'FRAME_SIZE_ERROR', frame('SETTINGS', flag.ACK, 0, Buffer.alloc(6))],
  ['an ACK of nothing', 'PROTOCOL_ERROR', frame('SETTINGS', flag.ACK, 0)],
  ['ENABLE_PUSH of 1', 'PROTOCOL_ERROR', settingsFrame({ enablePush: 1 })],
  ['a window of 2^31', 'FLOW_CONTROL_ERROR', settingsFrame({ initialWindowSize: 2 ** 31 })],
  ['frames of 16383', 'PROTOCOL_ERROR', settingsFrame({ maxFrameSize: 16_383 })],
  ['frames of 2^24', 'PROTOCOL_ERROR', settingsFrame({ maxFrameSize: 2 ** 24 })],
  ['ENABLE_CONNECT of 2', 'PROTOCOL_ERROR', settingsFrame({ enableConnectProtocol: 2 })],
  [
    'ENABLE_CONNECT taken back',
    'PROTOCOL_ERROR',
    settingsFrame({ enableConnectProtocol: 1 }),
    settingsFrame({ enableConnectProtocol: 0 }),
  ],
  [
    'SETTINGS that make a window overflow',
    'FLOW_CONTROL_ERROR',
    frame('WINDOW_UPDATE', 0, 1, uint32(2 ** 31 - 1 - 65_535)),
    settingsFrame({ initialWindowSize: 65_536 }),
  ],
  ['PUSH_PROMISE', 'PROTOCOL_ERROR', frame('PUSH_PROMISE', endHeaders, 1, uint32(2))],
  ['PING on a stream', 'PROTOCOL_ERROR', frame('PING', 0, 1, Buffer.alloc(8))],
  ['PING of 7 bytes', 'FRAME_SIZE_ERROR', frame('PING', 0, 0, Buffer.alloc(7))],
  ['GOAWAY on a stream', 'PROTOCOL_ERROR', frame('GOAWAY', 0, 1, Buffer.alloc(8))],
  ['GOAWAY of 7 bytes', 'FRAME_SIZE_ERROR', frame('GOAWAY', 0, 0, Buffer.alloc(7))],
  ['WINDOW_UPDATE of 3 bytes', 'FRAME_SIZE_ERROR', frame('WINDOW_UPDATE', 0, 1, Buffer.alloc(3))],
  ['WINDOW_UPDATE by 0', 'PROTOCOL_ERROR', frame('WINDOW_UPDATE', 0, 0, uint32(0))],
  ['a window of 2^31', 'FLOW_CONTROL_ERROR', frame('WINDOW_UPDATE', 0, 0, uint32(2 ** 31 - 1))],
  ['WINDOW_UPDATE on an idle stream', 'PROTOCOL_ERROR', frame('WINDOW_UPDATE', 0, 5, uint32(1))],
  ['CONTINUATION alone', 'PROTOCOL_ERROR', frame('CONTINUATION', endHeaders, 1, ok)],
  [
    'CONTINUATION of another stream',
    'PROTOCOL_ERROR',
    frame('HEADERS', 0, 1, ok),
    frame('CONTINUATION', endHeaders, 3, nothing),
  ],
  [
    'DATA within a header block',
    'PROTOCOL_ERROR',
    frame('HEADERS', 0, 1, ok),
    frame('DATA', 0, 1, Buffer.from('x')),
  ],
  [
    'an unknown frame within a header block',
    'PROTOCOL_ERROR',
    frame('HEADERS', 0, 1, ok),
    frame(200, 0, 0, nothing),
  ],
  ['padding longer than DATA', 'PROTOCOL_ERROR', head, frame('DATA', 8, 1, Buffer.from([2, 0]))],
  ['DATA without its padding', 'FRAME_SIZE_ERROR', head, frame('DATA', 8, 1, nothing)],
  ['padding longer than HEADERS', 'PROTOCOL_ERROR', frame('HEADERS', 12, 1, Buffer.from([9, 0]))],
  ['HEADERS without their padding', 'FRAME_SIZE_ERROR', frame('HEADERS', 12, 1, nothing)],
  ['HEADERS without their priority', 'PROTOCOL_ERROR', frame('HEADERS', 0x24, 1, uint32(0))],
  ['a frame of 16385 bytes', 'FRAME_SIZE_ERROR', frame('DATA', 0, 1, Buffer.alloc(16_385))],
  ['an index in no table', 'COMPRESSION_ERROR', frame('HEADERS', endHeaders, 1, indexed(99))],
  [
    'a block cut off',
    'COMPRESSION_ERROR',
    frame('HEADERS', endHeaders, 1, ok.subarray(0, ok.length - 1)),
  ],
  [
    'garbage for a stream that is over',
    'COMPRESSION_ERROR',
    frame('RST_STREAM', 0, 1, uint32(8)),
    frame('HEADERS', endHeaders, 1, indexed(99)),
  ],
  ['a second preface', 'FRAME_SIZE_ERROR', clientPreface],
];

describe('ends the connection, with its code:', () => {
  const cases = connectionErrors.map(([title, code, ...frames]) => ({ title, code, frames }));

  test.each(cases)('$title: $code', ({ code, frames }) => {
    const driven = greeted();
    driven.open(2);
    driven.feed(Buffer.concat(frames));
    expect(driven.fault?.reason).toBe(code);
    const [end] = driven.written().filter(({ type }) => type === 'GOAWAY');
    expect(end).toMatchObject({ type: 'GOAWAY', stream: 0, error: code });
    expect(end?.payload.readUInt32BE(0)).toBe(0);
  });

  test.each([
    ['HTTP/1.1', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a response', head],
    ['an ACK', frame('SETTINGS', flag.ACK, 0)],
    ['PING', frame('PING', 0, 0, Buffer.alloc(8))],
  ])('%s before SETTINGS', (_what, bytes) => {
    const driven = new Driven();
    driven.open();
    driven.feed(bytes);
    expect(driven.fault?.reason).toBe('PROTOCOL_ERROR');
  });
});

const data = (text: string, flags = 0, id = 1): Buffer =>
  frame('DATA', flags, id, Buffer.from(text));
const fields = (...list: [string, string][]): Buffer =>
  frame('HEADERS', endHeaders, 1, literals(list));

/** What is wrong with one response: the word for it, the code of the reset, and how it came. */
const streamErrors: readonly (readonly [string, string, string, ...Buffer[]])[] = [
  ['DATA before the head', 'data_before_head', 'PROTOCOL_ERROR', data('x')],
  ['the end before the head', 'data_before_head', 'PROTOCOL_ERROR', data('', endStream)],
  ['no :status', 'missing_status', 'PROTOCOL_ERROR', fields(['a', 'b'])],
  ['no fields', 'missing_status', 'PROTOCOL_ERROR', fields()],
  [
    'two :status',
    'malformed_response',
    'PROTOCOL_ERROR',
    fields([':status', '200'], [':status', '200']),
  ],
  [
    'a late :status',
    'malformed_response',
    'PROTOCOL_ERROR',
    fields(['a', 'b'], [':status', '200']),
  ],
  ['a :status of 099', 'malformed_response', 'PROTOCOL_ERROR', fields([':status', '099'])],
  [
    'a name in upper case',
    'malformed_response',
    'PROTOCOL_ERROR',
    fields([':status', '200'], ['A', 'b']),
  ],
  [
    'connection',
    'malformed_response',
    'PROTOCOL_ERROR',
    fields([':status', '200'], ['connection', 'close']),
  ],
  [
    'two equal lengths',
    'malformed_response',
    'PROTOCOL_ERROR',
    fields([':status', '200'], ['content-length', '4'], ['content-length', '4']),
  ],
  [
    'a length with a sign',
    'malformed_response',
    'PROTOCOL_ERROR',
    fields([':status', '200'], ['content-length', '+4']),
  ],
  [
    'an interim response that ends the stream',
    'unexpected_end',
    'PROTOCOL_ERROR',
    frame('HEADERS', endHeaders | endStream, 1, literals([[':status', '103']])),
  ],
  ['a 101', 'unexpected_upgrade', 'PROTOCOL_ERROR', fields([':status', '101'])],
  [
    'a 103 behind the head',
    'unexpected_interim_response',
    'PROTOCOL_ERROR',
    head,
    fields([':status', '103']),
  ],
  ['a second head', 'headers_amid_body', 'PROTOCOL_ERROR', head, head],
  ['trailers without the end', 'headers_amid_body', 'PROTOCOL_ERROR', head, fields(['a', 'b'])],
  [
    ':status in trailers',
    'pseudo_field_in_trailers',
    'PROTOCOL_ERROR',
    head,
    frame('HEADERS', endHeaders | endStream, 1, ok),
  ],
  [
    'a bad field in trailers',
    'malformed_response',
    'PROTOCOL_ERROR',
    head,
    frame('HEADERS', endHeaders | endStream, 1, literals([['A', 'b']])),
  ],
  [
    'a body that is too long',
    'content_length_mismatch',
    'PROTOCOL_ERROR',
    fields([':status', '200'], ['content-length', '4']),
    data('abcd'),
    data('e'),
  ],
  [
    'a body that is too short',
    'content_length_mismatch',
    'PROTOCOL_ERROR',
    fields([':status', '200'], ['content-length', '4']),
    data('abc', endStream),
  ],
  [
    'trailers before the length is reached',
    'content_length_mismatch',
    'PROTOCOL_ERROR',
    fields([':status', '200'], ['content-length', '4']),
    frame('HEADERS', endHeaders | endStream, 1, literals([['a', 'b']])),
  ],
  [
    'a head alone that declares a length',
    'content_length_mismatch',
    'PROTOCOL_ERROR',
    frame(
      'HEADERS',
      endHeaders | endStream,
      1,
      literals([
        [':status', '200'],
        ['content-length', '4'],
      ]),
    ),
  ],
  [
    '[W10] a 204 with a body',
    'unexpected_body',
    'PROTOCOL_ERROR',
    fields([':status', '204']),
    data('x'),
  ],
  ['a 304 with a body', 'unexpected_body', 'PROTOCOL_ERROR', fields([':status', '304']), data('x')],
  [
    'a WINDOW_UPDATE by 0',
    'window_update_by_nothing',
    'PROTOCOL_ERROR',
    frame('WINDOW_UPDATE', 0, 1, uint32(0)),
  ],
  [
    'a window beyond 2^31-1',
    'FLOW_CONTROL_ERROR',
    'FLOW_CONTROL_ERROR',
    frame('WINDOW_UPDATE', 0, 1, uint32(2 ** 31 - 1)),
  ],
  [
    'a PRIORITY of 4 bytes',
    'priority_size',
    'FRAME_SIZE_ERROR',
    frame('PRIORITY', 0, 1, uint32(0)),
  ],
];

describe('is an error of its stream alone:', () => {
  const cases = streamErrors.map(([title, reason, code, ...frames]) => ({
    title,
    reason,
    code,
    frames,
  }));

  test.each(cases)('$title: $reason, $code', ({ reason, code, frames }) => {
    const driven = greeted();
    driven.open(2);
    driven.feed(Buffer.concat(frames));
    expect(driven.fault).toBeUndefined();
    expect(driven.said.at(-1)).toMatchObject({ event: 'broken', stream: 1, reason });
    const [end] = driven.written().filter(({ type }) => type === 'RST_STREAM');
    expect(end).toMatchObject({ stream: 1, error: code });
    // What was on its way is no error, and the other stream goes on.
    driven.forget();
    driven.feed(Buffer.concat([data('late'), head, frame('HEADERS', 5, 3, ok)]));
    expect(driven.written()).toEqual([]);
    expect(driven.said.map(({ event, stream }) => [event, stream])).toEqual([
      ['head', 3],
      ['end', 3],
    ]);
  });

  test('a body with the response to HEAD', () => {
    const driven = greeted();
    driven.open(1, { method: 'HEAD' });
    driven.feed(Buffer.concat([head, data('x')]));
    expect(driven.said.at(-1)).toMatchObject({ event: 'broken', reason: 'unexpected_body' });
  });

  test('more DATA than the window of the stream: FLOW_CONTROL_ERROR', () => {
    const driven = greeted({ streamWindowSize: 20_000 });
    driven.open();
    driven.feed(Buffer.concat([head, data('x'.repeat(16_000)), data('x'.repeat(4001))]));
    expect(driven.said.at(-1)).toMatchObject({ event: 'broken', reason: 'FLOW_CONTROL_ERROR' });
    expect(driven.written().at(-1)).toMatchObject({
      type: 'RST_STREAM',
      error: 'FLOW_CONTROL_ERROR',
    });
  });

  test.each([
    ['DATA', data('x'), 'data_after_end'],
    ['HEADERS', head, 'headers_after_end'],
  ])('%s behind the end of a response, amid an upload: STREAM_CLOSED', (_what, late, reason) => {
    const driven = greeted();
    driven.open(1, { method: 'POST' }, false);
    driven.feed(Buffer.concat([head, data('', endStream), late]));
    expect(driven.said.at(-1)).toMatchObject({ event: 'broken', reason });
    expect(driven.written().at(-1)).toMatchObject({ type: 'RST_STREAM', error: 'STREAM_CLOSED' });
  });

  test.each([
    ['DATA', data('x')],
    ['HEADERS', head],
  ])('%s on a stream that has ended is answered with STREAM_CLOSED, once', (_what, late) => {
    const driven = greeted();
    driven.open(2);
    driven.feed(Buffer.concat([head, data('', endStream)]));
    driven.forget();
    driven.feed(Buffer.concat([late, late]));
    expect(driven.said).toEqual([]);
    expect(driven.written()).toMatchObject([
      { type: 'RST_STREAM', stream: 1, error: 'STREAM_CLOSED' },
    ]);
  });
});
