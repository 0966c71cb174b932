import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Fields } from '@linnet/mint';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidJsonError, OptionsError } from '../../src/index.ts';
import {
  InformationalResponse,
  Response,
  ResponseBody,
  ResponseHeaders,
} from '../../src/response/index.ts';

function response(pieces: readonly (string | Uint8Array)[], contentType?: string): Response {
  return new Response(
    200,
    Fields.of(contentType === undefined ? [] : ['Content-Type', contentType]),
    pieces.map((piece) => Buffer.from(piece)),
  );
}

/** Cuts bytes at some places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe('a response', () => {
  test('[F15] has status, headers, body, trailers', () => {
    const { status, headers, body, trailers, informational } = new Response(
      201,
      Fields.of(['Content-Type', 'application/json']),
      [Buffer.from('{"a":1}')],
      Fields.of(['X-Sum', '1']),
      [new InformationalResponse(103, Fields.of(['Link', '</a.css>']))],
    );
    expect(status).toBe(201);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body.json()).toEqual({ a: 1 });
    expect(trailers).toEqual(new ResponseHeaders(Fields.of(['x-sum', '1'])));
    expect(informational.map((interim) => interim.status)).toEqual([103]);
    expect(informational[0]?.headers.get('link')).toBe('</a.css>');
  });

  test('reads each part once', () => {
    const one = response(['ab', 'c']);
    expect(one.headers).toBe(one.headers);
    expect(one.trailers).toBe(one.trailers);
    expect(one.body).toBe(one.body);
    expect(one.bytes().buffer).toBe(one.body.buffer);
    const interim = new InformationalResponse(100, Fields.of([]));
    expect(interim.headers).toBe(interim.headers);
  });

  test('[F126] [D7] does not mix trailers with headers', () => {
    const one = new Response(
      200,
      Fields.of(['trailer', 'x-foo']),
      [],
      Fields.of(['X-Foo', 'foo', 'X-Bar', 'bar']),
    );
    expect([...one.headers]).toEqual([['trailer', 'x-foo']]);
    expect([...one.trailers]).toEqual([
      ['x-foo', 'foo'],
      ['x-bar', 'bar'],
    ]);
  });

  test('without body has an empty one', () => {
    const one = response([]);
    expect(one.body).toHaveLength(0);
    expect(one.text()).toBe('');
    expect(one.body.text()).toBe('');
    expect(one.bytes()).toEqual(new Uint8Array());
    expect(one.trailers).toHaveLength(0);
    expect(one.informational).toHaveLength(0);
  });

  test('does not copy a body that came in one piece', () => {
    const piece = Buffer.from('abc');
    const { body } = new Response(200, Fields.of([]), [piece]);
    expect(body.buffer).toBe(piece.buffer);
    expect(body.byteOffset).toBe(piece.byteOffset);
  });

  test('gives the same text and bytes however the body was cut and in whatever order it is read', () => {
    const places = fc.array(fc.nat({ max: 500 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), places, fc.boolean(), (text, at, bytesFirst) => {
        const bytes = new TextEncoder().encode(text);
        const one = new Response(200, Fields.of([]), cut(bytes, at));
        if (bytesFirst) one.bytes();
        const expected = text.startsWith('\ufeff') ? text.slice(1) : text;
        expect(one.text()).toBe(expected);
        expect(one.body.text()).toBe(expected);
        expect(Buffer.from(one.body)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('reads bodies of any size, one after the other', () => {
    for (const size of [10, 100_000, 70_000, 3_000_000, 5]) {
      const pieces = cut(Buffer.from('é'.repeat(size)), [size, size + 1]);
      expect(new Response(200, Fields.of([]), pieces).text() === 'é'.repeat(size)).toBe(true);
    }
  });

  test('keeps its text when another response is read', () => {
    const first = response(['a'.repeat(100), 'b']);
    const text = first.text();
    response(['x'.repeat(200), 'y']).text();
    expect(text).toBe(`${'a'.repeat(100)}b`);
    expect(first.text()).toBe(text);
  });
});

describe('text()', () => {
  test('is UTF-8 by default, without byte order mark, malformed bytes replaced', () => {
    expect(response(['\ufeffé']).text()).toBe('é');
    expect(response([new Uint8Array([0x61, 0xff])]).text()).toBe('a\ufffd');
  });

  test.each([
    ['text/plain; charset=iso-8859-1', [0xe9], 'é'],
    ['text/plain;charset="UTF-16LE"', [0xe9, 0x00], 'é'],
    ['text/plain; Charset=utf-8; a=b', [0xc3, 0xa9], 'é'],
    ['text/plain; charset=klingon', [0xc3, 0xa9], 'é'],
    ['text/plain', [0xc3, 0xa9], 'é'],
    ['text/plain; title="a; charset=utf-16le"; charset=iso-8859-1', [0xe9], 'é'],
  ])('follows the charset of %s', (contentType, bytes, expected) => {
    expect(response([new Uint8Array(bytes)], contentType).text()).toBe(expected);
    expect(response([new Uint8Array(bytes)], contentType).body.text()).toBe(expected);
    const pieces = bytes.map((byte) => new Uint8Array([byte]));
    expect(response(pieces, contentType).text()).toBe(expected);
  });

  test('follows the encoding that the caller names', () => {
    const one = response([new Uint8Array([0xe9])], 'text/plain; charset=utf-8');
    expect(one.text('latin1')).toBe('é');
    expect(one.body.text('latin1')).toBe('é');
    expect(() => one.text('klingon')).toThrow(OptionsError);
  });
});

describe('json()', () => {
  test('parses, typed as the caller says', () => {
    const { id } = response(['{"id', '":7}']).json<{ id: number }>();
    expect(id).toBe(7);
  });

  test('is UTF-8 whatever the content type says', () => {
    const one = response(['"é"'], 'application/json; charset=iso-8859-1');
    expect(one.json()).toBe('é');
    expect(response(['\ufeff{}']).json()).toEqual({});
  });

  test('says what came in place of JSON', () => {
    const page = `<html>${'x'.repeat(500)}</html>`;
    const one = new Response(502, Fields.of(['content-type', 'text/html']), [Buffer.from(page)]);
    for (const parse of [() => one.json(), () => one.body.json()]) {
      expect(parse).toThrow(InvalidJsonError);
      expect(parse).toThrow(
        expect.objectContaining({
          code: 'ERR_FINCH_INVALID_JSON',
          status: 502,
          contentType: 'text/html',
          length: page.length,
          snippet: `<html>${'x'.repeat(74)}…`,
          cause: expect.any(SyntaxError) as unknown,
        }),
      );
    }
  });

  test('says that a body is encoded, and what decodes it [N17]', () => {
    const fields = ['content-type', 'application/json', 'content-encoding', 'gzip'];
    const one = new Response(200, Fields.of(fields), [gzipSync('{}')]);
    for (const parse of [() => one.json(), () => one.body.json()]) {
      expect(parse).toThrow(expect.objectContaining({ contentEncoding: 'gzip' }));
      expect(parse).toThrow('content-encoding is gzip, and come as they were sent. Decode them');
      expect(parse).toThrow('node:zlib');
    }
    const plain = new Response(200, Fields.of(['content-encoding', 'identity']), [
      Buffer.from('x'),
    ]);
    expect(() => plain.json()).toThrow('Look at the status');
  });

  test('says that there is no body', () => {
    expect(() => response([]).json()).toThrow('is not JSON: it is empty');
  });
});

describe('the body', () => {
  test('is a Uint8Array whose parts are plain ones', () => {
    const { body } = response(['abc']);
    expect(body).toBeInstanceOf(Uint8Array);
    expect(body).toBeInstanceOf(ResponseBody);
    for (const part of [body.subarray(1), body.slice(1), body.map((byte) => byte)]) {
      expect(part).toBeInstanceOf(Uint8Array);
      expect(part).not.toBeInstanceOf(ResponseBody);
    }
    expect(Buffer.concat([body, body]).toString()).toBe('abcabc');
  });

  test('is its text where a string is wanted', () => {
    expect(String(response(['abc']).body)).toBe('abc');
  });
});

describe('console.log', () => {
  test('shows status, headers and the text of the body', () => {
    expect(inspect(response(['Hello'], 'text/plain'))).toBe(
      "Response {\n  status: 200,\n  headers: ResponseHeaders { 'content-type': 'text/plain' },\n" +
        '  body: ResponseBody(5) "Hello"\n}',
    );
  });

  test('shows trailers and interim responses when there are some', () => {
    const one = new Response(200, Fields.of([]), [], Fields.of(['a', 'b']), [
      new InformationalResponse(103, Fields.of([])),
    ]);
    expect(inspect(one, { depth: 5 })).toContain("trailers: ResponseHeaders { a: 'b' }");
    expect(inspect(one, { depth: 5 })).toContain('InformationalResponse { status: 103');
  });

  test('shows the beginning of a long body, and bytes of a binary one', () => {
    expect(inspect(response(['x'.repeat(1000)]).body)).toBe(
      `ResponseBody(1000) "${'x'.repeat(200)}"…`,
    );
    expect(inspect(response([new Uint8Array([0x89, 0x50, 0, 1])]).body)).toBe(
      'ResponseBody(4) <89 50 00 01>',
    );
    expect(inspect(response([]).body)).toBe('ResponseBody(0)');
  });
});
