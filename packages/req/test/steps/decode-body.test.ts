import { expect, test } from 'vitest';
import { z } from 'zod';
import { DecodeError, StatusError } from '../../src/index.ts';
import { startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { startServer } from '../support/server.ts';

const startTyped = (body: string | Uint8Array, type?: string, status = 200) =>
  startServer((_, response) => {
    response.writeHead(status, type === undefined ? {} : { 'content-type': type });
    response.end(body);
  });

test.each([
  ['application/json', '{"a":1}', { a: 1 }],
  ['Application/JSON; charset=utf-8', '[]', []],
  ['application/problem+json', '{"a":1}', { a: 1 }],
  ['application/json', '\ufeff{"a":1}', { a: 1 }],
  ['application/json', '', undefined],
  ['text/html', '<p>', '<p>'],
  ['image/svg+xml', '<svg/>', '<svg/>'],
  ['application/xml', '<a/>', '<a/>'],
  ['text/plain', '\ufeffmarked', 'marked'],
  ['text/plain', '', ''],
])('%s %j becomes %j', async (type, text, body) => {
  const req = await startReq();
  const server = await startTyped(text, type);
  expect((await req.get(server.url)).body).toEqual(body);
});

test.each([
  ['text/plain; charset=iso-8859-1', [0x66, 0xfc, 0x72], 'für'],
  ['text/plain; charset="windows-1252"', [0x80], '€'],
  ['text/plain;CHARSET=Shift_JIS', [0x93, 0xfa], '日'],
  ['text/plain; charset=utf-16le', [0x41, 0x00], 'A'],
  ['text/plain; charset=utf-8', [0xff], '\ufffd'],
  ['text/plain; title="; charset=latin1"; charset=utf-8', [0xc3, 0xa9], 'é'],
  ['text/plain; charset=""; Charset = "latin1"', [0xe9], 'é'],
  ['text/plain; charset=iso-8859-1', [0xef, 0xbb, 0xbf, 0xc3, 0xa9], 'é'],
  ['text/plain', [0xff, 0xfe, 0x41, 0x00], 'A'],
  ['text/plain; charset=utf-8', [0xfe, 0xff, 0x00, 0x41], 'A'],
])('%s is decoded by its charset', async (type, bytes, text) => {
  const req = await startReq();
  const server = await startTyped(new Uint8Array(bytes), type);
  expect((await req.get(server.url)).body).toBe(text);
});

test('other types are bytes, and so are bodies without a type', async () => {
  const req = await startReq();
  for (const type of ['application/octet-stream', 'image/png', undefined]) {
    const server = await startTyped('ab', type);
    const { body } = await req.get(server.url);
    expect(body).toBeInstanceOf(Uint8Array);
    expect(Buffer.from(body as Uint8Array).toString()).toBe('ab');
  }
});

test('decode says what the body becomes', async () => {
  const req = await startReq();
  const server = await startTyped('{"a":1}', 'text/plain');
  expect((await req.get(server.url, { decode: 'json' })).body).toEqual({ a: 1 });
  expect((await req.get(server.url, { decode: 'text' })).body).toBe('{"a":1}');
  expect((await req.get(server.url, { decode: 'bytes' })).body).toBeInstanceOf(Uint8Array);
});

test('what is no JSON is a DecodeError; of a failure it is text', async () => {
  const req = await startReq({ retry: false });
  const server = await startTyped('<html>', 'application/json');
  const error = await rejection(req.get(server.url));
  expect(error).toBeInstanceOf(DecodeError);
  expect(error).toMatchObject({
    code: 'ERR_REQ_DECODE',
    reason: 'invalid_json',
    snippet: '<html>',
  });
  const failure = await startTyped('<html>', 'application/json', 500);
  expect(await req.get(failure.url)).toMatchObject({ status: 500, body: '<html>' });
  const charset = await startTyped('a', 'text/plain; charset=klingon');
  expect(await rejection(req.get(charset.url))).toMatchObject({ reason: 'charset' });
});

test('a schema checks, converts and types the body', async () => {
  const req = await startReq();
  const server = await startTyped('{"name":"Ada","born":"1815-12-10"}', 'application/json');
  const person = z.object({ name: z.string(), born: z.coerce.date() });
  const { body } = await req.get(server.url, { decode: person });
  expect(body.born.getUTCFullYear()).toBe(1815);
  const wrong = await rejection(req.get(server.url, { decode: z.object({ name: z.number() }) }));
  expect(wrong).toMatchObject({ code: 'ERR_REQ_DECODE', reason: 'schema' });
  expect((wrong as DecodeError).issues?.[0]?.path).toEqual(['name']);
});

test('with a schema another status is an error, unless the call says to return it', async () => {
  const req = await startReq({ retry: false, httpErrors: 'return' });
  const server = await startTyped('{"error":"x"}', 'application/json', 404);
  const schema = z.object({ name: z.string() });
  const error = await rejection(req.get(server.url, { decode: schema }));
  expect(error).toBeInstanceOf(StatusError);
  expect((error as StatusError).response.body).toEqual({ error: 'x' });
  const { body } = await req.get(server.url, { decode: schema, httpErrors: 'return' });
  expect(body).toEqual({ error: 'x' });
});

test('a schema checks each status that is expected, and needs a body in memory', async () => {
  const req = await startReq({ retry: false });
  const server = await startTyped('{"name":"Ada"}', 'application/json', 404);
  const decode = z.object({ name: z.string() });
  const { body } = await req.get(server.url, { decode, expect: [200, 404] });
  expect(body.name).toBe('Ada');
  const wrong = req.get(server.url, { decode: z.object({ id: z.number() }), expect: 404 });
  expect(await rejection(wrong)).toMatchObject({ reason: 'schema' });
  const raw = req.merge({ raw: true }).get(server.url, { decode });
  expect(await rejection(raw)).toMatchObject({ code: 'ERR_REQ_OPTIONS', option: 'decode' });
  const into = req.get(server.url, { decode, into: 'stream' });
  expect(await rejection(into)).toMatchObject({ code: 'ERR_REQ_OPTIONS' });
});
