import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidRequestError } from '../../src/index.ts';
import type { HeadersInput, BodyInput } from '../../src/index.ts';
import { buildRequest, userAgent } from '../../src/request/index.ts';

/** The headers but for host and user-agent. */
function sent(headers: unknown, body?: BodyInput): string[] {
  const request = buildRequest('POST', 'http://a', headers as HeadersInput, body);
  const rest: string[] = [];
  for (let index = 0; index < request.headers.length; index += 2) {
    const [name = '', value = ''] = request.headers.slice(index, index + 2);
    if (name !== 'host' && name !== 'user-agent') rest.push(`${name}: ${value}`);
  }
  return rest;
}

function refused(headers: unknown, body?: BodyInput): InvalidRequestError {
  try {
    sent(headers, body);
  } catch (error) {
    if (error instanceof InvalidRequestError) return error;
    throw error;
  }
  throw new Error('the headers are valid');
}

test('blanks around a value are dropped in linear time', () => {
  const value = `x${' \t'.repeat(200_000)}x`;
  expect(sent({ a: ` ${value}\t` })).toEqual([`a: ${value}`]);
  expect(sent({ a: ' '.repeat(300_000) })).toEqual(['a: ']);
});

describe('headers', () => {
  test('come as an object, pairs, a Map, Headers or any iterable', () => {
    const pairs: [string, string][] = [
      ['Accept', 'a'],
      ['X-B', 'b'],
    ];
    function* generate() {
      yield* pairs;
    }
    const forms = [
      Object.fromEntries(pairs),
      pairs,
      new Map(pairs),
      new Headers(pairs),
      generate(),
    ];
    for (const form of forms) expect(sent(form)).toEqual(['accept: a', 'x-b: b']);
    expect(sent(null)).toEqual([]);
    expect(sent(undefined)).toEqual([]);
  });

  test('keep order and duplicates', () => {
    expect(
      sent([
        ['b', '1'],
        ['a', '2'],
        ['B', '3'],
      ]),
    ).toEqual(['b: 1', 'a: 2', 'b: 3']);
    expect(sent({ cookie: ['a=1', 'b=2'] })).toEqual(['cookie: a=1', 'cookie: b=2']);
    expect(sent({ cookie: [] })).toEqual([]);
  });

  test('take numbers, and trim blanks', () => {
    expect(sent({ 'x-a': 5, 'x-b': ' \tb \t', 'x-c': '', 'x-d': ' ' })).toEqual([
      'x-a: 5',
      'x-b: b',
      'x-c: ',
      'x-d: ',
    ]);
  });

  test('take bytes 0x80 to 0xFF as latin1', () => {
    expect(sent({ 'x-name': 'Zoë' })).toEqual(['x-name: Zoë']);
  });

  test.each(['a\r\nset-cookie: b', 'a\nb', 'a\rb', 'a\0b', 'a\x7fb', 'a\x1bb', '€', '日本'])(
    '[M20] [D10] do not accept the value %j',
    (value) => {
      const error = refused({ 'x-a': value });
      expect(error).toMatchObject({ option: 'headers', code: 'ERR_FINCH_INVALID_REQUEST' });
      expect(error.message).toMatch(/x-a has the character U\+[0-9A-F]{4} at index/);
    },
  );

  test.each(['', 'a b', 'a:', 'a\r\n', 'ä', 'a(b)', '"a"'])(
    '[M20] do not accept the name %j',
    (name) => {
      expect(refused([[name, 'x']]).message).toContain('Invalid header name');
    },
  );

  test.each([[undefined], [null], [true], [{}], [() => 'x'], [['a', null]], [[['a']]]])(
    '[D11] do not accept the value %j',
    (value) => {
      expect(refused({ 'x-a': value }).message).toContain('The value of the header x-a is');
    },
  );

  test.each([['a: b'], [5], [[['a']]], [['a', 'b']], [[['a', 'b', 'c']]], [new Set(['a'])]])(
    'do not accept %j',
    (headers) => {
      expect(refused(headers).message).toContain('Invalid headers');
    },
  );

  test('never show a value in an error', () => {
    const error = refused({ authorization: 'Bearer s3cret\n' });
    expect(JSON.stringify([error, error.message, error.value])).not.toContain('s3cret');
  });

  test('no text of a name or value adds a header', () => {
    // All that there are, as the unit "binary" has them, which lists them first: 1.5 s of the processor.
    const unit = fc.nat({ max: 0x10ffff }).map(
      (point) => String.fromCodePoint(point),
      (character) => String(character).codePointAt(0) ?? 0,
    );
    fc.assert(
      fc.property(fc.string({ unit }), fc.string({ unit }), (name, value) => {
        let lines: string[];
        try {
          lines = sent([[name, value]]);
        } catch (error) {
          return error instanceof InvalidRequestError;
        }
        return lines.every((line) => !/[\r\n\0]/.test(line)) && lines.length <= 1;
      }),
    );
  });
});

