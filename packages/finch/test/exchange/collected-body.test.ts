import { createHash } from 'node:crypto';
import { startHttp1Server } from '@linnet/mint/testing';
import { expect, test } from 'vitest';
import { ConnectionClosedError, Finch, ResponseTooLargeError } from '../../src/index.ts';
import type { Response } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

/** A body that is like no other of its length. */
function bodyOf(seed: number, length: number): Buffer {
  const block = createHash('sha512').update(String(seed)).digest('hex');
  return Buffer.from(block.repeat(Math.ceil(length / block.length)).slice(0, length));
}

const lengths = [0, 1, 1024, 4000, 5000, 65_536, 66_000, 300_000, 1_048_576, 1_500_000];

/** Answers `/seed/length`, with the length declared or in chunks. */
function startBodies() {
  return startHttpServer((request, answer) => {
    const [, seed, length, framing] = (request.url ?? '').split('/');
    const body = bodyOf(Number(seed), Number(length));
    answer.setHeader('x-seed', String(seed));
    if (framing === 'sized') answer.setHeader('content-length', body.length);
    else answer.write(body.subarray(0, body.length >> 1));
    answer.end(framing === 'sized' ? body : body.subarray(body.length >> 1));
  });
}

test('bodies of any length that come at the same time do not mix, however late they are read', async () => {
  await using server = await startBodies();
  const finch = await startFinch({ pools: { default: { size: 8 } } });
  const wanted = ['sized', 'chunks'].flatMap((framing) =>
    lengths.flatMap((length) => [1, 2, 3].map((copy) => ({ framing, length, copy }))),
  );
  const responses: Response[] = await Promise.all(
    wanted.map(({ framing, length, copy }) =>
      finch.request(`${server.url}/${copy}/${length}/${framing}`, { poolTimeout: 'infinity' }),
    ),
  );
  for (const [i, { length, copy }] of wanted.entries()) {
    const response = responses[i] as Response;
    const expected = bodyOf(copy, length);
    expect(response.headers.get('x-seed')).toBe(String(copy));
    // Not toEqual, which takes seconds for bytes.
    expect(response.text() === expected.toString()).toBe(true);
    expect(expected.equals(response.body)).toBe(true);
    expect(response.text() === expected.toString()).toBe(true);
  }
});

test('a body whose memory served later ones, since it was read as text, can be read again', async () => {
  await using server = await startBodies();
  const finch = await startFinch();
  const responses: Response[] = [];
  for (const copy of [1, 2, 3, 4]) {
    const response = await finch.request(`${server.url}/${copy}/65536/sized`);
    expect(response.text() === bodyOf(copy, 65_536).toString()).toBe(true);
    responses.push(response);
  }
  for (const [i, response] of responses.entries()) {
    const expected = bodyOf(i + 1, 65_536);
    expect(response.text() === expected.toString()).toBe(true);
    expect(expected.equals(response.body)).toBe(true);
  }
});

test('a head and a large body may be cut anywhere', async () => {
  const body = bodyOf(1, 100_000);
  const head = `HTTP/1.1 200 OK\r\nx-long: ${'y'.repeat(6000)}\r\ncontent-length: ${body.length}\r\n\r\n`;
  const all = Buffer.concat([Buffer.from(head), body]);
  const cuts = [1, 40, 4095, 4096, 4097, head.length - 1, head.length, head.length + 1, 70_000];
  await using server = await startHttp1Server(async (peer) => {
    for (const cut of cuts) {
      await peer.readRequest();
      await peer.write(all.subarray(0, cut));
      // The rest comes in a read of its own.
      await new Promise(setImmediate);
      await peer.write(all.subarray(cut));
    }
  });
  const finch = await startFinch();
  for (const _cut of cuts) {
    const response = await finch.request(`http://127.0.0.1:${server.port}/`);
    expect(response.headers.get('x-long')).toBe('y'.repeat(6000));
    expect(body.equals(response.body)).toBe(true);
  }
});

test('a large body that ends early is an error, and tells how much of it came', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(`HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(70_000)}`);
    peer.end();
  });
  const finch = await startFinch();
  const error = await finch.request(`http://127.0.0.1:${server.port}/`).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ConnectionClosedError);
  expect(error).toMatchObject({ requestSent: true, bytesReceived: 70_043 });
});

test('bytes after a large body close the connection, and are part of no response', async () => {
  const body = 'x'.repeat(70_000);
  await using server = await startHttp1Server(async (peer, index) => {
    await peer.readRequest();
    const surplus = index === 0 ? 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil' : '';
    await peer.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}${surplus}`);
  });
  const finch = await startFinch();
  for (let i = 0; i < 2; i++) {
    const response = await finch.request(`http://127.0.0.1:${server.port}/`);
    expect(response.text() === body).toBe(true);
  }
  expect(server.peers.length).toBe(2);
});

test('chunks of a stream belong to whoever gets them', async () => {
  await using server = await startBodies();
  const finch = await startFinch({ pools: { default: { size: 4 } } });
  const streams = [1, 2, 3, 4].map((seed) =>
    finch.stream(
      Finch.build('GET', `${server.url}/${seed}/1500000/sized`),
      [] as Uint8Array[],
      (part, chunks) => (part.type === 'data' ? [...chunks, part.data] : chunks),
    ),
  );
  for (const [i, chunks] of (await Promise.all(streams)).entries()) {
    expect(bodyOf(i + 1, 1_500_000).equals(Buffer.concat(chunks))).toBe(true);
  }
});

test('a limit on the body holds inside of one read', async () => {
  await using server = await startBodies();
  const finch = await startFinch({ pools: { default: { maxResponseSize: 20_000 } } });
  for (const framing of ['sized', 'chunks']) {
    const { body } = await finch.request(`${server.url}/1/20000/${framing}`);
    expect(body.length).toBe(20_000);
    await expect(finch.request(`${server.url}/1/20001/${framing}`)).rejects.toThrow(
      ResponseTooLargeError,
    );
  }
});
