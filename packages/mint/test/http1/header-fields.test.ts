import { describe, expect, test } from 'vitest';
import { byByte, readResponse } from './read-response.ts';
import type { ReadSettings, Reading } from './read-response.ts';

/** A response with these bytes as its first field lines. */
function withFields(lines: string, settings: ReadSettings = {}): Reading {
  return readResponse(`HTTP/1.1 200 OK\r\n${lines}\r\ncontent-length: 2\r\n\r\nok`, settings);
}

/** The fields that came of these lines. */
function fieldsOf(lines: string, settings: ReadSettings = {}): readonly string[] {
  const { fields, body, outcome } = withFields(lines, settings);
  expect({ body, outcome }).toEqual({ body: 'ok', outcome: 'complete' });
  expect(fields.slice(-2)).toEqual(['content-length', '2']);
  return fields.slice(0, -2);
}

test.each([
  ['a: b', ['a', 'b']],
  ['a:b', ['a', 'b']],
  ['a: \t b\t ', ['a', 'b']],
  ['a:', ['a', '']],
  ['a: \t ', ['a', '']],
  ['a: b c\td', ['a', 'b c\td']],
  ['a: b: c:', ['a', 'b: c:']],
  ['a: \x80\xa0\xff', ['a', '\x80\xa0\xff']],
  ['A: 1\r\na: 2\r\nA: 1', ['A', '1', 'a', '2', 'A', '1']],
  ["!#$%&'*+-.^_`|~09azAZ: b", ["!#$%&'*+-.^_`|~09azAZ", 'b']],
  ['a: "(),/:;<=>?@[\\]{}', ['a', '"(),/:;<=>?@[\\]{}']],
])('takes the field lines %j', (lines, fields) => {
  expect(fieldsOf(lines)).toEqual(fields);
});

/** What may stand neither in a name nor in a value. */
const controls = ['\0', '\x01', '\x08', '\x0b', '\x0c', '\x0e', '\x1f', '\x7f'];

describe('refuses, as injection or smuggling,', () => {
  test.each([
    'a : b',
    'a\t: b',
    ' a: b',
    '\ta: b',
    'a b: c',
    ': b',
    'a',
    'a;b: c',
    '(a): b',
    'a@b: c',
    '"a": b',
    'a\xe9: b',
    'a=b',
    ...controls.map((control) => `a${control}: b`),
    ...controls.map((control) => `a: b${control}c`),
    ...controls.map((control) => `a:${control}`),
    'a: b\rc: d',
    'a: b\r\rc: d',
    'a: b\r\r\n',
    'a\r: b',
    'a:\rb',
    'a: b\nc: d',
    'a: b\n\nEVIL',
    'a\n: b',
    '\ra: b',
    '\r',
    '\n',
    'a: b\r\n\rc: d',
    'a: b\r\n\nc: d',
  ])('the field lines %j, whole and byte by byte', (lines) => {
    expect(withFields(lines)).toMatchObject({ status: 0, outcome: 'invalid_header' });
    const bytes = byByte(`HTTP/1.1 200 OK\r\n${lines}\r\ncontent-length: 2\r\n\r\nok`);
    expect(readResponse(bytes)).toMatchObject({ status: 0, outcome: 'invalid_header' });
  });
});

test.each([
  ['Content-Type: text/plain; charset=utf-8 \r\nx: y', 'text/plain; charset=utf-8'],
  ['x: y\r\ncontent-type:a/b\r\ncontent-type: c/d', 'a/b'],
  ['content-type:\r\ncontent-type: c/d', ''],
  ['a: b\r\n c\r\ncontent-type: a/b', 'a/b'],
  ['content-type: a/b;\r\n c=d', 'a/b; c=d'],
  ['content-typ3: a/b\r\ncontent-typE: c/d', 'c/d'],
  ['content_type: a/b\r\nx: content-type', undefined],
])('finds the type of the content in %j', (lines, contentType) => {
  expect(withFields(lines)).toMatchObject({ contentType, contentLength: 2 });
});

