import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { ChecksumError, type Progress } from '../../src/index.ts';
import { startClient, startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { json, startServer } from '../support/server.ts';

const large = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
const sha256 = `sha256:${createHash('sha256').update(large).digest('hex')}`;

const startLarge = () =>
  startServer((request, response) => {
    if (request.url === '/missing') return json(response, { error: 'missing' }, 404);
    if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': String(large.length) });
      response.write(large.subarray(0, 1000), () => response.destroy());
      return undefined;
    }
    if (request.url === '/gzip') {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      return response.end(gzipSync(large));
    }
    response.writeHead(200, { 'content-length': String(large.length) });
    return response.end(large);
  });

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'linnet-req-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('a body goes into a file, which is there when it is complete', async () => {
  const file = join(folder(), 'download');
  const req = await startReq();
  const server = await startLarge();
  const progress: Progress[] = [];
  const { status, body } = await req.get(server.url, {
    into: { file },
    checksum: sha256,
    onProgress: (each) => progress.push(each),
  });
  expect({ status, body }).toEqual({ status: 200, body: undefined });
  expect(readFileSync(file).equals(large)).toBe(true);
  expect(progress.at(-1)).toEqual({ received: large.length, total: large.length });
  await req.get(`${server.url}/gzip`, { into: { file }, checksum: sha256 });
  expect(readFileSync(file).equals(large)).toBe(true);
});

test('what fails leaves the file as it was, and nothing beside it', async () => {
  const path = folder();
  const file = join(path, 'download');
  writeFileSync(file, 'before');
  const req = await startReq({ retry: false });
  const server = await startLarge();
  expect(await rejection(req.get(`${server.url}/cut`, { into: { file } }))).toMatchObject({
    code: 'ERR_FINCH_CONNECTION_CLOSED',
  });
  const wrong = req.get(server.url, { into: { file }, checksum: 'sha256:00' });
  expect(await rejection(wrong)).toBeInstanceOf(ChecksumError);
  expect(
    await rejection(req.get(server.url, { into: { file: join(path, 'no/such') } })),
  ).toMatchObject({
    code: 'ENOENT',
  });
  expect(readFileSync(file, 'utf8')).toBe('before');
  expect(readdirSync(path)).toEqual(['download']);
});

test('the body of another status is collected and decoded', async () => {
  const file = join(folder(), 'download');
  const req = await startReq();
  const server = await startLarge();
  const response = await req.get(`${server.url}/missing`, { into: { file } });
  expect(response).toMatchObject({ status: 404, body: { error: 'missing' } });
  expect(await rejection(Promise.resolve().then(() => readFileSync(file)))).toMatchObject({
    code: 'ENOENT',
  });
});

test('a body goes into a Writable, and its error ends the request', async () => {
  const req = await startReq();
  const server = await startLarge();
  const sink = new PassThrough();
  const hash = createHash('sha256');
  sink.on('data', (chunk: Buffer) => hash.update(chunk));
  await req.get(server.url, { into: sink });
  expect(`sha256:${hash.digest('hex')}`).toBe(sha256);
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('disk full')) });
  expect(await rejection(req.get(server.url, { into: broken }))).toMatchObject({
    message: 'disk full',
  });
});

test('a function gets the pieces, one after the other, and may stop', async () => {
  const req = await startReq();
  const server = await startLarge();
  let received = 0;
  let inside = 0;
  await req.get(server.url, {
    into: async (chunk, head) => {
      expect(head.status).toBe(200);
      expect(++inside).toBe(1);
      await Promise.resolve();
      inside -= 1;
      received += chunk.length;
    },
  });
  expect(received).toBe(large.length);
  let calls = 0;
  await req.get(server.url, { into: () => (++calls === 1 ? 'halt' : undefined) });
  expect(calls).toBe(1);
  const fail = () => {
    throw new Error('not wanted');
  };
  expect(await rejection(req.get(server.url, { into: fail }))).toMatchObject({
    message: 'not wanted',
  });
});

test('a stream is read by the caller, left early, or cancelled', async () => {
  const req = await startReq();
  const server = await startLarge();
  const { body } = await req.get(server.url, { into: 'stream', checksum: sha256 });
  let received = 0;
  for await (const chunk of body) received += chunk.length;
  expect(received).toBe(large.length);
  for (const path of ['', '/gzip']) {
    const left = await req.get(server.url + path, { into: 'stream' });
    for await (const _chunk of left.body) break;
  }
  await using cancelled = await req.get(server.url, { into: 'stream' });
  cancelled.cancel();
  const wrong = await req.get(server.url, { into: 'stream', checksum: 'sha256:00' });
  const read = async () => {
    for await (const _chunk of wrong.body);
  };
  expect(await rejection(read())).toBeInstanceOf(ChecksumError);
});

test('checksum is that of a body in memory, too', async () => {
  const req = await startReq();
  const server = await startLarge();
  const md5 = `MD5:${createHash('md5').update(large).digest('hex')}`;
  expect((await req.get(`${server.url}/gzip`, { checksum: md5 })).status).toBe(200);
  const error = await rejection(req.get(server.url, { checksum: 'sha1:00' }));
  expect(error).toMatchObject({ code: 'ERR_REQ_CHECKSUM', expected: 'sha1:00' });
  expect((await req.get(`${server.url}/missing`, { checksum: sha256 })).status).toBe(404);
});

test.each([
  ['has ended', (stream: Writable) => void stream.end()],
  ['was destroyed', (stream: Writable) => void stream.destroy()],
])('a Writable that %s is refused, and the connection is free again', async (_what, end) => {
  const { req, finch } = await startClient();
  const server = await startServer((_request, response) => response.end('body'));
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  end(sink);
  await once(sink, 'close');
  expect(await rejection(req.get(server.url, { into: sink }))).toMatchObject({
    code: 'ERR_REQ_OPTIONS',
    option: 'into',
  });
  await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0 }));
});

test('what a function or a Writable got is not sent once more; a file is written anew', async () => {
  const req = await startReq();
  const startCut = () =>
    startServer((_, response, index) => {
      response.writeHead(200, { 'content-length': '10' });
      if (index === 0) response.write('hello', () => response.destroy());
      else response.end('helloworld');
    });
  const pieces: string[] = [];
  const take = (piece: Uint8Array): void => void pieces.push(Buffer.from(piece).toString());
  const cut = await startCut();
  expect(await rejection(req.get(cut.url, { into: take }))).toMatchObject({
    code: 'ERR_FINCH_CONNECTION_CLOSED',
  });
  expect(cut.seen).toHaveLength(1);
  expect('hello'.startsWith(pieces.join(''))).toBe(true);
  const other = await startCut();
  expect(await rejection(req.get(other.url, { into: new PassThrough() }))).toMatchObject({
    code: 'ERR_FINCH_CONNECTION_CLOSED',
  });
  expect(other.seen).toHaveLength(1);
  const directory = mkdtempSync(join(tmpdir(), 'linnet-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'file');
  const third = await startCut();
  await req.get(third.url, { into: { file } });
  expect(readFileSync(file, 'utf8')).toBe('helloworld');
  expect(third.seen).toHaveLength(2);
});

test('a function that never is done does not hold up the end of the call', async () => {
  const req = await startReq();
  const server = await startServer((_, response) => response.write('x'));
  const controller = new AbortController();
  const into = (): Promise<void> => {
    controller.abort();
    return new Promise(() => {});
  };
  const error = await rejection(req.get(server.url, { into, signal: controller.signal }));
  expect(error).toMatchObject({ code: 'ERR_REQ_CANCELLED' });
});
