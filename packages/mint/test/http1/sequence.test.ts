/** One parser for all responses of a connection, and what it does between them. */
import { describe, expect, test } from 'vitest';
import { Fault, ResponseParser } from '../../src/index.ts';
import type { ParserEvent } from '../../src/index.ts';
import {
  data,
  end,
  handover,
  head,
  headRequest,
  more,
  plain,
  upgradeRequest,
} from '../../src/http1/parser.ts';
import { byByte } from './read-response.ts';

/** The events of these bytes. */
function feed(parser: ResponseParser, text: string): ParserEvent[] {
  const bytes = Buffer.from(text, 'latin1');
  const events: ParserEvent[] = [];
  for (let at = 0; ;) {
    const what = parser.next(bytes, at, bytes.length);
    ({ at } = parser);
    if (what === more) return events;
    events.push(what);
    if (what === end || what === handover) return events;
  }
}

const chunked =
  'HTTP/1.1 200 OK\r\ncontent-type: a/b\r\nconnection: x\r\ntransfer-encoding: chunked\r\n\r\n' +
  '1;x=y\r\na\r\n0\r\nt: u\r\n\r\n';
const counted = 'HTTP/1.0 404 Not Found\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok';
const folded = 'HTTP/1.1 200 OK\r\na: b\r\n c\r\ncontent-length: 0\r\n\r\n';
const bare = 'HTTP/1.1 204 No Content\r\n\r\n';

test.each([
  ['whole', (text: string) => [text]],
  ['byte by byte', byByte],
])('a response takes nothing from the one before: %s', (_how, split) => {
  const parser = new ResponseParser();
  for (let round = 0; round < 3; round++) {
    for (const [text, fields, trailers, contentLength, contentType] of [
      [chunked, 6, ['t', 'u'], -1, 'a/b'],
      [counted, 4, [], 2, undefined],
      [folded, 4, [], 0, undefined],
      [bare, 0, [], -1, undefined],
    ] as const) {
      expect(parser.idle).toBe(true);
      parser.begin(plain);
      expect(parser.idle).toBe(false);
      expect(parser.started).toBe(false);
      const events = split(text).flatMap((piece) => feed(parser, piece));
      if (parser.idle === false) events.push(...feed(parser, ''));
      expect(events.at(0)).toBe(head);
      expect(events.at(-1)).toBe(end);
      expect(parser.started).toBe(true);
      expect(parser.fields.list).toHaveLength(fields);
      expect(parser.fields.contentLength).toBe(contentLength);
      expect(parser.fields.contentType).toBe(contentType);
      expect(parser.trailers.list).toEqual(trailers);
      expect(parser.keepAlive).toBe(true);
    }
  }
});

test.each(['HTTP/1.1 200 OK\rx', 'HTTP/1.1 200 OK\r\na: b\rx', 'HTTP/1.1 200 OK\r\na: b\r\n\rx'])(
  'a CR that no LF follows is refused as soon as that is known, however the bytes come: %j',
  (text) => {
    for (const split of [(whole: string) => [whole], byByte]) {
      const parser = new ResponseParser();
      parser.begin(plain);
      const pieces = split(text);
      for (const piece of pieces.slice(0, -1)) expect(feed(parser, piece)).toEqual([]);
      expect(() => feed(parser, pieces.at(-1) as string)).toThrow('CR without LF');
    }
  },
);

test('the end needs one more look, with no byte', () => {
  const parser = new ResponseParser();
  parser.begin(plain);
  expect(feed(parser, counted.slice(0, -1))).toEqual([head, data]);
  const last = Buffer.from('k');
  expect(parser.next(last, 0, 1)).toBe(data);
  expect(parser.idle).toBe(false);
  expect(parser.next(last, 1, 1)).toBe(end);
  expect(parser.idle).toBe(true);
});

test.each([
  ['before the head', ''],
  ['in the status line', 'HTTP/1.1 2'],
  ['in the fields', 'HTTP/1.1 200 OK\r\na: b'],
  ['before the body', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n'],
  ['in a body that the end of the stream ends', 'HTTP/1.1 200 OK\r\n\r\nabc'],
  ['in a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'],
  ['in an extension', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;a'],
  ['in the trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n'],
])('a look at no byte changes nothing %s', (_where, text) => {
  const parser = new ResponseParser();
  parser.begin(plain);
  feed(parser, text);
  for (let look = 0; look < 3; look++) {
    expect(parser.next(Buffer.from('xyz'), 3, 3)).toBe(more);
    expect(parser.at).toBe(3);
  }
  expect(parser.idle).toBe(false);
});

describe('bytes that belong to no response', () => {
  test.each(['x', 'HTTP/1.1 200 OK\r\n\r\n', '\r\n\r\nx', ' ', '\0'])('are refused: %j', (text) => {
    const parser = new ResponseParser();
    expect(() => feed(parser, text)).toThrow(Fault);
    parser.begin(plain);
    feed(parser, counted);
    feed(parser, '');
    expect(parser.idle).toBe(true);
    expect(() => feed(parser, text)).toThrow('bytes came that belong to no response');
  });

  test('may be an empty line', () => {
    const parser = new ResponseParser();
    expect(feed(parser, '\r\n')).toEqual([]);
    expect(feed(parser, '\n\r\n\n')).toEqual([]);
    expect(parser.idle).toBe(true);
  });

  test.each([
    [['\r\n', counted]],
    [['\r', `\n${counted}`]],
    [[`\r\n${counted.slice(0, 9)}`, counted.slice(9)]],
    [byByte(`\r\n${counted}`)],
  ])('may be an empty line that comes after the next request was sent: %j', (pieces) => {
    const parser = new ResponseParser();
    parser.begin(plain);
    for (const piece of pieces) feed(parser, piece);
    feed(parser, '');
    expect(parser.idle).toBe(true);
    expect(parser.status).toBe(404);
    expect(parser.fields.list).toHaveLength(4);
  });

  test.each(['\r\n\r\n', '\n', '\rH', '\r\r\n', '\r\n '])(
    'are none of %j while a response is awaited',
    (text) => {
      const parser = new ResponseParser();
      parser.begin(plain);
      expect(() => feed(parser, text)).toThrow('the status line is not of HTTP/1.1');
      parser.begin(plain);
      expect(() => byByte(text).forEach((byte) => feed(parser, byte))).toThrow(Fault);
    },
  );

  test('are not looked at after a hand-over', () => {
    const parser = new ResponseParser();
    parser.begin(upgradeRequest);
    const switching = 'HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: y\r\n\r\n';
    expect(feed(parser, switching)).toEqual([handover]);
    expect(parser.idle).toBe(false);
    const bytes = Buffer.from('frames');
    expect(parser.next(bytes, 2, 6)).toBe(more);
    expect(parser.at).toBe(2);
    expect(parser.eof()).toBe(more);
  });
});

describe('the end of the stream', () => {
  test('is nothing to a parser that awaits nothing', () => {
    const parser = new ResponseParser();
    expect(parser.eof()).toBe(more);
    parser.begin(plain);
    expect(parser.eof()).toBe(more);
  });

  test('ends a response whose end was not told yet', () => {
    const parser = new ResponseParser();
    parser.begin(headRequest);
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\n\r\n');
    expect(parser.next(bytes, 0, bytes.length)).toBe(head);
    expect(parser.eof()).toBe(end);
    expect(parser.idle).toBe(true);
    expect(parser.eof()).toBe(more);
  });
});
