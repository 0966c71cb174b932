import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import type { ReqOptions } from '../../src/index.ts';
import { startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { json, startServer, type Seen } from '../support/server.ts';

async function setUp() {
  const server = await startServer((_, response) => json(response, null));
  const req = await startReq({ baseUrl: server.url });
  const last = (): Seen => server.seen.at(-1) as Seen;
  return { req, last };
}

/** The form as the platform reads it. */
const formOf = ({ headers, body }: Seen): Promise<FormData> =>
  new Response(new Uint8Array(body), {
    headers: { 'content-type': headers['content-type'] ?? '' },
  }).formData();

test('json is a body of JSON, with content-type and accept', async () => {
  const { req, last } = await setUp();
  await req.post('/', { json: { a: [1, 'é'] } });
  expect(last().body.toString()).toBe('{"a":[1,"é"]}');
  expect(last().headers).toMatchObject({
    'content-type': 'application/json',
    accept: 'application/json',
    'content-length': '14',
  });
  await req.post('/', { json: null, headers: { 'content-type': 'application/vnd.api+json' } });
  expect(last().body.toString()).toBe('null');
  expect(last().headers['content-type']).toBe('application/vnd.api+json');
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  expect(await rejection(req.post('/', { json: circle }))).toMatchObject({ option: 'json' });
});

test('form is a body of a form', async () => {
  const { req, last } = await setUp();
  await req.post('/', { form: { a: 'x y', b: [1, 2], c: null } });
  expect(last().body.toString()).toBe('a=x+y&b=1&b=2');
  expect(last().headers['content-type']).toBe('application/x-www-form-urlencoded');
});

test('a multipart form has texts, bytes, Blobs and files, and a length', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-req-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'report "1".txt');
  writeFileSync(path, 'the report');
  const { req, last } = await setUp();
  await req.post('/', {
    formMultipart: {
      text: 'ü',
      number: 7,
      list: ['a', 'b'],
      bytes: { value: new Uint8Array([1, 2]), filename: 'x.bin', contentType: 'image/png' },
      blob: new File(['blob'], 'b.txt', { type: 'text/plain' }),
      file: { file: path },
    },
  });
  expect(last().headers['content-length']).toBe(String(last().body.length));
  expect(last().headers['transfer-encoding']).toBeUndefined();
  const form = await formOf(last());
  expect(form.get('text')).toBe('ü');
  expect(form.get('number')).toBe('7');
  expect(form.getAll('list')).toEqual(['a', 'b']);
  const files = ['bytes', 'blob', 'file'].map((name) => form.get(name) as File);
  expect(files.map(({ name, type, size }) => [name, type, size])).toEqual([
    ['x.bin', 'image/png', 2],
    ['b.txt', 'text/plain', 4],
    ['report "1".txt', 'application/octet-stream', 10],
  ]);
});

test('a part that is a stream has its length, or the body is sent in chunks', async () => {
  const { req, last } = await setUp();
  const stream = () => Readable.from([Buffer.from('abc')]);
  await req.post('/', {
    formMultipart: { f: { value: { stream: stream(), length: 3 }, filename: 'f' } },
  });
  expect(last().headers['content-length']).toBe(String(last().body.length));
  expect(await ((await formOf(last())).get('f') as File).text()).toBe('abc');
  await req.post('/', { formMultipart: { f: { value: { stream: stream() }, filename: 'f' } } });
  expect(last().headers['transfer-encoding']).toBe('chunked');
  expect(await ((await formOf(last())).get('f') as File).text()).toBe('abc');
});

test('a name of a part cannot add a header; line ends of a field are CRLF, of a file as they are', async () => {
  const { req, last } = await setUp();
  const part = { value: 'v', filename: 'ü"\n\r.txt', contentType: 'text/plain\r\nx: y' };
  await req.post('/', { formMultipart: { 'a"\r\nx: y': 'v', 'ä\nb\rc': part } });
  const text = last().body.toString();
  expect(text).toContain('name="a%22%0D%0Ax: y"');
  expect(text).toContain('name="ä%0D%0Ab%0D%0Ac"; filename="ü%22%0A%0D.txt"');
  expect(text).toContain('content-type: text/plain  x: y\r\n');
});

