import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { DecodeError, ReqResponse, StatusError } from '../../src/index.ts';
import { linesOf } from '../../src/streams/lines.ts';
import { linkTo } from '../../src/streams/link.ts';
import { startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { json, startServer } from '../support/server.ts';

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

/** Sends pieces one by one, each when the one before was flushed. */
const startPieces = (
  pieces: readonly (string | Buffer)[],
  headers: Record<string, string> = {},
  status = 200,
) =>
  startServer(async (_, response) => {
    response.writeHead(status, headers);
    for (const piece of pieces)
      await new Promise<void>((resolve) => response.write(piece, () => resolve()));
    response.end();
  });

test('lines end with LF or CRLF, over the borders of pieces and characters', async () => {
  const req = await startReq();
  const euro = Buffer.from('€');
  const server = await startPieces([
    'a\r',
    '\nb\n\nc',
    euro.subarray(0, 1),
    euro.subarray(1),
    '\nlast',
  ]);
  expect(await all(req.lines(server.url))).toEqual(['a', 'b', '', 'c€', 'last']);
});

test('lines are decompressed and in the charset of the response', async () => {
  const req = await startReq();
  const zipped = await startPieces([gzipSync('a\nb\n')], { 'content-encoding': 'gzip' });
  expect(await all(req.lines(zipped.url))).toEqual(['a', 'b']);
  const latin = await startPieces([Buffer.from([0xfc, 0x80, 0x0a])], {
    'content-type': 'text/plain; charset=latin1',
  });
  expect(await all(req.lines(latin.url))).toEqual(['ü€']);
});

test('a long line takes time by its length, however small its pieces are', async () => {
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const piece = Buffer.alloc(1024, 'a');
    for (let index = 0; index < 15 * 1024; index++) yield piece;
    yield Buffer.from('\nlast');
  }
  const lines = linesOf(new ReqResponse<AsyncIterable<Uint8Array>>({ body: pieces() }));
  expect((await all(lines)).map(({ length }) => length)).toEqual([15 * 1024 * 1024, 4]);
});

test('leaving the loop gives up the rest', async () => {
  const req = await startReq();
  const server = await startServer(
    (_, response) => void response.writeHead(200).write('one\ntwo\n'),
  );
  for await (const line of req.lines(server.url)) {
    expect(line).toBe('one');
    break;
  }
});

test('another status is an error with the decoded body', async () => {
  const req = await startReq();
  const server = await startServer((_, response) => json(response, { error: 'x' }, 404));
  const error = await rejection(all(req.lines(server.url)));
  expect(error).toBeInstanceOf(StatusError);
  expect((error as StatusError).response.body).toEqual({ error: 'x' });
});

test('JSON lines are values, checked by a schema', async () => {
  const req = await startReq();
  const server = await startPieces(['{"n":1}\n\n{"n"', ':2}\n']);
  expect(await all(req.jsonLines(server.url))).toEqual([{ n: 1 }, { n: 2 }]);
  const numbers = req.jsonLines(server.url, { decode: z.object({ n: z.number() }) });
  let sum = 0;
  for await (const { n } of numbers) sum += n;
  expect(sum).toBe(3);
  const wrong = await rejection(
    all(req.jsonLines(server.url, { decode: z.object({ n: z.string() }) })),
  );
  expect(wrong).toMatchObject({ reason: 'schema' });
  const broken = await startPieces(['{"n":1}\n{oops\n']);
  const error = await rejection(all(req.jsonLines(broken.url)));
  expect(error).toBeInstanceOf(DecodeError);
  expect(error).toMatchObject({ reason: 'invalid_json', snippet: '{oops' });
});

