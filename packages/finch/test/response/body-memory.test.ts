import { Fields } from '@linnet/mint';
import { describe, expect, test } from 'vitest';
import { BodyMemory, bodyMemory } from '../../src/response/body-memory.ts';
import { Response } from '../../src/response/index.ts';

const length = 20_000;

/** A response whose body is in memory that may be used again. */
function responseOf(text: string, contentType?: string): Response {
  const bytes = Buffer.from(text);
  const memory = bodyMemory.take(bytes.length);
  bytes.copy(memory);
  const headers = contentType === undefined ? [] : ['content-type', contentType];
  return new Response(200, Fields.of(headers), [memory], undefined, undefined, memory);
}

/** Writes over all memory that was given back. */
function overwrite(): void {
  for (let i = 0; i < 4; i++) bodyMemory.take(length).fill('!');
}

describe('memory for bodies', () => {
  test('serves the next body of about the same length', () => {
    const memory = new BodyMemory();
    const first = memory.take(length);
    expect(first.length).toBe(length);
    memory.giveBack(first);
    const second = memory.take(length - 100);
    expect(second.length).toBe(length - 100);
    expect(second.buffer).toBe(first.buffer);
    expect(memory.take(length).buffer).not.toBe(first.buffer);
  });

  test.each([
    ['longer', length * 2],
    ['much shorter', length / 2],
  ])('that a %s body has no use for is dropped', (_what, other) => {
    const memory = new BodyMemory();
    const first = memory.take(length);
    memory.giveBack(first);
    expect(memory.take(other).buffer).not.toBe(first.buffer);
    expect(memory.take(length).buffer).not.toBe(first.buffer);
  });

  test('is kept up to 4 MB', () => {
    const memory = new BodyMemory();
    const taken = Array.from({ length: 6 }, () => memory.take(1024 * 1024));
    for (const one of taken) memory.giveBack(one);
    const again = Array.from({ length: 6 }, () => memory.take(1024 * 1024).buffer);
    const known = again.filter((buffer) => taken.some((one) => one.buffer === buffer));
    expect(known).toHaveLength(4);
  });

  test.each([
    [8191, false],
    [8192, true],
    [1024 * 1024, true],
    [1024 * 1024 + 1, false],
    [-1, false],
  ])('is for a body of %i bytes: %s', (size, isFor) => {
    expect(bodyMemory.isFor(size)).toBe(isFor);
  });
});

describe('a response in memory that is used again', () => {
  const ascii = 'a'.repeat(length);

  test.each([
    ['ASCII', ascii, undefined],
    ['ASCII whose charset is said', ascii, 'text/plain; charset=utf-8'],
    ['ASCII in another charset', ascii, 'text/plain; charset=windows-1252'],
    ['text with other characters', `é${ascii}`, undefined],
    ['a byte order mark', `\ufeff${ascii}`, undefined],
  ])('is the same however often it is read: %s', (_what, text, contentType) => {
    const one = responseOf(text, contentType);
    const other = responseOf(text, contentType);
    const first = one.text();
    overwrite();
    expect(one.text() === first).toBe(true);
    expect(Buffer.from(text).equals(one.body)).toBe(true);
    expect(Buffer.from(text).equals(one.bytes())).toBe(true);
    overwrite();
    expect(one.text() === first).toBe(true);
    expect(one.text('latin1') === Buffer.from(text).toString('latin1')).toBe(true);
    expect(other.text() === first).toBe(true);
  });

  test('is not given back with malformed bytes, though its text is as long', () => {
    const bytes = Buffer.from(ascii);
    bytes[7] = 0xff;
    const memory = bodyMemory.take(length);
    bytes.copy(memory);
    const one = new Response(200, Fields.of([]), [memory], undefined, undefined, memory);
    expect(one.text()[7]).toBe('\ufffd');
    overwrite();
    expect(bytes.equals(one.body)).toBe(true);
  });

  test('is not given back once its bytes are in the hands of others', () => {
    const one = responseOf(ascii);
    const { body } = one;
    expect(one.text() === ascii).toBe(true);
    overwrite();
    expect(Buffer.from(ascii).equals(body)).toBe(true);
    expect(one.body).toBe(body);
  });

  test('gives it back as JSON, too, and can be read again', () => {
    const value = { items: 'b'.repeat(length) };
    const one = responseOf(JSON.stringify(value), 'application/json; charset=utf-8');
    expect(one.json()).toEqual(value);
    overwrite();
    expect(one.json()).toEqual(value);
    expect(one.text() === JSON.stringify(value)).toBe(true);
    expect(one.body.json()).toEqual(value);
  });

  test('tells how a body begins that is no JSON, and how long it is', () => {
    const one = responseOf(ascii);
    expect(() => one.json()).toThrow(
      expect.objectContaining({ snippet: `${'a'.repeat(80)}…`, length }) as Error,
    );
  });

  test('gives it to the next one', () => {
    const memory = bodyMemory.take(length).fill('a');
    const one = new Response(200, Fields.of([]), [memory], undefined, undefined, memory);
    expect(one.text() === ascii).toBe(true);
    const next = bodyMemory.take(length);
    expect(next.buffer).toBe(memory.buffer);
    one.text();
    expect(bodyMemory.take(length).buffer).not.toBe(memory.buffer);
  });
});
