/** All examples of RFC 7541, appendix C. */
import { describe, expect, test } from 'vitest';
import { HpackDecoder } from '../../../src/index.ts';
import { writeInteger } from '../../../src/compression/integer.ts';
import { hex } from '../../support/collected.ts';
import { decode, decodeAlone } from './decode.ts';

describe('C.1: an integer', () => {
  test.each([
    ['C.1.1: 10 with a prefix of 5 bits', 10, 5, '0a'],
    ['C.1.2: 1337 with a prefix of 5 bits', 1337, 5, '1f9a0a'],
    ['C.1.3: 42 at the beginning of a byte', 42, 8, '2a'],
  ])('%s', (_title, value, prefix, expected) => {
    const out = Buffer.alloc(6);
    const end = writeInteger(out, 0, value, prefix, 0);
    expect(out.toString('hex', 0, end)).toBe(expected);
  });

  test('C.1.2: is read as it is written', () => {
    const name = 'n'.repeat(1337);
    const length = Buffer.alloc(6);
    const end = writeInteger(length, 0, name.length, 7, 0);
    const block = Buffer.concat([hex('00'), length.subarray(0, end), Buffer.from(name), hex('00')]);
    expect(decodeAlone(block)).toEqual([[name, '']]);
  });
});

describe('C.2: a field', () => {
  test.each([
    [
      'C.2.1: with indexing',
      '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
      'custom-key',
      'custom-header',
      55,
    ],
    ['C.2.2: without indexing', '040c 2f73 616d 706c 652f 7061 7468', ':path', '/sample/path', 0],
    ['C.2.3: never indexed', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password', 'secret', 0],
    ['C.2.4: indexed', '82', ':method', 'GET', 0],
  ])('%s', (_title, block, name, value, size) => {
    const decoder = new HpackDecoder();
    expect(decode(decoder, hex(block)).fields).toEqual([[name, value]]);
    expect(decoder.size).toBe(size);
  });
});

type Step = readonly [
  block: string,
  fields: readonly (readonly [string, string])[],
  table: readonly (readonly [string, string])[],
  size: number,
];

const request = (path: string, scheme = 'http'): readonly (readonly [string, string])[] => [
  [':method', 'GET'],
  [':scheme', scheme],
  [':path', path],
  [':authority', 'www.example.com'],
];

const requestSteps = (blocks: readonly [string, string, string]): readonly Step[] => [
  [blocks[0], request('/'), [[':authority', 'www.example.com']], 57],
  [
    blocks[1],
    [...request('/'), ['cache-control', 'no-cache']],
    [
      ['cache-control', 'no-cache'],
      [':authority', 'www.example.com'],
    ],
    110,
  ],
  [
    blocks[2],
    [...request('/index.html', 'https'), ['custom-key', 'custom-value']],
    [
      ['custom-key', 'custom-value'],
      ['cache-control', 'no-cache'],
      [':authority', 'www.example.com'],
    ],
    164,
  ],
];

const location = ['location', 'https://www.example.com'] as const;
const date = ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'] as const;
const laterDate = ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'] as const;
const privately = ['cache-control', 'private'] as const;
const gzip = ['content-encoding', 'gzip'] as const;
const cookie = ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'] as const;

const responseSteps = (blocks: readonly [string, string, string]): readonly Step[] => [
  [
    blocks[0],
    [[':status', '302'], privately, date, location],
    [location, date, privately, [':status', '302']],
    222,
  ],
  [
    blocks[1],
    [[':status', '307'], privately, date, location],
    [[':status', '307'], location, date, privately],
    222,
  ],
  [
    blocks[2],
    [[':status', '200'], privately, laterDate, location, gzip, cookie],
    [cookie, gzip, laterDate],
    215,
  ],
];

const sequences: Record<string, readonly [capacity: number, steps: readonly Step[]]> = {
  'C.3: requests without Huffman coding': [
    4096,
    requestSteps([
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ]),
  ],
  'C.4: requests with Huffman coding': [
    4096,
    requestSteps([
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ]),
  ],
  'C.5: responses without Huffman coding': [
    256,
    responseSteps([
      '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032' +
        '303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '4803 3330 37c1 c0bf',
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04' +
        '677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49' +
        '553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
    ]),
  ],
  'C.6: responses with Huffman coding': [
    256,
    responseSteps([
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e' +
        '919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      '4883 640e ffc1 c0bf',
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7' +
        '821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed' +
        '4ee5 b106 3d50 07',
    ]),
  ],
};

describe.each(Object.entries(sequences))('%s', (_title, [capacity, steps]) => {
  test('each block gives its fields, and leaves the table as it says', () => {
    const decoder = new HpackDecoder(capacity);
    for (const [block, fields, table, size] of steps) {
      expect(decode(decoder, hex(block)).fields).toEqual(fields);
      expect(decoder.size).toBe(size);
      const entries = table.map((_entry, index) => decode(decoder, Buffer.from([0xbe + index])));
      expect(entries.map((entry) => entry.fields[0])).toEqual(table);
      expect(() => decode(decoder, Buffer.from([0xbe + table.length]))).toThrow(
        'which no table has',
      );
    }
  });
});
