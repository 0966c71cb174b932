import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { InvalidRequestError } from '../../src/index.ts';
import type { BodyChunk, BodyInput } from '../../src/index.ts';
import { buildRequest, isReplayable, openBody } from '../../src/request/index.ts';

function bodyOf(body: BodyInput) {
  return buildRequest('POST', 'http://a', null, body);
}

/** What a wire would send. */
async function bytesOf(body: BodyInput): Promise<string> {
  const open = openBody(bodyOf(body).body);
  if (open === null) return '';
  if (typeof open === 'string' || open instanceof Uint8Array) return Buffer.from(open).toString();
  const pieces: Buffer[] = [];
  for await (const piece of open) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString();
}

function* pieces(): Generator<BodyChunk> {
  yield 'ab';
  yield Buffer.from('c');
}

async function* laterPieces(): AsyncGenerator<BodyChunk> {
  await Promise.resolve();
  yield* pieces();
}

describe('a body', () => {
  const known: [string, () => BodyInput][] = [
    ['a string', () => 'abc'],
    ['a Uint8Array', () => new TextEncoder().encode('abc')],
    ['a Buffer', () => Buffer.from('abc')],
    ['an ArrayBuffer', () => new TextEncoder().encode('abc').buffer],
    ['a DataView', () => new DataView(new TextEncoder().encode('xabc').buffer, 1)],
    ['a Blob', () => new Blob(['abc'])],
    ['[F19] an array of pieces', () => ['a', Buffer.from('b'), '', 'c']],
  ];
  test.each(known)('of %s has a known length and can be sent again', async (_kind, make) => {
    const request = bodyOf(make());
    expect(request.contentLength).toBe(3);
    expect(isReplayable(request.body)).toBe(true);
    expect(await bytesOf(make())).toBe('abc');
  });

  const streamed: [string, () => BodyInput][] = [
    ['a generator', pieces],
    ['[F16] an async generator', laterPieces],
    ['a ReadableStream', () => new Blob(['abc']).stream() as ReadableStream<Uint8Array>],
    ['a Node stream', () => Readable.from(['ab', 'c'])],
    ['a Set', () => new Set(['ab', 'c'])],
  ];
  test.each(streamed)('of %s is sent once, its length unknown', async (_kind, make) => {
    const request = bodyOf(make());
    expect(request.contentLength).toBeUndefined();
    expect(isReplayable(request.body)).toBe(false);
    expect(await bytesOf(make())).toBe('abc');
  });

  test('of a function is made anew for each attempt', async () => {
    const { body } = bodyOf(pieces);
    expect(isReplayable(body)).toBe(true);
    expect(bodyOf(pieces).contentLength).toBeUndefined();
    for (let attempt = 0; attempt < 2; attempt++) {
      expect([...(openBody(body) as Iterable<BodyChunk>)].join('')).toBe('abc');
    }
    expect(await bytesOf(laterPieces)).toBe('abc');
  });

  test('of URLSearchParams is text that later changes do not reach', () => {
    const form = new URLSearchParams({ a: '1' });
    const request = bodyOf(form);
    form.append('b', '2');
    expect(request.body).toBe('a=1');
  });

  test('of null or undefined is none', () => {
    expect(bodyOf(null).body).toBeNull();
    expect(buildRequest('POST', 'http://a').body).toBeNull();
    expect(openBody(null)).toBeNull();
  });

  const bad: [string, () => unknown][] = [
    ['an object', () => ({ a: 1 })],
    ['a number', () => 5],
    ['a promise', () => Promise.resolve('x')],
    ['a Map', () => new Map()],
    ['an array of numbers', () => [1, 2]],
  ];
  test.each(bad)('is not %s', (_kind, make) => {
    expect(() => bodyOf(make() as BodyInput)).toThrow(InvalidRequestError);
    expect(() => bodyOf(make() as BodyInput)).toThrow(expect.objectContaining({ option: 'body' }));
  });

  test('of a function that returns something else is an error when it is opened', () => {
    for (const result of ['text', null, {}, 5, new Uint8Array(3), new Map()]) {
      const { body } = bodyOf((() => result) as unknown as () => BodyChunk[]);
      expect(() => openBody(body)).toThrow(InvalidRequestError);
    }
  });
});