test('a file that grows while it is sent is sent as it was; one that is gone, or shorter, is an error', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-req-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  const { req, last } = await setUp();
  /** Changes the file after its length was taken, before it is read. */
  const post = (change: () => void) => {
    writeFileSync(path, 'x'.repeat(200_000));
    return req
      .appendRequestSteps({ change })
      .post('/', { formMultipart: { f: { file: path } }, receiveTimeout: 2000 });
  };
  await post(() => appendFileSync(path, 'more'));
  expect(((await formOf(last())).get('f') as File).size).toBe(200_000);
  expect(await rejection(post(() => rmSync(path)))).toMatchObject({
    code: 'ERR_FINCH_REQUEST_BODY',
    cause: { code: 'ENOENT' },
  });
  expect(await rejection(post(() => truncateSync(path, 10)))).toMatchObject({
    code: 'ERR_FINCH_INVALID_REQUEST',
  });
  expect(await rejection(req.post('/', { formMultipart: { f: { file: folder } } }))).toMatchObject({
    code: 'ERR_FINCH_REQUEST_BODY',
    cause: { code: 'EISDIR' },
  });
  expect(
    await rejection(req.post('/', { formMultipart: { f: { file: path + 'x' } } })),
  ).toMatchObject({
    code: 'ENOENT',
  });
});

test.each([2, 4])('a stream of 3 bytes that says %i is an error', async (length) => {
  const { req } = await setUp();
  const stream = Readable.from([Buffer.from('abc')]);
  const form = { formMultipart: { f: { stream, length } }, receiveTimeout: 2000 };
  expect(await rejection(req.post('/', form))).toMatchObject({
    code: 'ERR_FINCH_INVALID_REQUEST',
  });
  expect(stream.destroyed).toBe(true);
});

test('a FormData, pairs, or a length that is none, is no multipart form', async () => {
  const { req } = await setUp();
  const stream = Readable.from(['a']);
  for (const formMultipart of [new FormData(), [['a', 'b']], { f: { stream, length: -1 } }]) {
    const error = await rejection(req.post('/', { formMultipart } as never));
    expect(error).toMatchObject({ code: 'ERR_REQ_OPTIONS', option: 'formMultipart' });
  }
});

test.each([
  ['gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
] as const)('compressBody: %s sends it so', async (coding, decode) => {
  if (typeof decode !== 'function') return;
  const { req, last } = await setUp();
  const text = 'the same again and again '.repeat(40);
  await req.post('/', { body: text, compressBody: coding });
  expect(last().headers['content-encoding']).toBe(coding);
  expect(Number(last().headers['content-length'])).toBeLessThan(text.length);
  expect(decode(last().body).toString()).toBe(text);
  await req.post('/', { body: Readable.from([text, text]), compressBody: coding });
  expect(decode(last().body).toString()).toBe(text + text);
  await req.post('/', { body: () => [text], compressBody: coding });
  expect(decode(last().body).toString()).toBe(text);
});

test('a compressed form keeps its content type', async () => {
  const { req, last } = await setUp();
  const form = new FormData();
  form.set('a', 'b');
  await req.post('/', { body: form, compressBody: true });
  const { headers, body } = last();
  const plain = { ...last(), headers, body: gunzipSync(body) };
  expect((await formOf(plain)).get('a')).toBe('b');
});

test.each<[string, (stream: Readable) => ReqOptions]>([
  ['as it is', (stream) => ({ body: stream })],
  ['compressed', (stream) => ({ body: stream, compressBody: 'gzip' })],
  ['as a part of a form', (stream) => ({ formMultipart: { f: { stream } } })],
])('a stream that fails, %s, fails the request with its error', async (_, options) => {
  const { req } = await setUp();
  const failure = new Error('the disk is gone');
  async function* failing() {
    yield Buffer.from('a part');
    await new Promise((resolve) => setImmediate(resolve));
    throw failure;
  }
  const stream = Readable.from(failing());
  const error = await rejection(req.post('/', options(stream)));
  expect(error).toMatchObject({ code: 'ERR_FINCH_REQUEST_BODY', cause: failure });
  expect(stream.destroyed).toBe(true);
});
