/**
 * The Huffman code of HPACK (RFC 7541, 5.2 and appendix B). The code is
 * canonical: the lengths of its codes tell all of it.
 */

/** The lengths of the codes of 0 to 255 and of EOS (256), as digits to base 36. */
const codeLengths =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u';

const eos = 256;

/** Codes and their lengths in bits, by symbol. */
const codes = new Uint32Array(257);
const lengths = new Uint8Array(257);

/**
 * Decodes eight bits at a time: 256 entries a node, the root first. An entry is
 * `length << 9 | symbol`, where `length` counts the bits that the symbol takes
 * of these eight, or `~node` where the code is longer.
 */
let nodes = new Int32Array(256 * 64);
let nodeCount = 1;

/** What an entry is before it is set: each symbol takes a bit at least. */
const unset = 0;

buildCodes();
buildNodes();

function buildCodes(): void {
  const symbols = Array.from(codeLengths, (digit, symbol) => ({
    symbol,
    length: Number.parseInt(digit, 36),
  })).sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let last = 0;
  for (const { symbol, length } of symbols) {
    code *= 2 ** (length - last);
    last = length;
    codes[symbol] = code;
    lengths[symbol] = length;
    code += 1;
  }
}

function buildNodes(): void {
  for (let symbol = 0; symbol <= eos; symbol++) {
    const code = codes[symbol] as number;
    let rest = lengths[symbol] as number;
    let node = 0;
    while (rest > 8) {
      rest -= 8;
      const slot = node * 256 + ((code >>> rest) & 0xff);
      if (nodes[slot] === unset) nodes[slot] = ~nodeCount++;
      node = ~(nodes[slot] as number);
    }
    const spare = 8 - rest;
    const first = node * 256 + ((code << spare) & 0xff);
    nodes.fill((rest << 9) | symbol, first, first + 2 ** spare);
  }
  nodes = nodes.slice(0, nodeCount * 256);
}

/** What a text decodes into; grown as need be. */
let scratch = Buffer.allocUnsafeSlow(4096);

/** The bytes of a decoded text, until the next one is decoded. */
export function decodedBytes(): Buffer {
  return scratch;
}

/**
 * Decodes a Huffman-coded text into {@link decodedBytes}; returns its length, or
 * -1 if it is none: EOS within it, a padding longer than seven bits or of other
 * bits than ones.
 */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): number {
  // The shortest codes have five bits.
  const most = Math.ceil(((to - from) * 8) / 5);
  if (scratch.length < most) scratch = Buffer.allocUnsafeSlow(most * 2);
  const out = scratch;
  let at = 0;
  let bits = 0;
  let pending = 0;
  let node = 0;
  for (let index = from; index < to; index++) {
    bits = (bits << 8) | (bytes[index] as number);
    pending += 8;
    while (pending >= 8) {
      const entry = nodes[node + ((bits >>> (pending - 8)) & 0xff)] as number;
      if (entry < 0) {
        node = ~entry * 256;
        pending -= 8;
      } else {
        const symbol = entry & 0x1ff;
        if (symbol === eos) return -1;
        out[at++] = symbol;
        pending -= entry >> 9;
        node = 0;
      }
    }
  }
  while (pending > 0) {
    const entry = nodes[node + ((bits << (8 - pending)) & 0xff)] as number;
    const length = entry >> 9;
    if (entry < 0 || length > pending) break;
    const symbol = entry & 0x1ff;
    if (symbol === eos) return -1;
    out[at++] = symbol;
    pending -= length;
    node = 0;
  }
  const ones = (1 << pending) - 1;
  // Within a longer code there are eight more bits of it at least.
  return node === 0 && (bits & ones) === ones ? at : -1;
}

/** How many bytes a latin1 text takes when it is coded. */
export function huffmanSize(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index++) {
    bits += lengths[text.charCodeAt(index)] as number;
  }
  return (bits + 7) >>> 3;
}

/** Writes a latin1 text, coded; returns where it ends. */
export function writeHuffman(text: string, out: Uint8Array, start: number): number {
  let at = start;
  let bits = 0;
  let pending = 0;
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index);
    let length = lengths[symbol] as number;
    const code = codes[symbol] as number;
    // At most seven bits wait, so that up to 25 more have room in 32.
    if (length > 24) {
      length -= 8;
      bits = (bits << 8) | (code >>> length);
      out[at++] = (bits >>> pending) & 0xff;
    }
    bits = (bits << length) | (code & (2 ** length - 1));
    pending += length;
    while (pending >= 8) {
      pending -= 8;
      out[at++] = (bits >>> pending) & 0xff;
    }
  }
  if (pending > 0) {
    const spare = 8 - pending;
    out[at++] = ((bits << spare) | (2 ** spare - 1)) & 0xff;
  }
  return at;
}
