/**
 * `finch.fetch` beside the fetch of Node.js on the same server: the kinds of cases that the
 * web-platform-tests of fetch have.
 */
import { STATUS_CODES } from 'node:http';
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { startFinch } from '../support/finch.ts';
import {
  expectSame,
  run,
  failure,
  response,
  seen,
  type Answer,
  type Ask,
} from './support/compare-fetch.ts';

/** Asks for the path, and shows the response. */
const get =
  (init?: RequestInit, path = '/'): Ask =>
  async (fetch, url) =>
    seen(await fetch(url + path, init));

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('methods', () => {
  test.each([
    'get',
    'Post',
    'pUt',
    'delete',
    'head',
    'options',
    'patch',
    'PATCH',
    'Patch',
    'QUERY',
    'chicken',
    'X-ODD~1',
    'PROPFIND',
  ])('%s is sent as fetch sends it', (method) => expectSame(get({ method })));

  test.each(['CONNECT', 'TRACE', 'track', 'A B', '', 'GET\r\n'])('%j is refused', (method) =>
    expectSame(get({ method })),
  );
});

describe('headers of the request', () => {
  test.each<[string, NonNullable<RequestInit['headers']>]>([
    ['none', {}],
    ['with values of latin1', { 'x-a': 'caf\u00e9 \u00ff' }],
    ['with blanks around a value', { 'x-a': ' \t a b\t ' }],
    ['with an empty value', { 'x-a': '' }],
    [
      'of one name twice',
      [
        ['x-a', '1'],
        ['X-A', '2'],
      ],
    ],
    [
      'that replace those of fetch',
      { accept: 'a/b', 'accept-language': 'de', 'user-agent': 'me', 'accept-encoding': 'identity' },
    ],
    [
      'that a browser would forbid',
      {
        cookie: 'a=1; b=2',
        origin: 'https://example.com',
        referer: 'https://example.com/x',
        date: 'now',
        dnt: '1',
        via: '1.1 x',
      },
    ],
    ['with a host', { host: 'other.example' }],
    ['with authorization', { authorization: 'Bearer token' }],
    ['named as what each object has', { constructor: 'a', hasOwnProperty: 'b' }],
    ['with te: trailers', { te: 'trailers' }],
    ['that ask to close', { connection: 'close' }],
    ['with ranges', { range: 'bytes=0-1', 'if-none-match': '"x"', 'if-modified-since': 'x' }],
    [
      'many of them',
      Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, 'v'.repeat(at)])),
    ],
  ])('%s', (_kind, headers) => expectSame(get({ headers })));

  test.each<[string, NonNullable<RequestInit['headers']>]>([
    ['a name with a blank', { 'x a': '1' }],
    ['a value with a line break', { 'x-a': 'a\r\nb' }],
    ['a value outside of latin1', { 'x-a': '\u0100' }],
  ])('refused: %s', (_kind, headers) => expectSame(get({ headers })));

  // The types of fetch do not know all of its options.
  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['referrer', { referrer: 'about:client' }],
    ['no referrer', { referrer: '', referrerPolicy: 'no-referrer' }],
    ['keepalive', { keepalive: true }],
    ['mode cors', { mode: 'cors' }],
    ['mode no-cors', { mode: 'no-cors' }],
    ['mode same-origin', { mode: 'same-origin' }],
    ['credentials include', { credentials: 'include' }],
    ['credentials omit', { credentials: 'omit', headers: { authorization: 'x', cookie: 'a=1' } }],
    ['cache no-store', { cache: 'no-store' }],
    ['cache reload', { cache: 'reload' }],
    ['cache no-cache', { cache: 'no-cache' }],
    ['cache force-cache', { cache: 'force-cache' }],
    ['cache only-if-cached', { cache: 'only-if-cached', mode: 'same-origin' }],
    ['priority', { priority: 'high' }],
  ])('by the option: %s', (_kind, init) => expectSame(get(init)));
});

describe('URLs', () => {
  test.each([
    '/',
    '',
    '/?',
    '/a?b=c&d=%20',
    '/%zz',
    '/a b',
    '/\u00e9?\u00fc',
    '/a{b}`',
    '/../x/./y',
    '//double',
    '/a#fragment',
    '/?q="<>\'',
    '/a%2fb',
    '/;p=1',
  ])('the path %j', (path) => expectSame(get({}, path)));

  test.each([
    'about:blank',
    'ftp://example.com',
    'nothing',
    'http://',
    'http://user:pass@127.0.0.1/',
    'http://127.0.0.1:1/',
    'http://127.0.0.1:6000/',
    'unknown:x',
    'file:///etc/hosts',
  ])('refused: %s', (url) => expectSame(async (fetch) => seen(await fetch(url))));

  test.each([
    'data:text/plain,hello',
    'data:;base64,aGVsbG8=',
    'data:text/html;charset=utf-8,%C3%A9',
    'data:bad',
  ])('without a server: %s', (url) => expectSame(async (fetch) => seen(await fetch(url))));

  test('blob: without a server, and after it was revoked', () =>
    expectSame(async (fetch) => {
      const url = URL.createObjectURL(new Blob(['hello'], { type: 'text/x' }));
      const { url: _random, ...first } = (await seen(await fetch(url))) as { url: string };
      URL.revokeObjectURL(url);
      const after = await fetch(url).then(seen, failure);
      return { first, after };
    }));

  test('what is no URL at all', () =>
    expectSame(async (fetch) => seen(await fetch(undefined as unknown as string))));
});