test.each([
  ['<https://h/2>; rel="next"', 'https://h/2'],
  ['<a>; rel=prev, <b?x=1,2>; rel="last next"; title="a, b"', 'b?x=1,2'],
  ['<a>; title="rel=next, <b>"; rel="first"', undefined],
  ['<a>;rel=NEXT', 'a'],
  ['<a>; title="x; rel=next"; rel="prev"', undefined],
  ['<a>; title="x; rel=prev"; rel="next"', 'a'],
  ['<a>; rel="nextish"', undefined],
  [undefined, undefined],
])('the next of %s is %s', (field, target) => {
  expect(linkTo('next', field)).toBe(target);
});

const startPages = () =>
  startServer((request, response) => {
    const page = Number(new URL(request.url, 'http://h').searchParams.get('page') ?? 1);
    if (page < 3) response.setHeader('link', `</?page=${page + 1}>; rel="next"`);
    json(response, { page, query: request.url, authorization: request.headers.authorization });
  });

test('pages follow the Link header, with the options of the first', async () => {
  const req = await startReq({ auth: { bearer: 't' } });
  const server = await startPages();
  const bodies = await all(req.paginate(`${server.url}/`, { params: { size: 5 } }));
  expect(bodies.map(({ body }) => body)).toEqual([
    { page: 1, query: '/?size=5', authorization: 'Bearer t' },
    { page: 2, query: '/?page=2', authorization: 'Bearer t' },
    { page: 3, query: '/?page=3', authorization: 'Bearer t' },
  ]);
  expect(await all(req.paginate(`${server.url}/`, { maxPages: 2 }))).toHaveLength(2);
  for await (const { status } of req.paginate(`${server.url}/`)) {
    expect(status).toBe(200);
    break;
  }
  expect(server.seen).toHaveLength(6);
});

test('a function finds the next page, and credentials do not go to another origin', async () => {
  const req = await startReq({ auth: { bearer: 't' } });
  const first = await startPages();
  const second = await startPages();
  const nextPage = ({ url }: { url: string }) =>
    url.startsWith(first.url) ? `${second.url}/?page=3` : undefined;
  const bodies = await all(req.paginate(`${first.url}/`, { nextPage }));
  expect(bodies.map(({ body }) => body)).toMatchObject([
    { authorization: 'Bearer t' },
    { page: 3 },
  ]);
  expect(second.seen[0]?.headers.authorization).toBeUndefined();
});

test('a circle of pages is an error, and so is a page that cannot be asked for', async () => {
  const req = await startReq();
  const server = await startPages();
  const circle = await rejection(all(req.paginate(`${server.url}/`, { nextPage: () => '/' })));
  expect(circle).toMatchObject({ code: 'ERR_REQ_REDIRECT', reason: 'visited' });
  expect(circle).toMatchObject({ visited: [`${server.url}/`] });
  const odd = await rejection(all(req.paginate(server.url, { nextPage: () => 'file:///x' })));
  expect(odd).toMatchObject({ reason: 'invalid_location' });
  expect(() => req.paginate(server.url, { maxPages: 0 })).toThrow(/maxPages/);
});

test('pages of a server to which another one redirected get no credentials of that one', async () => {
  const req = await startReq();
  const other = await startServer((_, response) => {
    response.writeHead(200, { link: '</2>; rel="next"' }).end();
  });
  const server = await startServer((_, response) => {
    response.writeHead(302, { location: `${other.url}/1` }).end();
  });
  const options = { auth: { bearer: 'token' }, headers: { Cookie: 'a=1' }, maxPages: 2 };
  const found = await all(req.paginate(server.url, options));
  expect(found[0]?.redirects).toEqual([server.url]);
  expect(
    other.seen.map(({ url, headers }) => [url, headers.authorization, headers.cookie]),
  ).toEqual([
    ['/1', undefined, undefined],
    ['/2', undefined, undefined],
  ]);
});

test('lines in a charset that is not known are a DecodeError, and the connection is let go', async () => {
  const req = await startReq();
  const server = await startPieces(['a\n'], { 'content-type': 'text/plain; charset=klingon' });
  expect(await rejection(all(req.lines(server.url)))).toMatchObject({
    code: 'ERR_REQ_DECODE',
    reason: 'charset',
  });
});
