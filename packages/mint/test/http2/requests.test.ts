import { describe, expect, test } from 'vitest';
import { InvalidRequestError } from '../../src/index.ts';
import type { RequestHead } from '../../src/index.ts';
import { unknownLength } from '../../src/message/request-encoder.ts';
import { flag, settingsFrame } from '../support/h2-frames.ts';
import type { Frame } from '../support/h2-frames.ts';
import { HpackDecoder } from '../support/h2-hpack.ts';
import type { HeaderList } from '../support/h2-hpack.ts';
import { Driven, greeted } from './drive.ts';

/** A connection whose requests are read as a server reads them. */
class Requests {
  readonly driven: Driven;
  private readonly decoder = new HpackDecoder();

  constructor(driven = greeted()) {
    this.driven = driven;
  }

  /** Opens a stream; the fields that a server gets, and the frames that they came in. */
  send(
    request: Partial<RequestHead> = {},
    bodyLength = 0,
    expects = false,
  ): { fields: HeaderList; frames: Frame[]; size: number } {
    const { connection } = this.driven;
    const head = { method: 'GET', target: '/', headers: [], ...request };
    connection.open('', head, bodyLength, bodyLength === 0, expects);
    return this.read();
  }

  read(): { fields: HeaderList; frames: Frame[]; size: number } {
    const frames = this.driven.written();
    const block = Buffer.concat(frames.map(({ payload }) => payload));
    return { fields: this.decoder.decode(block), frames, size: block.length };
  }
}

const pseudo: HeaderList = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'a.example'],
  [':path', '/'],
];

describe('a request', () => {
  test('is one HEADERS frame, with the pseudo-header fields first', () => {
    const { fields, frames } = new Requests().send({ headers: ['Accept', ' */* '] });
    expect(fields).toEqual([...pseudo, ['accept', '*/*']]);
    expect(frames).toMatchObject([{ type: 'HEADERS', stream: 1 }]);
    expect(frames[0]?.flags).toBe(flag.END_HEADERS | flag.END_STREAM);
  });

  test.each<[string, Partial<RequestHead>, HeaderList]>([
    ['a host', { headers: ['host', 'b.example'] }, [[':authority', 'b.example']]],
    ['its own host', { headers: ['host', 'a.example'] }, [[':authority', 'a.example']]],
    [
      'an absolute URL',
      { target: 'http://c.example?q', headers: ['host', 'd.example'] },
      [
        [':scheme', 'http'],
        [':authority', 'c.example'],
        [':path', '/?q'],
      ],
    ],
    ['an absolute URL with a path', { target: 'http://c.example/a' }, [[':path', '/a']]],
    ['an asterisk', { method: 'OPTIONS', target: '*' }, [[':path', '*']]],
    ['another method', { method: 'QUERY', target: '/a' }, [[':method', 'QUERY']]],
    [
      'an upgrade',
      { upgrade: 'websocket' },
      [
        [':method', 'CONNECT'],
        [':protocol', 'websocket'],
        [':path', '/'],
      ],
    ],
    ['te', { headers: ['TE', 'Trailers', 'Connection', 'close'] }, [['te', 'trailers']]],
    ['text above ASCII', { target: '/\xe9', headers: ['x', '\xe9'] }, [[':path', '/\xe9']]],
  ])('has %s as HTTP/2 has it', (_what, request, expected) => {
    const { fields } = new Requests().send(request);
    for (const field of expected) expect(fields).toContainEqual(field);
    expect(fields.filter(([name]) => name === 'host' || name === 'connection')).toEqual([]);
  });

  test('CONNECT has a method and an authority', () => {
    const { fields } = new Requests().send({ method: 'CONNECT', target: 'db.example:5432' });
    expect(fields).toEqual([
      [':method', 'CONNECT'],
      [':authority', 'db.example:5432'],
    ]);
  });

  test.each<[string, number, readonly string[], string | undefined, number]>([
    ['GET', 0, [], undefined, unknownLength],
    ['POST', 0, [], '0', 0],
    ['GET', 5, [], '5', 5],
    ['POST', unknownLength, [], undefined, unknownLength],
    ['POST', unknownLength, ['content-length', '7'], '7', 7],
    ['POST', 7, ['content-length', '7'], '7', 7],
  ])('%s with a body of %i declares its length', (method, length, headers, expected, declared) => {
    const requests = new Requests();
    const { fields } = requests.send({ method, headers }, length);
    const values = fields.filter(([name]) => name === 'content-length').map(([, value]) => value);
    expect(values).toEqual(expected === undefined ? [] : [expected]);
    expect(requests.driven.connection.declaredLength).toBe(declared);
  });

  test('says that it expects 100 Continue', () => {
    const { fields } = new Requests().send({ method: 'POST' }, 5, true);
    expect(fields).toContainEqual(['expect', '100-continue']);
  });

  test('whose block is longer than a frame goes on in CONTINUATION frames', () => {
    const value = 'x~'.repeat(40_000);
    const { fields, frames } = new Requests().send({ headers: ['x', value, 'y', 'z'] });
    expect(fields.slice(4)).toEqual([
      ['x', value],
      ['y', 'z'],
    ]);
    expect(frames.length).toBeGreaterThan(3);
    expect(frames.map(({ type }) => type).slice(1)).toEqual(
      frames.slice(1).map(() => 'CONTINUATION'),
    );
    expect(frames.map((each) => each.has(flag.END_HEADERS))).toEqual(
      frames.map((_each, index) => index === frames.length - 1),
    );
    for (const { payload } of frames) expect(payload.length).toBeLessThanOrEqual(16_384);
  });
});