describe('[M17] default headers', () => {
  test('are host first and user-agent', () => {
    expect(buildRequest('GET', 'http://a:81').headers).toEqual([
      'host',
      'a:81',
      'user-agent',
      userAgent,
    ]);
  });

  test('give way to those of the caller', () => {
    const headers = { Host: 'b', 'User-Agent': 'me', 'content-length': '2' };
    expect(buildRequest('PUT', 'http://a', headers, 'xy').headers).toEqual([
      'host',
      'b',
      'user-agent',
      'me',
      'content-length',
      '2',
    ]);
  });

  test('have the length of a body that is known, 0 included, and none without body', () => {
    expect(sent(null, 'ä')).toEqual(['content-length: 2']);
    expect(sent(null, '')).toEqual(['content-length: 0']);
    expect(sent(null, new Uint8Array(3))).toEqual(['content-length: 3']);
    expect(sent(null, null)).toEqual([]);
    expect(sent(null, (async function* () {})())).toEqual([]);
  });

  test('have the content type of URLSearchParams and Blobs', () => {
    expect(sent(null, new URLSearchParams({ a: 'b c' }))).toEqual([
      'content-type: application/x-www-form-urlencoded;charset=UTF-8',
      'content-length: 5',
    ]);
    expect(sent(null, new Blob(['x'], { type: 'text/plain' }))[0]).toBe('content-type: text/plain');
    expect(sent({ 'content-type': 'a/b' }, new URLSearchParams('a=b'))).toEqual([
      'content-type: a/b',
      'content-length: 3',
    ]);
    expect(sent(null, new Blob(['x']))).toEqual(['content-length: 1']);
  });

  test("name the package's version", async () => {
    const url = new URL('../../package.json', import.meta.url);
    const { version } = JSON.parse(await readFile(url, 'utf8')) as { version: string };
    expect(userAgent).toBe(`linnet/${version}`);
  });
});

describe('framing', () => {
  const stream = () => (async function* () {})();

  test('[M18] a streamed body may declare its length, or chunked, which is sent anyway', () => {
    expect(sent({ 'content-length': 5 }, stream())).toEqual(['content-length: 5']);
    expect(sent({ 'transfer-encoding': 'Chunked' }, stream())).toEqual([]);
  });

  test.each<[Record<string, string | string[]>, BodyInput]>([
    [{ 'content-length': '3' }, 'xy'],
    [{ 'content-length': '3' }, null],
    [{ 'content-length': '+2' }, 'xy'],
    [{ 'content-length': '2, 2' }, 'xy'],
    [{ 'content-length': ['2', '2'] }, 'xy'],
    [{ 'content-length': '0x2' }, 'xy'],
    [{ 'content-length': '' }, 'xy'],
    [{ 'content-length': '99999999999999999999' }, 'xy'],
    [{ 'transfer-encoding': 'chunked' }, 'xy'],
    [{ 'transfer-encoding': 'chunked' }, null],
    [{ host: ['a', 'b'] }, null],
    [{ host: 'a/b' }, null],
    [{ host: 'me@a' }, null],
    [{ 'content-type': ['a/b', 'c/d'] }, null],
    [{ upgrade: 'websocket' }, null],
    [{ connection: 'upgrade' }, null],
    [{ connection: 'close, x-a' }, null],
    [{ 'keep-alive': 'timeout=5' }, null],
    [{ 'proxy-connection': 'keep-alive' }, null],
    [{ 'http2-settings': 'x' }, null],
    [{ te: 'gzip' }, null],
    [{ expect: 'more' }, 'xy'],
    [{ expect: '100-continue' }, null],
  ])('%j is refused', (headers, body) => {
    const error = refused(headers, body);
    expect(error.option).toBe('headers');
    expect(error.message).toContain(Object.keys(headers)[0]);
  });

  test('content-length and transfer-encoding together are refused, also streamed', () => {
    const headers = { 'content-length': '5', 'transfer-encoding': 'chunked' };
    expect(refused(headers, stream()).message).toContain('either it or content-length');
    expect(refused({ 'transfer-encoding': 'gzip' }, stream()).message).toContain('chunked');
  });

  test('connection may say close, or keep-alive, which is the default', () => {
    expect(sent({ connection: 'Close' })).toEqual(['connection: Close']);
    expect(sent({ connection: 'keep-alive' })).toEqual([]);
    expect(sent({ te: 'trailers' })).toEqual(['te: trailers']);
  });

  test('expect: 100-continue is left to the wire', () => {
    const request = buildRequest('POST', 'http://a', { Expect: '100-Continue' }, 'xy');
    expect(request.expectContinue).toBe(true);
    expect(request.headers).not.toContain('expect');
  });
});