describe('redirects', () => {
  const to =
    (status: number, location: string | undefined, fields: readonly string[] = []): Answer =>
    ({ target }) =>
      target === '/'
        ? response(
            'moved',
            location === undefined ? fields : [`location: ${location}`, ...fields],
            status,
          )
        : response('there');

  const statuses = [300, 301, 302, 303, 304, 305, 307, 308];
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];
  test.each(statuses.flatMap((status) => methods.map((method) => [status, method] as const)))(
    '%i of %s',
    (status, method) => {
      const body = method === 'POST' || method === 'PUT' ? { body: 'text' } : undefined;
      return expectSame(get({ method, ...body }), to(status, '/there'));
    },
  );

  test.each(['manual', 'error'] as const)('redirect: %s', (redirect) =>
    expectSame(get({ redirect }), to(302, '/there')),
  );

  test.each<[string, string | undefined]>([
    ['none', undefined],
    ['an empty one', ''],
    ['a relative one', 'there?x=1'],
    ['only a query', '?x=1'],
    ['a fragment', '/there#end'],
    ['no http', 'ftp://example.com/'],
    ['no URL', 'http://['],
    ['with credentials', 'http://user:pass@127.0.0.1:1/'],
    ['in latin1', '/there-\u00e9'],
    ['a data: URL', 'data:text/plain,hello'],
  ])('to a location that is %s', (_kind, location) => expectSame(get(), to(302, location)));

  test('keeps the fragment that was asked for', () =>
    expectSame(get({}, '/#mine'), to(302, '/there')));

  test('ends a loop', () => expectSame(get(), () => response('', ['location: /'], 302)));

  test('20 of them, and 21', () =>
    expectSame(
      async (fetch, url) => [
        await seen(await fetch(`${url}/20`)),
        await fetch(`${url}/21`).then(seen, failure),
      ],
      ({ target }) => {
        const left = Number(target.slice(1));
        return left === 0 ? response('end') : response('', [`location: /${left - 1}`], 302);
      },
    ));

  test('drops what is secret on the way to another origin', () =>
    expectSame(
      async (fetch, url) => {
        const headers = {
          authorization: 'a',
          cookie: 'b=1',
          'proxy-authorization': 'c',
          host: 'd',
          'x-e': 'f',
        };
        return seen(await fetch(url, { headers }));
      },
      ({ target, headers }, peer) => {
        const other = `http://localhost:${peer.socket.localPort}/there`;
        return target === '/'
          ? response('', [`location: ${other}`], 302)
          : response(headers.get('authorization') ?? 'none');
      },
    ));

  test('a body that can be sent once fails on 307, and not on 303', () =>
    expectSame(
      async (fetch, url) => {
        const init = () => ({
          method: 'POST',
          body: new Blob(['x']).stream(),
          duplex: 'half' as const,
        });
        return [
          await fetch(`${url}/307`, init()).then(seen, failure),
          await fetch(`${url}/303`, init()).then(seen, failure),
        ];
      },
      ({ target }) =>
        target === '/' ? response('end') : response('', ['location: /'], Number(target.slice(1))),
    ));

  test('takes a connection that was closed by the redirect', () =>
    expectSame(get(), ({ target }) =>
      target === '/' ? response('', ['location: /x', 'connection: close'], 302) : response('end'),
    ));
});

