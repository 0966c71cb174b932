import { describe, expect, test } from 'vitest';
import { InvalidRequestError } from '../../src/index.ts';
import {
  checkedLength,
  chunked,
  chunkEnd,
  chunkStart,
  headOf,
  lastChunk,
  RequestFields,
  requestFields,
} from '../../src/http1/writer.ts';
import type { HeadParts } from '../../src/http1/writer.ts';

/** The lines of a head. */
function linesOf(parts: Partial<HeadParts> = {}, headers: readonly string[] = []): string[] {
  const head = headOf({
    method: 'GET',
    target: '/',
    fields: new RequestFields(headers),
    hostLine: 'host: own.test\r\n',
    upgrade: undefined,
    closes: false,
    length: 0,
    expectsContinue: false,
    ...parts,
  });
  expect(head.endsWith('\r\n\r\n')).toBe(true);
  expect(head.indexOf('\r\n\r\n')).toBe(head.length - 4);
  return head.slice(0, -4).split('\r\n');
}

describe('a head', () => {
  test('is the request line, the host, the connection and the fields as they were given', () => {
    expect(linesOf({ target: '/a?b=c' }, ['X-A', '1', 'x-a', ' 2 ', 'empty', ''])).toEqual([
      'GET /a?b=c HTTP/1.1',
      'host: own.test',
      'connection: keep-alive',
      'X-A: 1',
      'x-a:  2 ',
      'empty: ',
    ]);
  });

  test('has the host of the fields in the place of its own', () => {
    expect(linesOf({}, ['a', 'b', 'HOST', 'other.test:81']).slice(1)).toEqual([
      'host: other.test:81',
      'connection: keep-alive',
      'a: b',
    ]);
  });

  test('says that the request is the last one', () => {
    expect(linesOf({ closes: true })).toContain('connection: close');
  });

  test('asks for another protocol', () => {
    const lines = linesOf({ upgrade: 'websocket', closes: true });
    expect(lines.slice(2)).toEqual(['connection: upgrade', 'upgrade: websocket']);
  });

  test.each<[Partial<HeadParts>, string[], string[]]>([
    [{}, [], []],
    [{ method: 'HEAD' }, [], []],
    [{ method: 'DELETE' }, [], []],
    [{ method: 'POST' }, [], ['content-length: 0']],
    [{ method: 'PUT' }, [], ['content-length: 0']],
    [{ method: 'PATCH' }, [], ['content-length: 0']],
    [{ method: 'QUERY' }, [], ['content-length: 0']],
    [{ method: 'PROPFIND' }, [], ['content-length: 0']],
    [{ method: 'PROPPATCH' }, [], ['content-length: 0']],
    [{ method: 'GET', length: 5 }, [], ['content-length: 5']],
    [{ method: 'GET' }, ['content-length', '0'], ['content-length: 0']],
    [{ method: 'GET', length: chunked }, [], ['transfer-encoding: chunked']],
    [{ method: 'POST', length: chunked }, ['content-length', '5'], ['transfer-encoding: chunked']],
    [
      { method: 'PUT', length: 5, expectsContinue: true },
      ['a', 'b'],
      ['a: b', 'expect: 100-continue', 'content-length: 5'],
    ],
  ])('frames the body once, and last: %o with %j', (parts, headers, framing) => {
    expect(linesOf(parts, headers).slice(3)).toEqual(framing);
  });

  test.each(['', ' ', 'GE T', 'GET\r\nx: y', 'GET\0', 'GÉT', 'G(ET', 'get:'])(
    '[M20] is not made for the method %j',
    (method) => {
      expect(() => linesOf({ method })).toThrow(InvalidRequestError);
    },
  );

  test.each(['get', 'M-SEARCH', 'QUERY', '!'])('[M20] is made for the method %j', (method) => {
    expect(linesOf({ method })[0]).toBe(`${method} / HTTP/1.1`);
  });

  test.each([
    '',
    ' ',
    '/a b',
    '/a\tb',
    '/a\r\nx: y',
    '/a\nb',
    '/a\0',
    '/a\x7f',
    '/\u0100',
    '/\u{1f600}',
  ])('[M20] is not made for the target %j', (target) => {
    expect(() => linesOf({ target })).toThrow(InvalidRequestError);
  });

  test.each(['*', '/%', '/a|b', 'http://a/', 'a:443', '/\xe9'])(
    '[M20] [W22] is made for the target %j, as it is',
    (target) => {
      expect(linesOf({ target })[0]).toBe(`GET ${target} HTTP/1.1`);
    },
  );

  test.each(['', 'a b', 'a\r\nx: y', 'a,b'])('is not made for the upgrade %j', (upgrade) => {
    expect(() => linesOf({ upgrade })).toThrow('The header upgrade cannot be sent like that');
  });

  test.each(['HEAD', 'CONNECT'])('is not made for %s with an upgrade', (method) => {
    expect(() => linesOf({ method, upgrade: 'x' })).toThrow(InvalidRequestError);
  });
});

