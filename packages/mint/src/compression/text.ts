/**
 * How HPACK and QPACK write texts (RFC 7541, 5.2; RFC 9204, 4.1.2), and which
 * fields they keep out of every table.
 */
import { huffmanSize, writeHuffman } from './huffman.ts';
import { writeInteger } from './integer.ts';

/**
 * Writes a text, Huffman-coded where that is shorter; its characters are bytes. The length has a
 * prefix of so many bits, below those of `pattern`, and the bit that says "coded" stands above it.
 */
export function writeText(out: Buffer, at: number, text: string, prefix = 7, pattern = 0): number {
  const size = huffmanSize(text);
  if (size >= text.length) return writePlain(out, at, text, prefix, pattern);
  return writeHuffman(text, out, writeInteger(out, at, size, prefix, pattern | (1 << prefix)));
}

/** Writes a text as it is; its characters are bytes. */
export function writePlain(
  out: Buffer,
  start: number,
  text: string,
  prefix = 7,
  pattern = 0,
): number {
  const at = writeInteger(out, start, text.length, prefix, pattern);
  for (let index = 0; index < text.length; index++) out[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** Whether no intermediary may keep a field in its tables, nor guess it from their sizes (RFC 7541, 7.1.3). */
export function isSensitive(name: string, value: string): boolean {
  switch (name) {
    case 'authorization':
    case 'proxy-authorization':
      return true;
    case 'cookie':
      // Long ones cannot be guessed, and come again.
      return value.length < 20;
    default:
      return false;
  }
}
