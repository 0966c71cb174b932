import { describe, expect, test } from 'vitest';
import { codeName, codeOf } from '../../src/http3/codes.ts';
import { Driven } from './drive.ts';
import {
  control,
  data,
  frame,
  goaway,
  headers,
  responseHead,
  settings,
  varint,
} from './peer-frames.ts';

/** What ends a connection whose first request gets these bytes. */
function breach(bytes: readonly Buffer[], method = 'GET'): string | undefined {
  const driven = new Driven();
  driven.open({ method });
  driven.feed(0, Buffer.concat(bytes)).finish(0);
  return driven.fault?.reason;
}

function controlBreach(...frames: readonly Buffer[]): string | undefined {
  return new Driven().feed(3, control(...frames)).fault?.reason;
}

const head = responseHead(200);
const trailers = headers([['a', 'b']]);

describe('on the stream of a request', () => {
  test.each([
    ['DATA before the head', [data('a')]],
    ['empty DATA before the head', [frame(0x0)]],
    ['DATA after an interim head', [responseHead(103), data('a')]],
    ['DATA after the trailers', [head, trailers, data('a')]],
    ['HEADERS after the trailers', [head, trailers, trailers]],
    ['CANCEL_PUSH', [frame(0x3, varint(0))]],
    ['SETTINGS', [settings()]],
    ['GOAWAY', [goaway(0)]],
    ['MAX_PUSH_ID', [frame(0xd, varint(0))]],
    ['a PRIORITY of HTTP/2', [frame(0x2, '12345')]],
    ['a PING of HTTP/2', [head, frame(0x6, '12345678')]],
    ['a WINDOW_UPDATE of HTTP/2', [frame(0x8)]],
    ['a CONTINUATION of HTTP/2', [frame(0x9)]],
  ])('%s is H3_FRAME_UNEXPECTED', (_, bytes) => {
    expect(breach(bytes)).toBe('H3_FRAME_UNEXPECTED');
  });

  test('HEADERS within a tunnel are H3_FRAME_UNEXPECTED', () => {
    expect(breach([head, trailers], 'CONNECT')).toBe('H3_FRAME_UNEXPECTED');
  });

  test('PUSH_PROMISE is H3_ID_ERROR: no push is allowed', () => {
    expect(breach([frame(0x5, Buffer.concat([varint(0), Buffer.alloc(4)]))])).toBe('H3_ID_ERROR');
  });

  test.each([
    ['a type', [Buffer.from([0x40])]],
    ['a header', [Buffer.from([0x01])]],
    ['HEADERS', [head.subarray(0, -1)]],
    ['DATA', [head, data('abc').subarray(0, -1)]],
    ['a frame that means nothing', [head, frame(0x21, 'abc').subarray(0, -1)]],
  ])('an end within %s is H3_FRAME_ERROR', (_, bytes) => {
    expect(breach(bytes)).toBe('H3_FRAME_ERROR');
  });

  test.each([
    ['refers to a dynamic table', '0381 10 11'],
    ['is empty', ''],
    ['is cut off', '0000 51 05 61'],
  ])('a section that %s is QPACK_DECOMPRESSION_FAILED', (_, hex) => {
    const section = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect(breach([frame(0x1, section)])).toBe('QPACK_DECOMPRESSION_FAILED');
  });

  test('a stream that the server opens is H3_STREAM_CREATION_ERROR', () => {
    expect(new Driven().feed(1, head).fault?.reason).toBe('H3_STREAM_CREATION_ERROR');
  });
});

describe('on the control stream', () => {
  test.each([
    ['GOAWAY', goaway(0)],
    ['a frame that means nothing', frame(0x21)],
    ['DATA', data('a')],
  ])('%s before SETTINGS is H3_MISSING_SETTINGS', (_, bytes) => {
    expect(controlBreach(bytes)).toBe('H3_MISSING_SETTINGS');
  });

  test.each([
    ['SETTINGS for a second time', settings()],
    ['DATA', data('a')],
    ['HEADERS', head],
    ['PUSH_PROMISE', frame(0x5, varint(0))],
    ['MAX_PUSH_ID', frame(0xd, varint(0))],
    ['a PING of HTTP/2', frame(0x6, '12345678')],
  ])('%s is H3_FRAME_UNEXPECTED', (_, bytes) => {
    expect(controlBreach(settings(), bytes)).toBe('H3_FRAME_UNEXPECTED');
  });

  test.each([
    ['ENABLE_PUSH of HTTP/2', settings([[0x2, 0]])],
    ['MAX_CONCURRENT_STREAMS of HTTP/2', settings([[0x3, 1]])],
    ['INITIAL_WINDOW_SIZE of HTTP/2', settings([[0x4, 1]])],
    ['MAX_FRAME_SIZE of HTTP/2', settings([[0x5, 1]])],
    ['a setting 0, which is reserved', settings([[0x0, 1]])],
    [
      'a setting twice',
      settings([
        [0x21, 1],
        [0x21, 1],
      ]),
    ],
    ['ENABLE_CONNECT_PROTOCOL 2', settings([[0x8, 2]])],
  ])('%s is H3_SETTINGS_ERROR', (_, bytes) => {
    expect(controlBreach(bytes)).toBe('H3_SETTINGS_ERROR');
  });

  test.each([
    ['SETTINGS without a value', frame(0x4, varint(6))],
    ['SETTINGS cut off within an identifier', frame(0x4, Buffer.from([0x40]))],
    ['SETTINGS cut off within a value', frame(0x4, Buffer.from([6, 0x80, 1]))],
  ])('%s are H3_FRAME_ERROR', (_, bytes) => {
    expect(controlBreach(bytes)).toBe('H3_FRAME_ERROR');
  });

  test.each([
    ['GOAWAY of nothing', frame(0x7)],
    ['GOAWAY cut off', frame(0x7, Buffer.from([0x40]))],
    ['GOAWAY with more behind it', frame(0x7, Buffer.from([0, 0]))],
    ['GOAWAY beyond the size of an integer', frame(0x7, Buffer.alloc(9))],
    ['CANCEL_PUSH of nothing', frame(0x3)],
    ['CANCEL_PUSH with more behind it', frame(0x3, Buffer.from([0, 0]))],
  ])('%s is H3_FRAME_ERROR', (_, bytes) => {
    expect(controlBreach(settings(), bytes)).toBe('H3_FRAME_ERROR');
  });

  test.each([
    ['GOAWAY with a stream of the server', goaway(3)],
    ['GOAWAY with a large stream that is none of a request', frame(0x7, Buffer.alloc(8, 0xff))],
    ['GOAWAY that takes one back', Buffer.concat([goaway(4), goaway(8)])],
    ['CANCEL_PUSH of a push that was never allowed', frame(0x3, varint(0))],
  ])('%s is H3_ID_ERROR', (_, bytes) => {
    expect(controlBreach(settings(), bytes)).toBe('H3_ID_ERROR');
  });

  test('a flood of settings is H3_EXCESSIVE_LOAD', () => {
    const many = Array.from({ length: 300 }, (_, index) => [0x100 + index, 0] as const);
    expect(controlBreach(settings(many))).toBe('H3_EXCESSIVE_LOAD');
    expect(controlBreach(frame(0x4, Buffer.alloc(20_000)))).toBe('H3_EXCESSIVE_LOAD');
  });
});

