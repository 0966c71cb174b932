import { describe, expect, test } from 'vitest';
import { byByte, readResponse } from './read-response.ts';
import type { Reading } from './read-response.ts';

const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

/** What is read of these bytes of a chunked body, whole; byte by byte it is the same. */
function readChunks(bytes: string): Reading {
  const reading = readResponse(head + bytes, { eof: true });
  const { rest, ...dripped } = readResponse(byByte(head + bytes), { eof: true });
  expect({ ...dripped, rest }).toEqual(reading);
  return reading;
}

describe('[M1] a size', () => {
  test.each([
    ['5', 'hello'],
    ['05', 'hello'],
    ['0000000000005', 'hello'],
    ['00000000000005', 'hello'],
    ['000000000000000000000000000001f', 'x'.repeat(31)],
    ['a', '0123456789'],
    ['A', '0123456789'],
    ['1F', 'x'.repeat(31)],
    ['0aF', 'x'.repeat(175)],
    ['5 \t ;a', 'hello'],
  ])('of %s is taken', (size, body) => {
    const reading = readChunks(`${size}\r\n${body}\r\n0\r\n\r\n`);
    expect(reading).toMatchObject({ body, outcome: 'complete', keepAlive: true });
  });

  test.each([
    '',
    ' ',
    ' 5',
    '\t5',
    '5 ',
    '5\t',
    '+5',
    '-5',
    '-0',
    '+0',
    '0x5',
    'x5',
    'g',
    '5g',
    '5h',
    '5.',
    '5,',
    '5_0',
    '5\0',
    '\xb2',
    '5\xa0',
    '/',
    ':',
    '@',
    'G',
    '`',
    '10000000000000',
    '000010000000000000',
    'ffffffffffffffff',
    '10000000000000005',
    '5\r',
    '5\n',
    '5\rx',
    '5\nx',
    '\r\n5',
    '\n5',
  ])('of %j is refused', (size) => {
    const reading = readChunks(`${size}\r\nhello\r\n0\r\n\r\n`);
    expect(reading).toMatchObject({ body: '', outcome: 'invalid_chunk_size' });
  });

  test.each(['0', '00', '0'.repeat(40), '0;x', '0 ;x'])('of %s is the last', (size) => {
    const reading = readChunks(`1\r\na\r\n${size}\r\n\r\nrest`);
    expect(reading).toMatchObject({ body: 'a', outcome: 'complete', rest: 'rest' });
  });

  test('may have many zeros in front, but no end of them', () => {
    const reading = readResponse(`${head}${'0'.repeat(20_000)}5\r\nhello\r\n0\r\n\r\n`);
    expect(reading).toMatchObject({ body: '', outcome: 'chunk_extensions_too_large' });
  });

  test('of 13 digits is counted with, and what came of the chunk is handed on', () => {
    const reading = readResponse(`${head}fffffffffffff\r\nhel`);
    expect(reading).toMatchObject({ body: 'hel', outcome: 'unfinished' });
  });
});

