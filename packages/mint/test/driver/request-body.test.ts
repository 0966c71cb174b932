import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { WireBody, WireBodySource } from '../../src/index.ts';
import { isStreamed, RequestBody } from '../../src/driver/request-body.ts';
import { turn } from '../support/eventually.ts';

/** The pieces of a body, as text. */
async function piecesOf(body: RequestBody): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of body) pieces.push(Buffer.from(piece).toString());
  return pieces;
}

/** The same pieces as every kind of source. */
const kinds: Record<string, (pieces: readonly (string | Uint8Array)[]) => WireBodySource> = {
  'a list': (pieces) => pieces,
  'a generator': function* generator(pieces) {
    yield* pieces;
  },
  'an async generator': async function* generator(pieces) {
    yield* pieces;
  },
  'a Node stream': (pieces) => Readable.from(pieces),
  'a web stream': (pieces) => ReadableStream.from(pieces),
};

test.each<[what: string, streamed: boolean, body: WireBody | undefined]>([
  ['nothing', false, undefined],
  ['null', false, null],
  ['text', false, 'a'],
  ['bytes', false, Buffer.from('a')],
  ['a list', true, ['a']],
  ['a Node stream', true, Readable.from(['a'])],
  ['a web stream', true, new ReadableStream<string>()],
])('%s is sent piece by piece: %s', (_what, streamed, body) => {
  expect(isStreamed(body)).toBe(streamed);
});

describe.each(Object.keys(kinds))('%s', (kind) => {
  const make = kinds[kind] as (typeof kinds)[string];

  test('gives its pieces as bytes, the large ones in slices', async () => {
    const body = new RequestBody(make(['hé', Buffer.from('abcdefgh'), '123']), 3);
    expect(body.begun).toBe(false);
    expect(await piecesOf(body)).toEqual(['hé', 'abc', 'def', 'gh', '123']);
    expect(body.begun).toBe(true);
    expect(await body.next()).toEqual({ done: true, value: undefined });
  });

  test('gives nothing once it was let go of, whether it was begun or not', async () => {
    const untouched = new RequestBody(make(['a', 'b']), 10);
    untouched.cancel();
    expect(await piecesOf(untouched)).toEqual([]);
    expect(untouched.begun).toBe(false);
    const begun = new RequestBody(make(['abc', 'd']), 1);
    expect(await begun.next()).toMatchObject({ done: false });
    await begun.return();
    begun.cancel();
    expect(await piecesOf(begun)).toEqual([]);
  });
});

test('what is no text and no byte array is sent as the bytes that it has, or fails', async () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5);
  const pieces = [bytes.buffer, new DataView(bytes.buffer, 1, 3)] as unknown as WireBodySource;
  const body = new RequestBody(pieces, 100);
  expect(await piecesOf(body)).toEqual(['\x01\x02\x03\x04\x05', '\x02\x03\x04']);
  for (const [piece, name] of [
    [1, 'number'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{}, 'object'],
  ] as const) {
    const bad = new RequestBody([piece] as unknown as WireBodySource, 100);
    await expect(bad.next()).rejects.toThrow(
      `A request body must yield strings or bytes, not ${name}`,
    );
  }
});

test('whoever waits is told when the source is waited for, and not while slices are left', async () => {
  const log: boolean[] = [];
  const body = new RequestBody(['abcd', 'e'], 2, { onBodyWait: (waits) => log.push(waits) });
  await body.next();
  expect(log).toEqual([true, false]);
  await body.next();
  expect(log).toEqual([true, false]);
  await piecesOf(body);
  expect(log).toEqual([true, false, true, false, true, false]);
});

describe('a source that fails', () => {
  const facts = { requestSent: true, bytesReceived: 0 } as const;

  test.each([
    ['an error', new Error('the disk is gone')],
    ['no error', 'the disk is gone'],
  ])('fails the request with what it threw as the cause: %s', async (_what, cause) => {
    const body = new RequestBody(
      (function* generator(): Generator<string> {
        yield 'a';
        throw cause;
      })(),
      10,
    );
    await body.next();
    const error = await body.next().then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toMatchObject({ message: 'the disk is gone' });
    expect(body.failed(error as Error, facts)).toMatchObject({
      code: 'ERR_MINT_REQUEST_BODY',
      cause,
      part: 'body',
      requestSent: true,
    });
    expect(body.failed(new Error('another'), facts)).toBeUndefined();
    expect(await body.next()).toEqual({ done: true, value: undefined });
  });

  test('that is a Node stream fails alike, and is destroyed', async () => {
    const stream = new Readable({ read: () => stream.destroy(new Error('no such file')) });
    const body = new RequestBody(stream, 10);
    await expect(body.next()).rejects.toThrow('no such file');
    expect(stream.destroyed).toBe(true);
  });
});

describe('letting go', () => {
  test('destroys a Node stream that was not begun, whose later errors interest nobody', async () => {
    const stream = new Readable({
      read() {},
      destroy: (_error, done) => done(new Error('failed while it was closed')),
    });
    new RequestBody(stream, 10).cancel();
    expect(stream.destroyed).toBe(true);
    await turn(2);
  });

  test('cancels a web stream while a piece of it is awaited, or before', async () => {
    const cancelled: string[] = [];
    const make = (name: string): ReadableStream<string> =>
      new ReadableStream<string>({
        cancel: () => {
          cancelled.push(name);
          throw new Error('failed while it was cancelled');
        },
      });
    new RequestBody(make('untouched'), 10).cancel();
    const waiting = new RequestBody(make('awaited'), 10);
    const next = waiting.next();
    waiting.cancel();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(cancelled).toEqual(['untouched', 'awaited']);
    await turn(2);
  });

  test('returns an iterator, once, whatever that throws', async () => {
    let returned = 0;
    const source: WireBodySource = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false as const, value: 'a' }),
        return: () => {
          returned++;
          return Promise.reject(new Error('failed while it was returned'));
        },
      }),
    };
    const body = new RequestBody(source, 10);
    await body.next();
    await body.return();
    body.cancel();
    expect(returned).toBe(1);
    new RequestBody(source, 10).cancel();
    expect(returned).toBe(1);
    await turn(2);
  });

  test('leaves an iterator alone that came to its end, and one that cannot be returned', async () => {
    let asked = 0;
    const source: WireBodySource = {
      [Symbol.iterator]: () => ({
        next: () =>
          asked++ === 0 ? { done: false, value: 'a' } : { done: true, value: undefined },
      }),
    };
    const whole = new RequestBody(source, 10);
    expect(await piecesOf(whole)).toEqual(['a']);
    whole.cancel();
    asked = 0;
    const part = new RequestBody(source, 10);
    await part.next();
    part.cancel();
    expect(await part.next()).toEqual({ done: true, value: undefined });
    expect(asked).toBe(1);
  });
});
