import { describe, expect, test } from 'vitest';
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

/** What is said of a stream with these frames and an end. */
function respond(bytes: readonly Buffer[], method = 'GET'): Driven {
  const driven = new Driven();
  driven.open({ method });
  return driven.feed(0, Buffer.concat(bytes)).finish(0);
}

const grease = frame(0x21 + 0x1f * 5, 'whatever');
const malformed = { event: 'broken', stream: 0, code: 0x10e };

describe('a response', () => {
  test('has interim heads, a head, a body and trailers, among frames that mean nothing', () => {
    const { said, fault, connection } = respond([
      grease,
      responseHead(103, [['link', '</a>']]),
      responseHead(200, [['content-length', '6']]),
      data('abc'),
      grease,
      frame(0x0),
      data('def'),
      headers([['x-sum', '1']]),
      grease,
    ]);
    expect(fault).toBeUndefined();
    expect(said).toEqual([
      { event: 'interim', stream: 0, status: 103, list: ['link', '</a>'] },
      { event: 'head', stream: 0, status: 200, list: ['content-length', '6'] },
      { event: 'data', stream: 0, text: 'abcdef' },
      { event: 'end', stream: 0, trailers: ['x-sum', '1'] },
    ]);
    expect(connection.streams.size).toBe(0);
  });

  test('ends while its request is still being sent', () => {
    const driven = new Driven();
    const stream = driven.open({ method: 'POST' }, false);
    driven.feed(0, responseHead(413)).finish(0).finish(0);
    expect(driven.said.map(({ event }) => event)).toEqual(['head', 'end']);
    expect(driven.connection.streams.size).toBe(1);
    driven.connection.sent(stream);
    expect(driven.connection.streams.size).toBe(0);
  });

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('to %s with status %d has no body, whatever its length says', (method, status) => {
    const { said } = respond([responseHead(status, [['content-length', '5']])], method);
    expect(said.map(({ event }) => event)).toEqual(['head', 'end']);
  });

  test.each([
    ['of a stream that ends at once', [], 'missing_head'],
    ['with interim heads alone', [responseHead(100)], 'missing_head'],
    ['without a status', [headers([['a', 'b']])], 'missing_status'],
    ['with 101', [responseHead(101)], 'unexpected_upgrade'],
    [
      'shorter than its content-length',
      [responseHead(200, [['content-length', '5']]), data('abcd')],
      'content_length_mismatch',
    ],
    [
      'longer than its content-length',
      [responseHead(200, [['content-length', '3']]), data('abcd')],
      'content_length_mismatch',
    ],
    [
      'without a body, as its content-length says not',
      [responseHead(200, [['content-length', '3']])],
      'content_length_mismatch',
    ],
    ['with two heads', [responseHead(200), responseHead(200)], 'pseudo_field_in_trailers'],
    [
      'with an interim head after the final one',
      [responseHead(200), responseHead(103)],
      'unexpected_interim_response',
    ],
    [
      'with a name in upper case',
      [
        headers([
          [':status', '200'],
          ['A', 'b'],
        ]),
      ],
      'malformed_response',
    ],
    [
      'with a field of a connection',
      [responseHead(200, [['connection', 'close']])],
      'malformed_response',
    ],
    [
      'with a pseudo-field of requests',
      [responseHead(200, [[':path', '/']])],
      'malformed_response',
    ],
    [
      'with trailers that are malformed',
      [responseHead(200), headers([['a', '\u0000']])],
      'malformed_response',
    ],
    ['with 204 and a body', [responseHead(204), data('a')], 'unexpected_body'],
  ])('%s ends its stream with H3_MESSAGE_ERROR', (_, bytes, reason) => {
    const { said, fault } = respond(bytes);
    expect(fault).toBeUndefined();
    expect(said.at(-1)).toEqual({ ...malformed, reason });
  });

  test('to HEAD with a body ends its stream', () => {
    expect(respond([responseHead(200), data('a')], 'HEAD').said.at(-1)).toEqual({
      ...malformed,
      reason: 'unexpected_body',
    });
  });

  test('that is reset is told with the code', () => {
    const driven = new Driven();
    driven.open();
    driven.feed(0, responseHead(200)).abort(0, 0x102);
    expect(driven.said.at(-1)).toEqual({ event: 'reset', stream: 0, code: 0x102 });
    expect(driven.connection.streams.size).toBe(0);
  });

  test('of a request that was given up is not read', () => {
    const driven = new Driven();
    driven.connection.drop(driven.open());
    driven.feed(0, data('?')).finish(0).abort(0, 0x100);
    expect(driven).toMatchObject({ said: [], fault: undefined });
  });
});

describe('a tunnel', () => {
  test('is DATA alone, whatever the length says', () => {
    const head = responseHead(200, [['content-length', '1']]);
    const { said } = respond([head, data('abc'), grease], 'CONNECT');
    expect(said.map(({ event }) => event)).toEqual(['head', 'data', 'end']);
  });

  test('through an upgrade is CONNECT as well', () => {
    const driven = new Driven();
    const stream = driven.open({ upgrade: 'websocket' });
    driven.feed(0, responseHead(200));
    expect(stream.isTunnel).toBe(true);
  });
});

describe('the streams of the server', () => {
  test('say what it takes, and that it ends', () => {
    const { said, connection } = new Driven().feed(
      3,
      control(
        settings([
          [0x8, 1],
          [0x21, 7],
        ]),
        grease,
        goaway(8),
        goaway(4),
      ),
    );
    expect(said).toEqual([
      { event: 'settings' },
      { event: 'goaway', lastStream: 8 },
      { event: 'goaway', lastStream: 4 },
    ]);
    expect(connection.peer).toMatchObject({ areKnown: true, enableConnectProtocol: true });
  });

  test('may end with a GOAWAY for the largest stream that there can be', () => {
    const last = Buffer.from('fffffffffffffffc', 'hex');
    const { said } = new Driven().feed(3, control(settings(), frame(0x7, last)));
    expect(said.at(-1)).toEqual({ event: 'goaway', lastStream: 2 ** 62 });
  });

  test('of types that mean nothing are not wanted', () => {
    const driven = new Driven().feed(3, Buffer.concat([varint(0x54, 8), Buffer.from('???')]));
    expect(driven.said).toEqual([{ event: 'unwanted', code: 0x103 }]);
  });

  test('may end before their types have come', () => {
    const driven = new Driven()
      .feed(3, Buffer.from([0x40]))
      .finish(3)
      .abort(7, 0x100);
    expect(driven).toMatchObject({ said: [], fault: undefined });
  });

  test('may say of QPACK what moves nothing', () => {
    const driven = new Driven()
      .feed(3, Buffer.from([0x2, 0x20, 0x20]))
      .feed(7, Buffer.from([0x3, 0x48, 0x7f, 0x80, 0x01, 0x41]));
    expect(driven).toMatchObject({ said: [], fault: undefined });
  });
});