describe('[W22] a value that goes on in the next line', () => {
  test.each([
    ['a: b\r\n c', ['a', 'b c']],
    ['a: b\r\n\tc', ['a', 'b c']],
    ['a: b \t\r\n \t c \r\nd: e', ['a', 'b c', 'd', 'e']],
    ['a: b\r\n c\r\n d', ['a', 'b c d']],
    ['a:\r\n b', ['a', 'b']],
    ['a: b\r\n ', ['a', 'b']],
    ['a: b\r\n \r\n\t\r\n c', ['a', 'b c']],
    ['a:\r\n \r\n ', ['a', '']],
    ['a: b\r\n c: d', ['a', 'b c: d']],
    ['a: b\r\n content-length: 7', ['a', 'b content-length: 7']],
    ['x: y\r\na: b\r\n  c', ['x', 'y', 'a', 'b c']],
  ])('is joined by a space: %j', (lines, fields) => {
    expect(fieldsOf(lines)).toEqual(fields);
  });

  test.each(['a: b\r\n c', 'a: b\r\n ', 'a:\r\n\tb'])(
    'is refused where that is asked: %j',
    (lines) => {
      expect(withFields(lines, { obsFold: 'refuse' }).outcome).toBe('invalid_header');
    },
  );

  test.each([
    [' a: b', 'there is no field before it'],
    [' ', 'there is no field before it'],
    ['content-length: 2\r\n ', 'it could frame the response'],
    ['transfer-encoding: chunked\r\n\t, gzip', 'it could frame the response'],
    ['a: b\r\n c\0', 'it has a byte that it cannot have'],
    ['a: b\r\n c\rd', 'it has CR alone'],
    ['a: b\r\n c\nd: e', 'it ends with LF alone'],
    ['a: b\r\n\x0bc', 'it begins with other white space'],
  ])('is refused if %s', (lines) => {
    expect(withFields(lines)).toMatchObject({ status: 0, outcome: 'invalid_header' });
  });

  test('counts for the connection', () => {
    expect(withFields('connection: keep-alive\r\n , close').keepAlive).toBe(false);
    expect(withFields('connection:\r\n close').keepAlive).toBe(false);
    expect(withFields('a: b\r\n close').keepAlive).toBe(true);
  });

  test('is joined in linear time, with as much white space as may be', () => {
    const blanks = ' '.repeat(250_000);
    expect(fieldsOf(`a: b\r\n c\r\nd: e${blanks}f`)).toEqual(['a', 'b c', 'd', `e${blanks}f`]);
    expect(fieldsOf(`a: b\r\n${blanks}c`)).toEqual(['a', 'b c']);
    const many = fieldsOf(`a: b${'\r\n c'.repeat(50_000)}`);
    expect(many[1]).toBe(`b${' c'.repeat(50_000)}`);
  });
});

describe('with bareLineFeeds', () => {
  const settings = { bareLineFeeds: true };

  test.each([
    ['a: b\nc: d', ['a', 'b', 'c', 'd']],
    ['a: b\n c', ['a', 'b c']],
    ['a: b\r\n c\n d', ['a', 'b c d']],
    ['a:\nb: ', ['a', '', 'b', '']],
  ])('lines may end with LF alone: %j', (lines, fields) => {
    expect(fieldsOf(lines, settings)).toEqual(fields);
  });

  test.each(['a: b\rc', 'a: b\r\rc: d', '\ra: b', 'a\n: b'])('CR alone is refused: %j', (lines) => {
    expect(withFields(lines, settings).outcome).toBe('invalid_header');
  });

  test('a whole response may do without CR, in any split', () => {
    const bytes =
      'HTTP/1.1 200\nconnection: x,\n close\ntransfer-encoding: chunked\n\n' +
      '3\nabc\n2;x\nde\n1;x=y\nf\n1;x="y"\ng\n0\nt: u\n v\n\n';
    const reading = readResponse(bytes, settings);
    expect(reading).toMatchObject({
      fields: ['connection', 'x, close', 'transfer-encoding', 'chunked'],
      body: 'abcdefg',
      trailers: ['t', 'u v'],
      keepAlive: false,
      outcome: 'complete',
    });
    expect(readResponse(byByte(bytes), settings)).toEqual(reading);
  });

  test.each(['5;\n', '5;a=\n', '5;a="\n', '5;a \n', '5 \n', '\n5\n'])(
    'the chunk line %j is refused all the same',
    (line) => {
      const bytes = `HTTP/1.1 200\ntransfer-encoding: chunked\n\n${line}hello\n0\n\n`;
      expect(readResponse(bytes, settings).outcome).toMatch(/^invalid_chunk/);
    },
  );
});