describe('is refused, and leaves nothing behind:', () => {
  test.each<[string, Partial<RequestHead>, number]>([
    ['a method that is no token', { method: 'G T' }, 0],
    ['a target with a space', { target: '/a b' }, 0],
    ['a target that is neither path nor URL', { target: 'a.example' }, 0],
    ['a URL with credentials', { target: 'https://u@a.example/' }, 0],
    ['a CONNECT without an authority', { method: 'CONNECT', target: '/' }, 0],
    ['a protocol that is no token', { upgrade: 'a b' }, 0],
    ['a bad name', { headers: ['a b', 'c'] }, 0],
    ['a bad value', { headers: ['a', 'b\n'] }, 0],
    ['a pseudo-header field', { headers: [':path', '/'] }, 0],
    ['two hosts', { headers: ['host', 'a', 'host', 'a'] }, 0],
    ['an empty host', { headers: ['host', ''] }, 0],
    ['a connection option', { headers: ['connection', 'x'] }, 0],
    ['te', { headers: ['te', 'gzip'] }, 0],
    ['upgrade', { headers: ['upgrade', 'x'] }, 0],
    ['two lengths', { headers: ['content-length', '1', 'content-length', '1'] }, 1],
    ['another length', { headers: ['content-length', '2'] }, 1],
    ['fields of more than a megabyte', { headers: ['a', 'b'.repeat(1_048_576)] }, 0],
  ])('%s', (_what, request, length) => {
    const requests = new Requests();
    requests.send({ headers: Object.freeze(['x', 'y']) });
    expect(() => requests.send(request, length)).toThrow(InvalidRequestError);
    expect(requests.driven.connection.waiting).toBe(0);
    expect(requests.driven.connection.streams.size).toBe(1);
    const { frames, fields } = requests.send();
    expect(frames).toMatchObject([{ stream: 3 }]);
    expect(fields).toEqual(pseudo);
  });
});