describe('[M8] a chunk', () => {
  test('is handed on as it comes', () => {
    const pieces = [`${head}a\r\n`, '012', '3456', '789', '\r', '\n0\r\n', '\r\n'];
    expect(readResponse(pieces)).toMatchObject({ body: '0123456789', outcome: 'complete' });
  });

  test('may hold what looks like the end, or like a head', () => {
    const body = '0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n';
    const reading = readChunks(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    expect(reading).toMatchObject({ body, outcome: 'complete' });
  });

  test.each([
    'hell',
    'hello!',
    'hello\n',
    'hello\r',
    'hello\r\r\n',
    'hello \r\n',
    'hello0\r\n\r\n',
  ])('that is not as long as it says is refused: %j', (bytes) => {
    const { outcome } = readChunks(`5\r\n${bytes}\r\n0\r\n\r\n`);
    expect(outcome).toMatch(/^invalid_chunk/);
  });

  test('is followed by CRLF, not by LF alone', () => {
    expect(readChunks('1\r\na\n0\r\n\r\n')).toMatchObject({ body: 'a', outcome: 'invalid_chunk' });
  });
});

describe('[M7] [W6] extensions', () => {
  test.each([
    ';a',
    ';a=b',
    ';ab=cd',
    ';a="b"',
    ';a=""',
    ';a;b',
    ';a=b;c="d";e',
    ' ;a',
    '\t; \ta',
    ';a =b',
    ';a= b',
    ';a\t=\t"b"',
    ';a ;b',
    ';a=b ;c',
    ';a="b" ;c',
    ';a = b ; c = "d" ; e',
    ';a="b;c\\"d\\\\e=\tf"',
    ';a="\xe9\\\xe9"',
    ";!#$%&'*+-.^_`|~=!",
  ])('%j mean nothing', (extension) => {
    const reading = readChunks(`5${extension}\r\nhello\r\n0${extension}\r\n\r\n`);
    expect(reading).toMatchObject({ body: 'hello', outcome: 'complete', trailers: [] });
  });

  test.each([
    ';',
    '; ',
    ';;a',
    ';=b',
    ';a=',
    ';a= ',
    ';a=;b',
    ';a==b',
    ';a=b=c',
    ';a b',
    ';a "b"',
    ';"a"',
    ';a=b c',
    ';a="b',
    ';a="b"c',
    ';a="b" c',
    ';a=b"c"',
    ';a,b',
    ';a ',
    ';a=b ',
    ';a="b" ',
    ' a',
    ' \r',
    ';a\0',
    ';a=\0',
    ';a="\0"',
    ';a="\\\0"',
    ';a="\x7f"',
    ';a="\r\n"',
    ';a="\\\r\n"',
    ';a\r\r',
    ';a\rx',
    ';a\n',
    ';a=b\n',
    ';a="b"\n',
    ';a="b\n"',
    ';\xe9',
    ';a=\xe9',
  ])('%j are refused', (extension) => {
    const { outcome, body } = readChunks(`5${extension}\r\nhello\r\n0\r\n\r\n`);
    expect(outcome).toMatch(/^invalid_chunk_(size|extension)$/);
    expect(body).toBe('');
  });

  test('of one chunk are bounded', () => {
    const bytes = (size: number): string => `${head}1;${'x'.repeat(size - 2)}\r\na\r\n0\r\n\r\n`;
    // With the CR that ends them
    expect(readResponse(bytes(16_385)).outcome).toBe('complete');
    expect(readResponse(bytes(16_386)).outcome).toBe('chunk_extensions_too_large');
    expect(readResponse(bytes(16_386).replaceAll('x', ' ')).outcome).toBe(
      'chunk_extensions_too_large',
    );
  });

  test('of all chunks together are bounded by the data that comes with them', () => {
    const chunks = (size: number, count: number): string =>
      `${head}${`${size.toString(16)};signature=0123456789\r\n${'a'.repeat(size)}\r\n`.repeat(count)}0\r\n\r\n`;
    expect(readResponse(chunks(3, 10_000)).outcome).toBe('complete');
    expect(readResponse(chunks(1, 1000)).outcome).toBe('complete');
    expect(readResponse(chunks(1, 10_000)).outcome).toBe('chunk_extensions_too_large');
  });
});

describe('trailers', () => {
  test.each([
    ['', []],
    ['a: b\r\n', ['a', 'b']],
    ['A:b \r\nc:\r\n', ['A', 'b', 'c', '']],
    ['a: b\r\n c\r\n', ['a', 'b c']],
    ['content-type: text/plain\r\n', ['content-type', 'text/plain']],
    ['content_length: 5\r\n', ['content_length', '5']],
  ])('are told with the end: %j', (lines, trailers) => {
    const reading = readChunks(`1\r\na\r\n0\r\n${lines}\r\nrest`);
    expect(reading).toMatchObject({ body: 'a', trailers, outcome: 'complete', rest: 'rest' });
  });

  test.each([
    ['content-length: 1\r\n', 'invalid_content_length'],
    ['transfer-encoding: chunked\r\n', 'invalid_transfer_encoding'],
    [' a: b\r\n', 'invalid_header'],
    ['a : b\r\n', 'invalid_header'],
    ['a\r\n', 'invalid_header'],
    ['a: \0\r\n', 'invalid_header'],
    ['a: b\rc\r\n', 'invalid_header'],
    ['a: b\nc: d\r\n', 'invalid_header'],
    ['\r', 'invalid_header'],
    ['\n', 'invalid_header'],
    ['\r\r', 'invalid_header'],
    ['HTTP/1.1 200 OK\r\n', 'invalid_header'],
    ['content-length: 5\r\n 5\r\n', 'invalid_content_length'],
  ])('[M9] %j are refused', (lines, outcome) => {
    const reading = readChunks(`1\r\na\r\n0\r\n${lines}\r\nrest`);
    expect(reading).toMatchObject({ body: 'a', trailers: [], outcome });
  });

  test('[M9] begin anew: a fold in the first line has no field before it', () => {
    const reading = readResponse(
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx: y\r\n\r\n0\r\n z\r\n\r\n`,
    );
    expect(reading.outcome).toBe('invalid_header');
  });
});
