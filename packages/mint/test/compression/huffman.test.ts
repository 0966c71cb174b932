import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodedBytes,
  decodeHuffman,
  huffmanSize,
  writeHuffman,
} from '../../src/compression/huffman.ts';
import { hex } from '../support/collected.ts';

function encode(text: string): Buffer {
  const out = Buffer.alloc(huffmanSize(text) + 8);
  return out.subarray(0, writeHuffman(text, out, 0));
}

/** The text that the bytes stand for; undefined if they stand for none. */
function decode(bytes: Buffer): string | undefined {
  const length = decodeHuffman(bytes, 0, bytes.length);
  return length < 0 ? undefined : decodedBytes().toString('latin1', 0, length);
}

describe('the Huffman code', () => {
  test.each([
    ['www.example.com', 'f1e3 c2e5 f23a 6ba0 ab90 f4ff'],
    ['no-cache', 'a8eb 1064 9cbf'],
    ['custom-value', '25a8 49e9 5bb8 e8b4 bf'],
    ['', ''],
  ])('of %j is that of RFC 7541', (text, coded) => {
    expect(encode(text)).toEqual(hex(coded));
    expect(huffmanSize(text)).toBe(hex(coded).length);
    expect(decode(hex(coded))).toBe(text);
  });

  test('gives back each byte, alone and behind each other one', () => {
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const text = String.fromCharCode(first, second);
        expect(decode(encode(text))).toBe(text);
      }
    }
  });

  test('gives back any text of bytes', () => {
    const texts = fc.array(fc.nat(255)).map((codes) => Buffer.from(codes).toString('latin1'));
    fc.assert(fc.property(texts, (text) => decode(encode(text)) === text));
  });

  test('has one form for each text: what is decoded is encoded to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const text = decode(Buffer.from(bytes));
        return text === undefined || encode(text).equals(Buffer.from(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['padding of zeros', '18'],
    ['padding of eight bits', '1fff'],
    ['a byte of nothing but padding', 'ff'],
    ['a padding that is the beginning of a long code', 'fffe'],
    ['EOS', 'ffff ffff'],
    ['EOS in the midst of a text', '1fff ffff ff1f'],
    ['EOS that ends within the last byte', 'ffff fffc'],
    ['EOS in the last bits behind two symbols', '007f ffff ff'],
    ['EOS behind a symbol, as the whole of the last bits', '1fff ffff fe'],
  ])('refuses %s', (_what, bytes) => {
    expect(decode(hex(bytes))).toBeUndefined();
  });

  test('decodes texts that are longer than what was decoded before', () => {
    const text = 'a'.repeat(100_000);
    expect(decode(encode(text))).toBe(text);
  });
});