describe('a frozen list of fields', () => {
  const headers = Object.freeze([
    'accept',
    'application/json',
    'authorization',
    'Bearer 0123456789',
    'user-agent',
    'linnet-bench/1.0',
    'x-custom',
    'some value',
  ]);

  test('takes a few bytes from the third request on, and stays what it was', () => {
    const requests = new Requests();
    const all = Array.from({ length: 5 }, (_, index) =>
      requests.send({ target: `/${index}`, headers }),
    );
    for (const [index, { fields }] of all.entries()) {
      expect(fields.slice(0, 4)).toEqual([...pseudo.slice(0, 3), [':path', `/${index}`]]);
      expect(fields.slice(4).flat()).toEqual(headers);
    }
    const sizes = all.map(({ size }) => size);
    expect(sizes[2]).toBeLessThan((sizes[0] ?? 0) / 2);
    expect(sizes[3]).toBe(sizes[2]);
  });

  test('stays right between others, and when the peer changes the size of its table', () => {
    const requests = new Requests();
    const other = Object.freeze(['x-other', 'value', 'accept', 'application/json']);
    for (const size of [4096, 4096, 4096, 0, 0, 0, 100, 100, 100, 4096, 4096]) {
      requests.driven.feed(settingsFrame({ headerTableSize: size }));
      requests.driven.written();
      for (let round = 0; round < 3; round++) {
        expect(requests.send({ headers }).fields.slice(4).flat()).toEqual(headers);
        expect(requests.send({ headers: other }).fields.slice(4).flat()).toEqual(other);
        const own = ['x-own', `${size}`];
        expect(requests.send({ headers: own }).fields.slice(4).flat()).toEqual(own);
      }
    }
  });

  test('that is used once takes no place in the table', () => {
    const requests = new Requests();
    for (let index = 0; index < 200; index++) {
      requests.send({ headers: Object.freeze(['x-request', `${index}-${'x'.repeat(20)}`]) });
    }
    const sizes = [1, 2, 3].map(() => requests.send({ headers }).size);
    expect(sizes[2]).toBeLessThan((sizes[0] ?? 0) / 2);
  });

  test('is checked each time when it is not frozen: it may have changed', () => {
    const requests = new Requests();
    const list = ['x', 'one'];
    requests.send({ headers: list });
    list[1] = 'two';
    expect(requests.send({ headers: list }).fields.slice(4)).toEqual([['x', 'two']]);
  });
});

describe('trailers', () => {
  test('end the stream, in lower case and without white space', () => {
    const requests = new Requests();
    const stream = requests.driven.open(1, { method: 'POST' }, false);
    requests.driven.connection.sendTrailers(stream, ['X-Sum', ' 1 ', 'x-sum', '2']);
    const [frame] = requests.driven.written();
    expect(frame).toMatchObject({ type: 'HEADERS', stream: 1, endStream: true });
    expect(new HpackDecoder().decode(frame?.payload ?? Buffer.alloc(0))).toEqual([
      ['x-sum', '1'],
      ['x-sum', '2'],
    ]);
    expect(stream.isSent).toBe(true);
  });

  test('that are none end the stream with an empty frame', () => {
    const driven = greeted();
    const stream = driven.open(1, { method: 'POST' }, false);
    driven.connection.sendTrailers(stream, []);
    expect(driven.written()).toMatchObject([{ type: 'DATA', endStream: true }]);
  });

  test.each([
    ['a name that frames', ['content-length', '1']],
    ['a bad name', ['a b', '1']],
    ['a bad value', ['a', '\n']],
  ])('with %s are refused, and leave nothing behind', (_what, list) => {
    const driven = greeted();
    const stream = driven.open(1, { method: 'POST' }, false);
    expect(() => driven.connection.sendTrailers(stream, list)).toThrow(InvalidRequestError);
    expect(driven.connection.waiting).toBe(0);
  });
});

describe('identifiers of streams', () => {
  test('are odd, and grow', () => {
    const requests = new Requests();
    const ids = [1, 2, 3].map(() => requests.send().frames[0]?.stream);
    expect(ids).toEqual([1, 3, 5]);
  });

  test('end with 2^31-1', () => {
    const driven = greeted({ firstStream: 2 ** 31 - 3 });
    driven.open();
    expect(driven.connection.hasStreams).toBe(true);
    driven.open();
    expect(driven.connection.hasStreams).toBe(false);
  });
});

test('the greeting is the preface, SETTINGS without push, and the window of the connection', () => {
  const driven = new Driven({ maxHeaderSize: 1000, streamWindowSize: 2000 });
  const [settings, window, ...more] = driven.greeted;
  expect([...(settings?.settings ?? [])]).toEqual([
    [2, 0],
    [4, 2000],
    [6, 1000 + 1000 * 32],
  ]);
  expect(window).toMatchObject({ type: 'WINDOW_UPDATE', stream: 0 });
  expect(window?.increment).toBe(16_777_216 - 65_535);
  expect(more).toEqual([]);
  expect(new Driven({ connectionWindowSize: 1 }).greeted).toHaveLength(1);
});
