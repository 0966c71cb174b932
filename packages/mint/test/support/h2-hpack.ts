/**
 * HPACK (RFC 7541): a decoder for the blocks of honest clients, and the parts of which a server
 * puts blocks together, wrong ones too. It has nothing of the package, whose HPACK is tested and
 * fuzzed with it.
 */

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** RFC 7541, appendix A. */
const staticTable: HeaderList = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  ...['200', '204', '206', '304', '400', '404', '500'].map((code) => [':status', code] as const),
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...(
    'accept-language accept-ranges accept access-control-allow-origin age allow authorization ' +
    'cache-control content-disposition content-encoding content-language content-length ' +
    'content-location content-range content-type cookie date etag expect expires from host ' +
    'if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link ' +
    'location max-forwards proxy-authenticate proxy-authorization range referer refresh ' +
    'retry-after server set-cookie strict-transport-security transfer-encoding user-agent vary ' +
    'via www-authenticate'
  )
    .split(' ')
    .map((name) => [name, ''] as const),
];

/** The lengths of the Huffman codes of 0 to 256, as digits to base 36 (RFC 7541, appendix B). */
const codeLengths =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u';

/** Symbols by length and code: the code is canonical, so that its lengths tell all of it. */
const huffman: ReadonlyMap<string, number> = (() => {
  const symbols = Array.from(codeLengths, (digit, symbol) => ({
    length: Number.parseInt(digit, 36),
    symbol,
  })).sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const table = new Map<string, number>();
  let code = 0;
  let last = 0;
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - last);
    last = length;
    table.set(code.toString(2).padStart(length, '0'), symbol);
    code += 1;
  }
  return table;
})();

/** @throws Error for a code that is none. */
export function decodeHuffman(bytes: Buffer): string {
  let text = '';
  let bits = '';
  for (const bit of Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')) {
    bits += bit;
    const symbol = huffman.get(bits);
    if (symbol === undefined) continue;
    if (symbol === 256) throw new Error('EOS within a Huffman code');
    text += String.fromCharCode(symbol);
    bits = '';
  }
  if (bits.length > 7 || bits.includes('0')) throw new Error(`bad Huffman padding: ${bits}`);
  return text;
}

/** Decodes the header blocks of one connection, in order. */
export class HpackDecoder {
  #dynamic: (readonly [string, string])[] = [];
  #capacity = 4096;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  decode(block: Buffer): HeaderList {
    this.#block = block;
    this.#at = 0;
    const list: (readonly [string, string])[] = [];
    while (this.#at < block.length) {
      const first = block[this.#at] ?? 0;
      if ((first & 0x80) !== 0) {
        list.push(this.#entry(this.#integer(7)));
      } else if ((first & 0x40) !== 0) {
        const field = this.#literal(6);
        list.push(field);
        this.#dynamic.unshift(field);
        this.#evict();
      } else if ((first & 0x20) !== 0) {
        this.#capacity = this.#integer(5);
        this.#evict();
      } else {
        list.push(this.#literal(4));
      }
    }
    return list;
  }

  #literal(prefix: number): readonly [string, string] {
    const index = this.#integer(prefix);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    return [name, this.#string()];
  }

  #entry(index: number): readonly [string, string] {
    const entry = staticTable[index - 1] ?? this.#dynamic[index - 1 - staticTable.length];
    if (entry === undefined) throw new Error(`no entry ${index} in the HPACK tables`);
    return entry;
  }

  #string(): string {
    const huffmanCoded = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const bytes = this.#block.subarray(this.#at, this.#at + length);
    this.#at += length;
    return huffmanCoded ? decodeHuffman(bytes) : bytes.toString('latin1');
  }

  #integer(prefix: number): number {
    const mask = 2 ** prefix - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  #byte(): number {
    const byte = this.#block[this.#at];
    if (byte === undefined) throw new Error('the header block ends too early');
    this.#at += 1;
    return byte;
  }

  #evict(): void {
    let size = 0;
    const kept = this.#dynamic.findIndex(([name, value]) => {
      size += name.length + value.length + 32;
      return size > this.#capacity;
    });
    if (kept !== -1) this.#dynamic.length = kept;
  }
}

/** An integer with a prefix of so many bits, below the bits of `pattern` (RFC 7541, 5.1). */
function hpackInteger(value: number, prefix: number, pattern = 0): Buffer {
  const mask = 2 ** prefix - 1;
  if (value < mask) return Buffer.from([pattern | value]);
  const bytes = [pattern | mask];
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

const text = (value: string): Buffer =>
  Buffer.concat([hpackInteger(value.length, 7), Buffer.from(value, 'latin1')]);

/** A reference to an entry of the tables. */
export const indexed = (index: number): Buffer => hpackInteger(index, 7, 0x80);

/** A field that goes into the dynamic table. */
export const indexing = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0x40]), text(name), text(value)]);

/** Says how large the dynamic table may be from here on. */
export const tableSize = (size: number): Buffer => hpackInteger(size, 5, 0x20);

/** A header block of literals that no table remembers. */
export const literals = (list: HeaderList): Buffer =>
  Buffer.concat(
    list.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])),
  );
