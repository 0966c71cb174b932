/** What bounds the work and the memory that a server can cost. */
import { describe, expect, test } from 'vitest';
import { codeName } from '../../src/http2/codes.ts';
import { flag, frame, settingsFrame, uint32 } from '../support/h2-frames.ts';
import { literals } from '../support/h2-hpack.ts';
import { greeted } from './drive.ts';

const { END_HEADERS: endHeaders, END_STREAM: endStream } = flag;
const head = (status: string, id = 1, flags: number = endHeaders): Buffer =>
  frame('HEADERS', flags, id, literals([[':status', status]]));
const times = (count: number, bytes: Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => bytes));

/** Frames that move nothing on, on a connection whose stream 1 is answered and whose stream 3 has ended. */
const idleWork: Record<string, Buffer> = {
  PING: frame('PING', 0, 0, Buffer.alloc(8)),
  'answers to PING': frame('PING', flag.ACK, 0, Buffer.alloc(8)),
  SETTINGS: settingsFrame({}),
  PRIORITY: frame('PRIORITY', 0, 1, Buffer.alloc(5)),
  'unknown frames': frame(0xbb, 0, 1, Buffer.alloc(3)),
  'empty DATA': frame('DATA', 0, 1),
  'padding alone': frame('DATA', flag.PADDED, 1, Buffer.from([1, 0])),
  'WINDOW_UPDATE of the connection': frame('WINDOW_UPDATE', 0, 0, uint32(1)),
  'WINDOW_UPDATE of a stream': frame('WINDOW_UPDATE', 0, 1, uint32(1)),
  'WINDOW_UPDATE of a stream that is over': frame('WINDOW_UPDATE', 0, 3, uint32(1)),
  'RST_STREAM of a stream that is over': frame('RST_STREAM', 0, 3, uint32(8)),
  GOAWAY: frame('GOAWAY', 0, 0, Buffer.concat([uint32(3), uint32(0)])),
};

describe('frames that move nothing on', () => {
  test.each(Object.entries(idleWork))('are bounded: %s', (_kind, one) => {
    const driven = greeted({ maxStrain: 100 });
    driven.open(2);
    driven.feed(Buffer.concat([head('200'), head('200', 3, endHeaders | endStream)]));
    driven.connection.resetStrain();
    driven.feed(times(100, one));
    expect(driven.fault).toBeUndefined();
    // Time went by.
    driven.connection.resetStrain();
    driven.connection.take();
    driven.feed(times(100, one));
    expect(driven.fault).toBeUndefined();
    driven.feed(one);
    expect(driven.fault?.reason).toBe('ENHANCE_YOUR_CALM');
  });

  test('are no flood while they let an upload go on', () => {
    const driven = greeted({ maxStrain: 10 });
    driven.feed(settingsFrame({ initialWindowSize: 0 }));
    const stream = driven.open(1, { method: 'POST' }, false);
    for (let sent = 0; sent < 100; sent++) {
      driven.feed(frame('WINDOW_UPDATE', 0, 1, uint32(1)));
      expect(driven.connection.send(stream, Buffer.from('x'), 0, 1, false)).toBe(1);
    }
    expect(driven.fault).toBeUndefined();
  });

  test('late for streams that were reset are none: they may have crossed the resets', () => {
    const driven = greeted({ maxStrain: 10 });
    const streams = Array.from({ length: 100 }, () => driven.open());
    for (const stream of streams) driven.connection.reset(stream);
    driven.written();
    for (const { id } of streams) {
      driven.feed(Buffer.concat([head('200', id), frame('DATA', endStream, id, Buffer.alloc(5))]));
    }
    expect(driven.fault).toBeUndefined();
    expect(driven.written()).toEqual([]);
  });

  test('for streams that were reset long ago are answered with one more reset', () => {
    const driven = greeted({ maxAnswers: 10 });
    const [first] = Array.from({ length: 1001 }, () => {
      const stream = driven.open();
      driven.connection.reset(stream);
      return stream;
    });
    driven.written();
    driven.feed(head('200', first?.id));
    driven.feed(head('200', first?.id));
    expect(driven.written()).toMatchObject([{ type: 'RST_STREAM', error: 'STREAM_CLOSED' }]);
  });
});

describe('answers that wait to be written', () => {
  test.each(['PING', 'SETTINGS'])('are bounded: to %s', (kind) => {
    const driven = greeted({ maxAnswers: 100 });
    const one = idleWork[kind] ?? Buffer.alloc(0);
    for (let round = 0; round < 10; round++) {
      driven.feed(times(100, one));
      expect(driven.written()).toHaveLength(100);
    }
    expect(driven.fault).toBeUndefined();
    driven.feed(times(101, one));
    expect(driven.fault?.reason).toBe('ENHANCE_YOUR_CALM');
  });
});

