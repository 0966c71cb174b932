/** Every bound, at exactly the bound: what fits is taken, one more is refused, whole and byte by byte. */
import { describe, expect, test } from 'vitest';
import { ResponseParser, Fault } from '../../src/index.ts';
import { plain } from '../../src/http1/parser.ts';
import { byByte, readResponse } from './read-response.ts';
import type { ReadSettings } from './read-response.ts';

const ok = 'HTTP/1.1 200 OK\r\n';

function expectBound(fits: string, tooMuch: string, settings: ReadSettings = {}): void {
  for (const split of [(bytes: string) => [bytes], byByte]) {
    expect(readResponse(split(fits), settings)).toMatchObject({ status: 200, outcome: 'complete' });
    expect(readResponse(split(tooMuch), settings).outcome).toBe('header_too_large');
  }
}

describe('[M6] maxHeaderSize', () => {
  const settings = { maxHeaderSize: 2000 };

  test('counts names and values, and nothing else', () => {
    const fields = (size: number): string =>
      `${ok}a:  ${'x'.repeat(size - 16)} \r\ncontent-length:0\r\n\r\n`;
    expectBound(fields(2000), fields(2001), settings);
  });

  test('counts what a value goes on with, and the space before it', () => {
    const fields = (size: number): string =>
      `${ok}content-length:0\r\na:b\r\n ${'x'.repeat(size - 18)}\r\n\r\n`;
    expectBound(fields(2000), fields(2001), settings);
  });

  test('counts for the trailers anew', () => {
    const bytes = (size: number): string =>
      `${ok}transfer-encoding:chunked\r\nb:${'x'.repeat(1975)}\r\n\r\n0\r\na:${'x'.repeat(size - 1)}\r\n\r\n`;
    for (const split of [(text: string) => [text], byByte]) {
      expect(readResponse(split(bytes(2000)), settings).outcome).toBe('complete');
      expect(readResponse(split(bytes(2001)), settings).outcome).toBe('header_too_large');
    }
  });

  test('of 256 KiB is the default', () => {
    const fields = (size: number): string =>
      `${ok}a:${'x'.repeat(size - 16)}\r\ncontent-length:0\r\n\r\n`;
    expectBound(fields(262_144), fields(262_145));
  });

  test('is told with what came', () => {
    const parser = new ResponseParser(settings);
    parser.begin(plain);
    const bytes = Buffer.from(`${ok}a:${'x'.repeat(3000)}\r\n\r\n`);
    let fault: unknown;
    try {
      parser.next(bytes, 0, bytes.length);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ tooLarge: { limit: 2000, received: 3001 } });
  });
});

describe('[W1] the number of fields', () => {
  // Each field counts 32 bytes, of which 1000 times 32 are free beside maxHeaderSize.
  const settings = { maxHeaderSize: 2000 };

  test('is bounded for headers', () => {
    const fields = (count: number): string =>
      `${ok}content-length:0\r\n${'a:\r\n'.repeat(count - 1)}\r\n`;
    // 34,000 bytes: 33 for each, and 15 more for the first.
    expectBound(fields(1029), fields(1030), settings);
  });

  test('is bounded for trailers', () => {
    const bytes = (count: number): string =>
      `${ok}transfer-encoding:chunked\r\n\r\n0\r\n${'a:\r\n'.repeat(count)}\r\n`;
    expectBound(bytes(1030), bytes(1031), settings);
  });
});

describe('[W1] all of a section', () => {
  // maxHeaderSize and 32,000 bytes, with white space, line ends and the reason phrase.
  const settings = { maxHeaderSize: 2000 };
  const length = 'content-length:0\r\n';
  const frame = `${ok}${length}\r\n`.length;

  test.each([
    ['the reason phrase', (size: number) => `HTTP/1.1 200 OK${'x'.repeat(size)}\r\n${length}\r\n`],
    [
      'white space before a value',
      (size: number) => `${ok}${length}a:${' '.repeat(size - 4)}\r\n\r\n`,
    ],
    [
      'white space in many lines',
      (size: number) =>
        `${ok}${length}${`a:${' '.repeat(996)}\r\n`.repeat(33)}a:${' '.repeat(size - 33_004)}\r\n\r\n`,
    ],
    [
      'white space in lines that go on',
      (size: number) =>
        `${ok}a:\r\n${`${' '.repeat(998)}\r\n`.repeat(33)}${' '.repeat(size - 33_006)}\r\n${length}\r\n`,
    ],
  ])('is bounded, though it is %s', (_what, bytes) => {
    expect(bytes(33_900)).toHaveLength(frame + 33_900);
    expectBound(bytes(34_000 - frame), bytes(34_001 - frame), settings);
  });

  test('is bounded before it is complete', () => {
    for (const endless of [
      `${ok}a: `,
      `${ok}a:\r\n `,
      'HTTP/1.1 200 ',
      `${ok}transfer-encoding:chunked\r\n\r\n0\r\na:`,
    ]) {
      const parser = new ResponseParser(settings);
      parser.begin(plain);
      const bytes = Buffer.from(endless);
      for (let at = 0; at < bytes.length;) {
        parser.next(bytes, at, bytes.length);
        ({ at } = parser);
      }
      const blank = Buffer.from(' ');
      let taken = 0;
      expect(() => {
        for (; taken < 100_000; taken++) parser.next(blank, 0, 1);
      }).toThrow('more than 2000 bytes of header or trailer fields');
      expect(taken).toBeLessThan(34_001);
    }
  });
});