describe('streams of the server', () => {
  test.each([
    ['control', 0x0],
    ['QPACK encoder', 0x2],
    ['QPACK decoder', 0x3],
  ])('a second %s stream is H3_STREAM_CREATION_ERROR', (_, type) => {
    const driven = new Driven().feed(3, varint(type)).feed(7, varint(type));
    expect(driven.fault?.reason).toBe('H3_STREAM_CREATION_ERROR');
  });

  test.each([
    ['control', 0x0],
    ['QPACK encoder', 0x2],
    ['QPACK decoder', 0x3],
  ])('the end of the %s stream is H3_CLOSED_CRITICAL_STREAM', (_, type) => {
    const ended = new Driven().feed(3, varint(type)).finish(3);
    expect(ended.fault?.reason).toBe('H3_CLOSED_CRITICAL_STREAM');
    const wasReset = new Driven().feed(3, varint(type)).abort(3, 0x100);
    expect(wasReset.fault?.reason).toBe('H3_CLOSED_CRITICAL_STREAM');
  });

  test('a wish to end the control stream of this side is H3_CLOSED_CRITICAL_STREAM', () => {
    const { connection } = new Driven();
    expect(() => connection.stopped(2)).toThrow(
      expect.objectContaining({ reason: 'H3_CLOSED_CRITICAL_STREAM' }) as Error,
    );
    connection.stopped(0);
  });

  test('a push is H3_ID_ERROR', () => {
    expect(new Driven().feed(3, varint(0x1)).fault?.reason).toBe('H3_ID_ERROR');
  });

  test.each([
    [
      'a table (RFC 9204, B.2)',
      '3fbd01c00f7777772e6578616d706c652e636f6dc10c2f73616d706c652f70617468',
    ],
    ['an insertion (RFC 9204, B.3)', '4a637573746f6d2d6b65790c637573746f6d2d76616c7565'],
    ['a duplicate (RFC 9204, B.4)', '02'],
    ['an insertion with a name (RFC 9204, B.5)', '810d637573746f6d2d76616c756532'],
  ])('%s of the encoder is QPACK_ENCODER_STREAM_ERROR', (_, hex) => {
    const bytes = Buffer.concat([varint(0x2), Buffer.from(hex, 'hex')]);
    expect(new Driven().feed(3, bytes).fault?.reason).toBe('QPACK_ENCODER_STREAM_ERROR');
  });

  test.each([
    ['the acknowledgement of a section (RFC 9204, B.2)', '84'],
    ['an increment of what was inserted (RFC 9204, B.3)', '01'],
    ['a stream with an endless number', '7f8080808080808080808080'],
  ])('%s by the decoder is QPACK_DECODER_STREAM_ERROR', (_, hex) => {
    const bytes = Buffer.concat([varint(0x3), Buffer.from(hex, 'hex')]);
    expect(new Driven().feed(3, bytes).fault?.reason).toBe('QPACK_DECODER_STREAM_ERROR');
  });

  test('the cancellation of a stream by the decoder is none (RFC 9204, B.4)', () => {
    expect(new Driven().feed(3, Buffer.from([0x3, 0x48])).fault).toBeUndefined();
  });
});

describe('error codes', () => {
  test('have the names of RFC 9114 and RFC 9204, both ways', () => {
    expect(codeName(0x10c)).toBe('H3_REQUEST_CANCELLED');
    expect(codeName(0x21)).toBe('UNKNOWN_0x21');
    for (let code = 0x100; code <= 0x110; code++) expect(codeOf(codeName(code))).toBe(code);
    for (let code = 0x200; code <= 0x202; code++) expect(codeOf(codeName(code))).toBe(code);
    expect(codeOf('no such name')).toBe(0x102);
  });
});