describe('a header block', () => {
  test('has a bounded number of CONTINUATION frames', () => {
    const driven = greeted({ maxContinuations: 3 });
    driven.open(2);
    driven.feed(head('200', 1, 0));
    driven.feed(times(2, frame('CONTINUATION', 0, 1)));
    driven.feed(frame('CONTINUATION', endHeaders, 1));
    expect(driven.said).toMatchObject([{ event: 'head', status: 200 }]);
    driven.feed(head('200', 3, 0));
    driven.feed(times(3, frame('CONTINUATION', 0, 3)));
    expect(driven.fault).toBeUndefined();
    driven.feed(frame('CONTINUATION', 0, 3));
    expect(driven.fault?.reason).toBe('ENHANCE_YOUR_CALM');
  });

  test('far beyond maxHeaderSize is not gathered', () => {
    const driven = greeted({ maxHeaderSize: 1000 });
    driven.open();
    driven.feed(head('200', 1, 0));
    for (let sent = 0; sent < 4; sent++) {
      driven.feed(frame('CONTINUATION', 0, 1, Buffer.alloc(16_384)));
    }
    expect(driven.fault).toBeUndefined();
    driven.feed(frame('CONTINUATION', 0, 1, Buffer.alloc(16_384)));
    expect(driven.fault?.reason).toBe('ENHANCE_YOUR_CALM');
  });

  test('above maxHeaderSize is refused with CANCEL: it breaks no rule', () => {
    const driven = greeted({ maxHeaderSize: 100 });
    driven.open();
    driven.feed(
      frame(
        'HEADERS',
        endHeaders,
        1,
        literals([
          [':status', '200'],
          ['x', 'y'.repeat(100)],
        ]),
      ),
    );
    expect(driven.said).toMatchObject([{ event: 'broken', reason: 'too_large' }]);
    expect(driven.connection.fault?.tooLarge).toEqual({ limit: 100, received: 101 });
    expect(driven.written()).toMatchObject([{ type: 'RST_STREAM', error: 'CANCEL' }]);
  });
});

describe('[W1] interim responses', () => {
  test('are a thousand at most', () => {
    const driven = greeted();
    driven.open();
    driven.feed(times(1000, head('103')));
    expect(driven.said).toHaveLength(1000);
    driven.feed(head('103'));
    expect(driven.said.at(-1)).toMatchObject({
      event: 'broken',
      reason: 'too_many_interim_responses',
    });
  });

  test('take no more together than a section and its fields may', () => {
    const driven = greeted({ maxHeaderSize: 10_000 });
    driven.open();
    const block = literals([
      [':status', '103'],
      ['x', 'y'.repeat(5000)],
    ]);
    driven.feed(times(100, frame('HEADERS', endHeaders, 1, block)));
    expect(driven.said.at(-1)).toMatchObject({ event: 'broken', reason: 'too_large' });
    expect(driven.said).toHaveLength(9);
    expect(driven.connection.fault?.tooLarge?.limit).toBe(10_000 + 32_000);
  });
});

test('a later GOAWAY excludes more streams, never fewer', () => {
  const driven = greeted();
  const goaway = (last: number): Buffer =>
    frame('GOAWAY', 0, 0, Buffer.concat([uint32(last), uint32(11)]));
  driven.feed(Buffer.concat([goaway(2 ** 31 - 1), goaway(5), goaway(7)]));
  expect(driven.said.map(({ lastStream }) => lastStream)).toEqual([2 ** 31 - 1, 5, 5]);
  expect(driven.said[0]).toMatchObject({ event: 'goaway', code: 11 });
});

test('a PING has a number, and its answer tells which', () => {
  const driven = greeted();
  driven.connection.ping(7);
  const [ping] = driven.written();
  driven.feed(frame('PING', flag.ACK, 0, ping?.payload));
  driven.feed(frame('PING', flag.ACK, 0, Buffer.from('foreign!')));
  expect(driven.said).toEqual([
    { event: 'pong', number: 7 },
    { event: 'pong', number: 0 },
  ]);
});

test('a stream that the server refuses to look at is forgotten without a word', () => {
  const driven = greeted();
  const stream = driven.open();
  driven.connection.drop(stream);
  driven.feed(Buffer.concat([head('200'), frame('DATA', endStream, 1)]));
  expect(driven.written()).toEqual([]);
  expect(driven.said).toEqual([]);
  expect(driven.connection.reset(stream)).toBe(false);
});

test('a fault of no known name closes the connection with INTERNAL_ERROR', () => {
  const driven = greeted();
  driven.connection.close('a bug');
  driven.connection.close();
  expect(driven.written().map(({ error }) => error)).toEqual(['INTERNAL_ERROR', 'NO_ERROR']);
});

test('a CONNECT that succeeds makes a tunnel, whose length means nothing; one that fails does not', () => {
  const driven = greeted();
  const tunnel = driven.open(1, { method: 'CONNECT', target: 'a:1' }, false);
  const refused = driven.open(1, { upgrade: 'websocket' }, false);
  const fields = (status: string): Buffer =>
    literals([
      [':status', status],
      ['content-length', '1'],
    ]);
  driven.feed(
    Buffer.concat([
      frame('HEADERS', endHeaders, 1, fields('200')),
      frame('DATA', endStream, 1, Buffer.from('many')),
      frame('HEADERS', endHeaders, 3, fields('403')),
      frame('DATA', 0, 3, Buffer.from('many')),
    ]),
  );
  expect(tunnel.isTunnel).toBe(true);
  expect(refused.isTunnel).toBe(false);
  expect(driven.said.map(({ event, stream }) => [event, stream])).toEqual([
    ['head', 1],
    ['data', 1],
    ['end', 1],
    ['head', 3],
    ['broken', 3],
  ]);
  // The other side of the tunnel is open still.
  expect(tunnel.isClosed).toBe(false);
  driven.connection.send(tunnel, Buffer.alloc(0), 0, 0, true);
  expect(tunnel.isClosed).toBe(true);
});

test('error codes have their names, unknown ones a name of their own', () => {
  expect([0, 13, 14, 2 ** 32 - 1].map((code) => codeName(code))).toEqual([
    'NO_ERROR',
    'HTTP_1_1_REQUIRED',
    'UNKNOWN_14',
    'UNKNOWN_4294967295',
  ]);
});
