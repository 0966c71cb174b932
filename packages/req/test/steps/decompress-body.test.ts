import { createHash, randomBytes } from 'node:crypto';
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { expect, test } from 'vitest';
import { DecompressError, type ReqOptions } from '../../src/index.ts';
import { startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { startServer } from '../support/server.ts';

const text = 'hello, hello, hello, wörld '.repeat(20);
const plain = Buffer.from(text);

const startEncoded = (body: Buffer, encoding: string, status = 200) =>
  startServer((_, response) => {
    response.writeHead(status, { 'content-type': 'text/plain', 'content-encoding': encoding });
    response.end(body);
  });

const encodings: [string, Buffer][] = [
  ['gzip', gzipSync(plain)],
  ['x-gzip', gzipSync(plain)],
  ['GZIP', gzipSync(plain)],
  ['deflate', deflateSync(plain)],
  ['deflate', deflateRawSync(plain)],
  ['br', brotliCompressSync(plain)],
  ['gzip, br', brotliCompressSync(gzipSync(plain))],
  ['deflate,identity, gzip', gzipSync(deflateRawSync(plain))],
  ['identity', plain],
  ['gzip', Buffer.concat([gzipSync(plain.subarray(0, 100)), gzipSync(plain.subarray(100))])],
];
if (typeof zstdCompressSync === 'function') {
  const withChecksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
  // A frame that is passed over (RFC 8878, 3.1.2), one with a checksum, and one of nothing.
  const skippable = Buffer.concat([
    Buffer.from([0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]),
    Buffer.from('abc'),
  ]);
  encodings.push(
    ['zstd', zstdCompressSync(plain)],
    ['zstd', zstdCompressSync(plain, withChecksum)],
    [
      'zstd',
      Buffer.concat([
        zstdCompressSync(plain.subarray(0, 100), withChecksum),
        skippable,
        zstdCompressSync(plain.subarray(100)),
        zstdCompressSync(''),
      ]),
    ],
    ['gzip, zstd', zstdCompressSync(gzipSync(plain))],
  );
}

test.each(encodings)('%s is taken off, collected and as it comes', async (encoding, body) => {
  const req = await startReq();
  const server = await startEncoded(body, encoding);
  const { headers, body: collected } = await req.get(server.url);
  expect(collected).toBe(text);
  expect(headers.has('content-encoding')).toBe(false);
  expect(headers.has('content-length')).toBe(false);
  const chunks: Uint8Array[] = [];
  await req.get(server.url, { into: (chunk) => void chunks.push(chunk) });
  expect(Buffer.concat(chunks).toString()).toBe(text);
});

test('an empty body has no layer, and one of a HEAD is not there', async () => {
  const req = await startReq();
  const server = await startEncoded(Buffer.alloc(0), 'gzip');
  expect((await req.get(server.url)).body).toBe('');
  expect((await req.head(server.url)).headers.get('content-encoding')).toBe('gzip');
  expect(await req.get(server.url, { into: () => {} })).toMatchObject({ status: 200 });
});

test('a coding that is not known, and raw, leave the body as it is', async () => {
  const req = await startReq();
  const odd = await startEncoded(Buffer.from([1, 2, 3]), 'compress');
  const { body, headers } = await req.get(odd.url, { decode: 'bytes' });
  expect(Buffer.from(body)).toEqual(Buffer.from([1, 2, 3]));
  expect(headers.get('content-encoding')).toBe('compress');
  const server = await startEncoded(gzipSync(plain), 'gzip');
  const raw = await req.get(server.url, { raw: true });
  expect(Buffer.from(raw.body as Uint8Array)).toEqual(gzipSync(plain));
  expect(server.seen[0]?.headers['accept-encoding']).toBeUndefined();
});

test.each<[string, ReqOptions]>([
  ['collected', {}],
  ['as it comes', { into: () => {} }],
])('a damaged or truncated body is a DecompressError, %s', async (_, options) => {
  const req = await startReq();
  const codings: [string, Buffer][] = [
    ['gzip', gzipSync(plain).subarray(0, -12)],
    ['gzip', Buffer.from('no gzip at all')],
    ['deflate', deflateSync(plain).subarray(0, -6)],
    ['br', brotliCompressSync(plain).subarray(0, -4)],
    ['br', Buffer.from('no brotli at all')],
  ];
  for (const surplus of [Buffer.from('x'), Buffer.alloc(200_000, 'x')]) {
    codings.push(['gzip', Buffer.concat([gzipSync(plain), surplus])]);
    codings.push(['deflate', Buffer.concat([deflateSync(plain), surplus])]);
    codings.push(['deflate', Buffer.concat([deflateRawSync(plain), surplus])]);
    codings.push(['br', Buffer.concat([brotliCompressSync(plain), surplus])]);
    codings.push(['br, gzip', gzipSync(Buffer.concat([brotliCompressSync(plain), surplus]))]);
  }
  if (typeof zstdCompressSync === 'function') {
    const whole = zstdCompressSync(plain);
    for (const cut of [1, 4, 10]) codings.push(['zstd', whole.subarray(0, -cut)]);
    codings.push(['zstd', whole.subarray(0, 3)], ['zstd', Buffer.from('no zstd at all')]);
    codings.push(['zstd', Buffer.concat([whole, whole.subarray(0, -4)])]);
    codings.push(['zstd', Buffer.concat([whole, Buffer.from('surplus')])]);
  }
  for (const [encoding, body] of codings) {
    const server = await startEncoded(body, encoding);
    const error = await rejection(req.get(server.url, options));
    expect(error, `${encoding} ${body.length}`).toBeInstanceOf(DecompressError);
    expect(error).toMatchObject({ code: 'ERR_REQ_DECOMPRESS', reason: 'invalid', encoding });
  }
});

test.each([
  ['gzip', gzipSync(plain)],
  ['deflate', deflateSync(plain)],
  ['br', brotliCompressSync(plain)],
])(
  'bytes after the end of %s, in a piece of their own, damage the body as well',
  async (encoding, head) => {
    const req = await startReq();
    const server = await startServer(async (_, response) => {
      response.writeHead(200, { 'content-encoding': encoding, 'content-type': 'text/plain' });
      await new Promise<void>((resolve) => response.write(head, () => resolve()));
      await reader;
      response.end('surplus');
    });
    let isRead = (): void => {};
    const reader = new Promise<void>((resolve) => (isRead = resolve));
    let received = 0;
    const read = req.get(server.url, {
      into: (piece) => {
        received += piece.length;
        if (received === plain.length) isRead();
      },
    });
    expect(await rejection(read)).toMatchObject({ code: 'ERR_REQ_DECOMPRESS', reason: 'invalid' });
  },
);

test('a bomb ends at maxDecodedSize, in each layer', async () => {
  const req = await startReq({ maxDecodedSize: 100_000 });
  const zeros = gzipSync(Buffer.alloc(20_000_000));
  const single = await startEncoded(zeros, 'gzip');
  const double = await startEncoded(gzipSync(zeros), 'gzip, gzip');
  for (const { url } of [single, double]) {
    const error = await rejection(req.get(url));
    expect(error).toMatchObject({ reason: 'too_large', limit: 100_000 });
    let received = 0;
    const streamed = req.get(url, { into: (chunk) => void (received += chunk.length) });
    expect(await rejection(streamed)).toMatchObject({ reason: 'too_large' });
    expect(received).toBeLessThanOrEqual(100_000);
  }
});

test('more than five layers are refused', async () => {
  const req = await startReq();
  const server = await startEncoded(plain, 'gzip, gzip, gzip, gzip, gzip, gzip');
  expect(await rejection(req.get(server.url))).toMatchObject({ reason: 'too_many_encodings' });
});

test('the connection of a response that is cut off fails with the error of Finch', async () => {
  const req = await startReq({ retry: false });
  const server = await startServer((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': '1000' });
    response.write(gzipSync(plain).subarray(0, 20), () => response.destroy());
  });
  expect(await rejection(req.get(server.url, { into: () => {} }))).toMatchObject({
    code: 'ERR_FINCH_CONNECTION_CLOSED',
  });
});

test.runIf(typeof zstdCompressSync === 'function')(
  'frames of Zstandard are found however large they are, and however they come',
  async () => {
    const req = await startReq();
    const random = randomBytes(700_000);
    const parts = [random, Buffer.alloc(500_000), Buffer.from('x'), random.subarray(0, 300_000)];
    const body = Buffer.concat(
      parts.map((part, n) =>
        zstdCompressSync(part, { params: { [constants.ZSTD_c_checksumFlag]: n % 2 } }),
      ),
    );
    const server = await startServer(async (_, response) => {
      response.writeHead(200, { 'content-encoding': 'zstd' });
      for (let at = 0; at < body.length; at += 9973) {
        await new Promise<unknown>((resolve) =>
          response.write(body.subarray(at, at + 9973), resolve),
        );
      }
      response.end();
    });
    const plainHash = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
    const checksum = `sha256:${plainHash}`;
    expect((await req.get(server.url, { checksum })).status).toBe(200);
    expect((await req.get(server.url, { checksum, into: () => {} })).status).toBe(200);
    // A reader that leaves in the midst of a frame leaves nothing behind.
    const { body: stream } = await req.get(server.url, { into: 'stream' });
    for await (const _piece of stream) break;
  },
);