describe('the response', () => {
  test.each([
    200, 201, 204, 205, 206, 299, 304, 400, 401, 404, 407, 417, 421, 425, 429, 451, 500, 503, 599,
  ])('status %i', (status) =>
    expectSame(get(), () =>
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-length: ${status === 204 || status === 304 ? '' : 0}\r\n\r\n`.replace(
        'content-length: \r\n',
        '',
      ),
    ),
  );

  test.each<[string, readonly string[]]>([
    ['several of one name', ['x-a: 1', 'X-A: 2', 'x-a:3']],
    ['cookies', ['set-cookie: a=1; path=/', 'Set-Cookie: b=2, c=3']],
    ['latin1', ['x-a: caf\u00e9\u00ff']],
    ['empty ones', ['x-a:', 'x-b: ']],
    ['blanks before', ['x-a: \t 1']],
    ['names of each object', ['constructor: 1', '__proto__: 2', 'toString: 3']],
    ['odd names', ["x!#$%&'*+-.^_`|~1: x"]],
    ['many', Array.from({ length: 300 }, (_, at) => `x-${at}: ${at}`)],
    ['links and cookies mixed', ['link: <a>', 'set-cookie: a=1', 'link: <b>', 'set-cookie2: x']],
  ])('fields: %s', (_kind, fields) => expectSame(get(), () => response('body', fields)));

  test.each<[string, string]>([
    ['ends with the connection', 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nbody'],
    [
      'in chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nbo\r\n2;x=y\r\ndy\r\n0\r\nx-trailer: 1\r\n\r\n',
    ],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nbody'],
    [
      'after interim ones',
      'HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody',
    ],
  ])('%s', (_kind, text) =>
    expectSame(get(), async (_request, peer) => {
      await peer.write(text);
      if (!/content-length|chunked/.test(text)) peer.end();
    }),
  );

  test.each<[string, string]>([
    ['no response', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nbody'],
    ['half a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\nbody'],
    ['no last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n'],
  ])('fails alike when the connection ends after %s', (_kind, text) =>
    expectSame(get({ method: 'POST', body: 'x' }), async (_request, peer) => {
      await peer.write(text);
      peer.end();
    }),
  );

  test.each<[string, string]>([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['a bad length', 'HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nbody'],
    ['NUL in a value', 'HTTP/1.1 200 OK\r\nx-a: \0\r\ncontent-length: 0\r\n\r\n'],
    [
      '101 that was not asked for',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    ],
  ])('fails with a TypeError for %s', (_kind, text) =>
    expectSame(
      async (fetch, url) => {
        const outcome = await fetch(url).then(seen, failure);
        const { name, message, body } = outcome as {
          name?: string;
          message?: string;
          body?: { name?: string; message?: string };
        };
        return { name, message, ofBody: body?.name, messageOfBody: body?.message };
      },
      async (_request, peer) => {
        await peer.write(text);
        peer.end();
      },
    ),
  );

  test('HEAD has no body, whatever its length says', () =>
    expectSame(
      async (fetch, url) => [
        await seen(await fetch(url, { method: 'HEAD' })),
        await seen(await fetch(`${url}/next`)),
      ],
      ({ method }) =>
        method === 'HEAD'
          ? 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\ncontent-encoding: gzip\r\n\r\n'
          : response('next'),
    ));
});

describe('content-encoding', () => {
  const text = 'hello '.repeat(100);
  const coded =
    (encoding: string, bytes: Uint8Array): Answer =>
    () =>
      response(latin1(bytes), [`content-encoding: ${encoding}`]);

  test.each<[string, Uint8Array]>([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
    ['identity', Buffer.from(text)],
    ['unknown', Buffer.from(text)],
    ['gzip', Buffer.alloc(0)],
    ['br', Buffer.alloc(0)],
    ['gzip', gzipSync(text).subarray(0, 40)],
    ['gzip', Buffer.from('no gzip at all')],
    ['', Buffer.from(text)],
  ])('%s, case %#', (encoding, bytes) => expectSame(get(), coded(encoding, bytes)));
});

describe('integrity', () => {
  const good = 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';
  test.each([good, 'sha256-AAAA', `sha256-AAAA ${good}`, 'md5-x', ''])('%j', (integrity) =>
    expectSame(get({ integrity }), () => response('hello')),
  );
});

describe('what differs, for a reason', () => {
  const here = async (init: RequestInit, path: string, answer: Answer) => {
    const finch = await startFinch();
    const { caller, server } = await run(finch.fetch, get(init, path), answer);
    return { caller, server } as {
      caller: { statusText: string; headers: [string, string][] };
      server: { target: string }[];
    };
  };

  test('a character that RFC 3986 does not have in a path is percent-encoded', async () => {
    // The URL of Node.js 22 leaves `^` as it is, too.
    const { server } = await here({}, '/a|b^', () => response());
    expect(server).toMatchObject([{ target: '/a%7Cb%5E' }]);
  });

  test('a name with a blank is no name (RFC 9112, 5.1), which Node.js 22 takes', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nx a: 1\r\ncontent-length: 0\r\n\r\n';
    const { caller } = await here({}, '/', () => answer);
    expect(caller).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
  });

  test('a status comes with its own phrase (RFC 9112, 4: a client ignores that of the server)', async () => {
    const { caller } = await here({}, '/', () => 'HTTP/1.1 200 Fine\r\ncontent-length: 0\r\n\r\n');
    expect(caller.statusText).toBe('OK');
  });

  test('blanks after a value are not part of it (RFC 9112, 5)', async () => {
    const { caller } = await here({}, '/', () => response('', ['x-a: 1 \t ']));
    expect(Object.fromEntries(caller.headers)).toMatchObject({ 'x-a': '1' });
  });

  test('100 Continue that nobody wanted is passed over (RFC 9110, 15.2)', async () => {
    const { caller } = await here(
      {},
      '/',
      () => `HTTP/1.1 100 Continue\r\n\r\n${response('body')}`,
    );
    expect(caller).toMatchObject({ status: 200, body: 'body' });
  });
});