describe('fields', () => {
  test.each([
    ['', 'b'],
    ['a b', 'b'],
    ['a:', 'b'],
    ['a\r\n', 'b'],
    ['ä', 'b'],
    ['a', 'b\r\nc: d'],
    ['a', 'b\nc'],
    ['a', 'b\rc'],
    ['a', 'b\0'],
    ['a', '\x1f'],
    ['a', '\x7f'],
    ['a', '\u0100'],
    ['a', '\u2028'],
    ['a', '\ud800'],
  ])('[M20] are not sent: %j: %j', (name, value) => {
    expect(() => new RequestFields([name, value])).toThrow(InvalidRequestError);
  });

  test('do not show their values in an error: they may be secrets', () => {
    expect(() => new RequestFields(['authorization', 'secret\n'])).toThrow(/^(?!.*secret)/s);
  });

  test.each([
    ['transfer-encoding', 'chunked'],
    ['Transfer-Encoding', ''],
    ['keep-alive', 'timeout=5'],
    ['upgrade', 'h2c'],
    ['EXPECT', '100-continue'],
    ['connection', 'upgrade'],
    ['connection', 'keep-alive, te'],
    ['connection', 'close,'],
    ['connection', 'close\xa0'],
    ['connection', ''],
    ['content-length', ''],
    ['content-length', '+5'],
    ['content-length', '5, 5'],
    ['content-length', ' 5'],
    ['content-length', '0x5'],
    ['content-length', '1e3'],
    ['content-length', '9007199254740992'],
  ])('that frame the request or concern the connection are refused: %s: %j', (name, value) => {
    expect(() => new RequestFields([name, value])).toThrow(InvalidRequestError);
  });

  test.each([
    ['host', 'a', 'Host', 'b'],
    ['content-length', '5', 'Content-Length', '5'],
  ])('are refused twice: %s', (...headers) => {
    expect(() => new RequestFields(headers)).toThrow(InvalidRequestError);
  });

  test('may say that the connection ends, or goes on', () => {
    expect(new RequestFields(['connection', 'Keep-Alive']).closes).toBe(false);
    expect(new RequestFields(['Connection', 'keep-alive , CLOSE']).closes).toBe(true);
    expect(new RequestFields(['connection', 'close']).lines).toBe('');
  });

  test('declare a length, which the head tells', () => {
    const fields = new RequestFields(['content-length', '007', 'a', 'b']);
    expect(fields).toMatchObject({ length: 7, lines: 'a: b\r\n' });
    expect(new RequestFields([]).length).toBe(-1);
    expect(checkedLength(fields, 7)).toBe(7);
    expect(checkedLength(new RequestFields([]), 9)).toBe(9);
    expect(() => checkedLength(new RequestFields(['content-length', '0']), 5)).toThrow(
      'The request body is not 0 bytes long, as its content-length says',
    );
    expect(() => checkedLength(fields, 8)).toThrow(
      'The request body is not 7 bytes long, as its content-length says',
    );
  });

  test('of a frozen list are made once, and those of another each time', () => {
    const frozen = Object.freeze(['a', 'b']);
    expect(requestFields(frozen)).toBe(requestFields(frozen));
    const open = ['a', 'b'];
    expect(requestFields(open)).not.toBe(requestFields(open));
  });

  test('know the head that was made of them last', () => {
    const fields = new RequestFields([]);
    expect(fields.isHeadOf('GET', '/', 'host: a\r\n')).toBe(false);
    fields.keepHead('the head', 'GET', '/', 'host: a\r\n');
    expect(fields.isHeadOf('GET', '/', 'host: a\r\n')).toBe(true);
    expect(fields.isHeadOf('HEAD', '/', 'host: a\r\n')).toBe(false);
    expect(fields.isHeadOf('GET', '/b', 'host: a\r\n')).toBe(false);
    expect(fields.isHeadOf('GET', '/', 'host: b\r\n')).toBe(false);
  });
});

describe('[M18] [M19] a body in chunks', () => {
  test('tells the size of each', () => {
    expect(chunkStart(1) + chunkStart(255) + chunkStart(65_536)).toBe('1\r\nff\r\n10000\r\n');
    expect(chunkEnd).toBe('\r\n');
  });

  test('ends with its trailers', () => {
    expect(lastChunk([])).toBe('0\r\n\r\n');
    expect(lastChunk(['X-Sum', '1', 'x', ''])).toBe('0\r\nX-Sum: 1\r\nx: \r\n\r\n');
  });

  test.each([
    ['content-length', '5'],
    ['Transfer-Encoding', 'chunked'],
    ['host', 'a'],
    ['authorization', 'x'],
    ['trailer', 'x'],
    ['a b', 'c'],
    ['', 'c'],
    ['a', 'b\r\nc: d'],
    ['a', '\0'],
    ['a', '\u0100'],
  ])('has no trailer %j: %j', (name, value) => {
    expect(() => lastChunk(['x', 'y', name, value])).toThrow(InvalidRequestError);
  });
});
