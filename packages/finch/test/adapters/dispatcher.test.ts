import { execFile } from 'node:child_process';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createAuthority, startHttp1Server } from '@linnet/mint/testing';
import { eventually } from '@linnet/otp/testing';
import { exit, spawn } from '@linnet/otp';
import * as undici8 from 'undici';
import * as undici7 from 'undici7';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AdapterError, isFinchError, PoolTimeoutError } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

/** Answers with what it was asked. */
function startEcho() {
  return startHttpServer(async (request, answer) => {
    const body = await bodyOf(request);
    const { method, url, headers } = request;
    answer.setHeader('x-path', url ?? '');
    answer.end(JSON.stringify({ method, url, headers, body }));
  });
}

const fetches = [
  ['of Node.js', globalThis.fetch],
  ['of undici 8', undici8.fetch as unknown as typeof globalThis.fetch],
  ['of undici 7', undici7.fetch as unknown as typeof globalThis.fetch],
] as const;

describe.each(fetches)('with the fetch %s', (_name, fetch) => {
  test('sends requests over the connections of a pool', async () => {
    await using server = await startEcho();
    const finch = await startFinch();
    const dispatcher = finch.dispatcher();
    for (let count = 0; count < 3; count += 1) {
      const response = await fetch(`${server.url}/users?page=${count}`, { dispatcher });
      expect(response.status).toBe(200);
      expect(response.statusText).toBe('OK');
      expect(await response.json()).toMatchObject({ method: 'GET', url: `/users?page=${count}` });
    }
    expect(server.connections).toBe(1);
    expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
  });

  test.each([
    ['a string', () => 'text'],
    ['bytes', () => new TextEncoder().encode('text')],
    ['a Blob', () => new Blob(['text'])],
    ['a stream', () => new Blob(['te', 'xt']).stream()],
    ['form parameters', () => new URLSearchParams({ a: 'b' })],
  ])('sends %s as a body', async (_kind, body) => {
    await using server = await startEcho();
    const finch = await startFinch();
    const init = { method: 'POST', body: body(), duplex: 'half' as const };
    const response = await fetch(server.url, { ...init, dispatcher: finch.dispatcher() });
    const echoed = (await response.json()) as { method: string; body: string };
    expect(echoed.method).toBe('POST');
    expect(echoed.body).toMatch(/^(text|a=b)$/);
  });

  test('sends a length that the caller gives once', async () => {
    await using server = await startEcho();
    const finch = await startFinch();
    const headers = { 'content-length': '4' };
    const init = { method: 'POST', body: 'text', headers, dispatcher: finch.dispatcher() };
    const response = await fetch(server.url, init);
    expect(await response.json()).toMatchObject({ body: 'text', headers });
  });

  test('gives each of several fields of one name', async () => {
    await using server = await startHttpServer((_request, answer) => {
      answer.setHeader('set-cookie', ['a=1', 'b=2']);
      answer.setHeader('x-latin', 'caf\u00e9');
      answer.end();
    });
    const finch = await startFinch();
    const { headers } = await fetch(server.url, { dispatcher: finch.dispatcher() });
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(headers.get('x-latin')).toBe('caf\u00e9');
  });

  test('reads a large body no faster than it is taken', async () => {
    let written = 0;
    await using server = await startHttpServer(async (_request, answer) => {
      const piece = Buffer.alloc(64 * 1024);
      for (let count = 0; count < 1024 && !answer.destroyed; count += 1) {
        written += piece.length;
        if (!answer.write(piece)) await once(answer, 'drain').catch(() => {});
      }
      answer.end();
    });
    const finch = await startFinch();
    const response = await fetch(server.url, { dispatcher: finch.dispatcher() });
    let before = -1;
    while (before !== written) {
      before = written;
      for (let turn = 0; turn < 50; turn += 1) await new Promise((next) => setImmediate(next));
    }
    expect(written).toBeLessThan(32 * 1024 * 1024);
    let read = 0;
    for await (const piece of response.body as ReadableStream<Uint8Array>) read += piece.length;
    expect(read).toBe(64 * 1024 * 1024);
  });

  test('frees the connection when the signal fires, while it waits and while it reads', async () => {
    await using server = await startHttpServer((_request, answer) => {
      answer.write('first');
    });
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const dispatcher = finch.dispatcher();
    const reading = new AbortController();
    const waiting = new AbortController();
    const response = await fetch(server.url, { dispatcher, signal: reading.signal });
    const queued = fetch(server.url, { dispatcher, signal: waiting.signal });
    await eventually(() => expect(finch.getStats().queued).toBe(1));
    waiting.abort();
    await expect(queued).rejects.toThrow(/abort/i);
    expect(finch.getStats().queued).toBe(0);
    reading.abort();
    await expect(response.text()).rejects.toThrow(/abort/i);
    await eventually(() => expect(finch.getStats().inUse).toBe(0));
  });

  test('fails with a TypeError whose cause has the code of Node.js and the error of Finch', async () => {
    const server = await startEcho();
    await server.close();
    const finch = await startFinch();
    const error: unknown = await fetch(server.url, { dispatcher: finch.dispatcher() }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TypeError);
    const { cause } = error as TypeError;
    expect(cause).toBeInstanceOf(AdapterError);
    expect(cause).toMatchObject({ code: 'ECONNREFUSED', cause: { code: 'ERR_FINCH_CONNECT' } });
    expect(isFinchError(cause)).toBe(true);
  });

  test('fails a body that is broken in the very read in which its head came', async () => {
    await using server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\nno number\r\n',
      );
    });
    const finch = await startFinch();
    const response = await fetch(server.url, { dispatcher: finch.dispatcher() });
    await expect(response.text()).rejects.toThrow('terminated');
    expect(finch.getStats().inUse).toBe(0);
  });

  test('fails with PoolTimeoutError itself, which undici has no counterpart of', async () => {
    await using server = await startHttpServer(() => {});
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const dispatcher = finch.dispatcher({ poolTimeout: 20 });
    const held = new AbortController();
    const first = fetch(server.url, { dispatcher, signal: held.signal }).catch(() => {});
    await eventually(() => expect(finch.getStats().inUse).toBe(1));
    const error: unknown = await fetch(server.url, { dispatcher }).catch((e: unknown) => e);
    expect((error as TypeError).cause).toBeInstanceOf(PoolTimeoutError);
    held.abort();
    await first;
  });

  test('follows redirects, and decompresses', async () => {
    const { gzipSync } = await import('node:zlib');
    await using server = await startHttpServer((request, answer) => {
      if (request.url === '/') answer.writeHead(302, { location: '/there' }).end('moved');
      else answer.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked'));
    });
    const finch = await startFinch();
    const response = await fetch(`${server.url}/`, { dispatcher: finch.dispatcher() });
    expect(response.redirected).toBe(true);
    expect(await response.text()).toBe('unpacked');
  });

  test('ends with the process that fetches', async () => {
    await using server = await startHttpServer(() => {});
    const finch = await startFinch();
    const dispatcher = finch.dispatcher();
    const pid = spawn(async () => {
      await fetch(server.url, { dispatcher });
    });
    await eventually(() => expect(finch.getStats().inUse).toBe(1));
    exit(pid, 'kill');
    await eventually(() => expect(finch.getStats().inUse).toBe(0));
  });
});

describe('as the dispatcher of undici', () => {
  test.each([
    ['8', undici8],
    ['7', undici7],
  ] as const)('serves request, stream and pipeline of undici %s', async (_name, undici) => {
    await using server = await startEcho();
    const finch = await startFinch();
    const dispatcher = finch.dispatcher();
    const { request, stream, pipeline } = undici as typeof undici8;
    const sent = await request(`${server.url}/a`, {
      dispatcher,
      method: 'POST',
      query: { b: 'c d' },
      headers: { 'X-One': '1', 'x-list': ['2', '3'] },
      body: 'body',
      responseHeaders: 'raw',
    });
    expect(sent.statusCode).toBe(200);
    expect(sent.headers as unknown as string[]).toContain('x-path');
    expect(await sent.body.json()).toMatchObject({
      url: '/a?b=c%20d',
      body: 'body',
      headers: { 'x-one': '1', 'x-list': '2, 3' },
    });

    const { PassThrough } = await import('node:stream');
    const sink = new PassThrough();
    await stream(server.url, { dispatcher, method: 'GET' }, () => sink);
    expect(JSON.parse(String(sink.read()))).toMatchObject({ method: 'GET' });

    const piped = pipeline(server.url, { dispatcher, method: 'PUT' }, ({ body }) => body);
    piped.end('piped');
    expect(JSON.parse((await piped.toArray()).join(''))).toMatchObject({ body: 'piped' });
    expect(finch.getStats().inUse).toBe(0);
  });

  test.each([
    ['a stream', () => Readable.from(['a', 'b'])],
    ['an async iterable', () => Readable.from(['a', 'b'])[Symbol.asyncIterator]()],
    ['a buffer', () => Buffer.from('ab')],
  ])('sends %s', async (_kind, body) => {
    await using server = await startEcho();
    const finch = await startFinch();
    const { body: answer } = await undici8.request(server.url, {
      dispatcher: finch.dispatcher(),
      method: 'POST',
      body: body() as Readable,
    });
    expect(await answer.json()).toMatchObject({ body: 'ab' });
  });

  test('sends a form', async () => {
    await using server = await startEcho();
    const finch = await startFinch();
    const body = new FormData();
    body.set('name', 'Ada');
    const { body: answer } = await undici8.request(server.url, {
      dispatcher: finch.dispatcher(),
      method: 'POST',
      body: body as undici8.FormData,
    });
    expect(JSON.stringify(await answer.json())).toContain('Ada');
  });

  test('gives trailers and interim responses', async () => {
    await using server = await startHttpServer((_request, answer) => {
      answer.writeEarlyHints({ link: '</a.css>; rel=preload' });
      answer.setHeader('trailer', 'x-sum');
      answer.write('text');
      answer.addTrailers({ 'x-sum': '42' });
      answer.end();
    });
    const finch = await startFinch();
    const infos: number[] = [];
    const { body, trailers } = await undici8.request(server.url, {
      dispatcher: finch.dispatcher(),
      onInfo: ({ statusCode }) => infos.push(statusCode),
    });
    expect(await body.text()).toBe('text');
    expect(trailers).toEqual({ 'x-sum': '42' });
    expect(infos).toEqual([103]);
  });

  test('hands the socket over after an upgrade; it counts as in use until it is closed', async () => {
    await using server = await startHttpServer(() => {});
    server.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    const finch = await startFinch();
    const { socket } = await undici8.upgrade(server.url, {
      dispatcher: finch.dispatcher(),
      protocol: 'echo',
    });
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    expect(finch.getStats()).toMatchObject({ inUse: 1 });
    socket.destroy();
    await eventually(() => expect(finch.getStats().inUse).toBe(0));
  });

  test('closes a socket that was handed over with its pool', async () => {
    await using server = await startHttpServer(() => {});
    server.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
      socket.on('error', () => {});
    });
    const finch = await startFinch();
    const { socket } = await undici8.upgrade(server.url, {
      dispatcher: finch.dispatcher(),
      protocol: 'echo',
    });
    const closed = once(socket, 'close');
    await finch.stopPool(server.url, { grace: 0 });
    await closed;
  });

  test('opens a tunnel by CONNECT', async () => {
    await using server = await startHttpServer(() => {});
    server.server.on('connect', (request, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n\r\n${request.url} ${request.headers.host}`);
    });
    const finch = await startFinch();
    const { socket, statusCode } = await undici8.connect(server.url, {
      dispatcher: finch.dispatcher(),
      path: 'example.com:443',
    } as unknown as undici8.Dispatcher.ConnectOptions);
    expect(statusCode).toBe(200);
    expect(String((await once(socket, 'data'))[0])).toBe('example.com:443 example.com:443');
    socket.destroy();
  });

  test('waits for 100 Continue where it is asked for', async () => {
    const expected: unknown[] = [];
    await using server = await startEcho();
    server.server.on('checkContinue', (request, answer) => {
      expected.push(request.headers.expect);
      answer.writeContinue();
      server.server.emit('request', request, answer);
    });
    const finch = await startFinch();
    const { body } = await undici8.request(server.url, {
      dispatcher: finch.dispatcher(),
      method: 'POST',
      expectContinue: true,
      body: 'held back',
    });
    expect(await body.json()).toMatchObject({ body: 'held back' });
    expect(expected).toEqual(['100-continue']);
  });

  test('closes the connection after a dispatch with reset', async () => {
    await using server = await startEcho();
    const finch = await startFinch();
    const dispatcher = finch.dispatcher();
    const { body } = await undici8.request(server.url, { dispatcher, reset: true });
    expect(await body.json()).toMatchObject({ headers: { connection: 'close' } });
    await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 0 }));
  });

  test('ends by headersTimeout and by bodyTimeout, with the codes of undici', async () => {
    await using server = await startHttpServer((request, answer) => {
      if (request.url === '/body') answer.write('first');
    });
    const finch = await startFinch();
    const dispatcher = finch.dispatcher({ headersTimeout: 30, bodyTimeout: 40 });
    await expect(undici8.request(server.url, { dispatcher })).rejects.toMatchObject({
      code: 'UND_ERR_HEADERS_TIMEOUT',
      cause: { code: 'ERR_FINCH_RECEIVE_TIMEOUT', limit: 30 },
    });
    const { body } = await undici8.request(`${server.url}/body`, {
      dispatcher,
      headersTimeout: 0,
      bodyTimeout: 50,
    });
    await expect(body.text()).rejects.toMatchObject({
      code: 'UND_ERR_BODY_TIMEOUT',
      cause: { limit: 50 },
    });
  });

  test.each([
    ['throwOnError', { throwOnError: true }],
    ['maxRedirections', { maxRedirections: 3 }],
    ['typeOfService', { typeOfService: 1 }],
    ['headersTimeout', { headersTimeout: -1 }],
    ['query', { path: '/?a', query: { b: 'c' } }],
    ['path', { path: 'relative' }],
    ['origin', { origin: '' }],
    ['headers', { headers: ['odd'] }],
    ['headers', { headers: { 'transfer-encoding': 'chunked' } }],
  ])('refuses %s that it cannot do, before anything is sent', async (option, options) => {
    const finch = await startFinch();
    const error = await new Promise<Error>((resolve) => {
      const all = { origin: 'http://127.0.0.1:1', path: '/', method: 'GET', ...options };
      const sent = finch.dispatcher().dispatch(all, {
        onRequestStart() {},
        onResponseError: (_controller, failure) => resolve(failure),
      });
      expect(sent).toBe(false);
    });
    expect(error).toMatchObject({ code: 'ERR_FINCH_INVALID_REQUEST', option });
  });

  test('sends a path with characters that RFC 3986 does not have as a URL object would', async () => {
    await using server = await startEcho();
    const finch = await startFinch();
    const response = await fetch(`${server.url}/a|b?c={d}&e=%zz`, {
      dispatcher: finch.dispatcher(),
    });
    expect(await response.json()).toMatchObject({ url: '/a%7Cb?c=%7Bd%7D&e=%zz' });
  });

  test('sends by the pool of its tag, and over TLS', async () => {
    const authority = createAuthority();
    const tls = authority.issue(['localhost']);
    const ca = authority.ca;
    await using server = await startHttpServer((_request, answer) => answer.end('secure'), { tls });
    const finch = await startFinch({ pools: { '#api': { connOpts: { tls: { ca } } } } });
    const response = await fetch(server.url, { dispatcher: finch.dispatcher({ poolTag: 'api' }) });
    expect(await response.text()).toBe('secure');
    expect(finch.listPools().map(({ pool }) => pool.tag)).toEqual(['api']);
  });

  test('closes when what is under way is over, and takes nothing more', async () => {
    await using server = await startEcho();
    const finch = await startFinch();
    const dispatcher = finch.dispatcher();
    const response = await fetch(server.url, { dispatcher });
    const closed = dispatcher.close();
    expect(dispatcher.closed).toBe(true);
    await expect(fetch(server.url, { dispatcher })).rejects.toMatchObject({
      cause: { option: 'dispatcher' },
    });
    await response.text();
    await closed;
    await new Promise<void>((resolve) => dispatcher.close(resolve));
    expect((await finch.get(server.url)).status).toBe(200);
  });

  test('gives what is under way up when it is destroyed', async () => {
    await using server = await startHttpServer(() => {});
    const finch = await startFinch();
    const dispatcher = finch.dispatcher();
    const failed = fetch(server.url, { dispatcher }).catch((error: unknown) => error);
    await eventually(() => expect(finch.getStats().inUse).toBe(1));
    const enough = new Error('enough');
    await dispatcher.destroy(enough);
    expect(await failed).toMatchObject({ cause: enough });
    expect(dispatcher.destroyed).toBe(true);
    expect(finch.getStats().inUse).toBe(0);
  });

  test('has no methods of its own in the place of the functions of undici, and says so', async () => {
    const finch = await startFinch();
    const dispatcher = finch.dispatcher();
    for (const name of ['request', 'stream', 'pipeline', 'connect', 'upgrade'] as const) {
      expect(() => dispatcher[name]()).toThrow(`${name}(url, { dispatcher }) of undici`);
    }
  });

  test('tells an exception of a handler to the same handler, and frees the connection', async () => {
    await using server = await startEcho();
    const finch = await startFinch();
    for (const method of ['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd']) {
      const thrown = new Error(method);
      const told = await new Promise((resolve) => {
        finch.dispatcher().dispatch(
          { origin: server.url, path: '/', method: 'GET' },
          {
            onRequestStart() {},
            [method]: () => {
              throw thrown;
            },
            onResponseError: (_controller: unknown, error: Error) => resolve(error),
          },
        );
      });
      expect(told).toBe(thrown);
    }
    await eventually(() => expect(finch.getStats().inUse).toBe(0));
  });

  test('calls each handler in the async context of who dispatched', async () => {
    await using server = await startEcho();
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const storage = new AsyncLocalStorage<number>();
    const seen: unknown[] = [];
    const dispatcher = finch.dispatcher();
    const one = (id: number) =>
      new Promise<void>((resolve) => {
        storage.run(id, () => {
          dispatcher.dispatch(
            { origin: server.url, path: '/', method: 'GET' },
            {
              onRequestStart() {},
              onResponseStart: () => seen.push([id, storage.getStore()]),
              onResponseEnd: () => {
                seen.push([id, storage.getStore()]);
                resolve();
              },
            },
          );
        });
      });
    await Promise.all([one(1), one(2), one(3)]);
    expect(seen).toHaveLength(6);
    for (const [id, store] of seen as [number, number][]) expect(store).toBe(id);
  });
});

describe('interceptors of undici', () => {
  test.each([
    ['the fetch of Node.js', globalThis.fetch],
    ['the fetch of undici 8', undici8.fetch as unknown as typeof globalThis.fetch],
    ['the fetch of undici 7', undici7.fetch as unknown as typeof globalThis.fetch],
  ])('retry: by status and by error, for %s', async (_name, fetch) => {
    let count = 0;
    await using server = await startHttpServer((request, answer) => {
      count += 1;
      if (count === 1) answer.writeHead(503, { 'retry-after': '0' }).end();
      else if (count === 2) request.socket.destroy();
      else answer.end(`${count}`);
    });
    const finch = await startFinch();
    const dispatcher = finch
      .dispatcher({ retry: false })
      .compose(undici8.interceptors.retry({ minTimeout: 1, timeoutFactor: 1 }));
    const response = await fetch(server.url, { dispatcher });
    expect(await response.text()).toBe('3');
  });

  test('redirect, decompress, dump and responseError', async () => {
    const { gzipSync } = await import('node:zlib');
    await using server = await startHttpServer((request, answer) => {
      if (request.url === '/') answer.writeHead(301, { location: '/there' }).end();
      else if (request.url === '/bad') answer.writeHead(400).end('no');
      else answer.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked'));
    });
    const finch = await startFinch();
    const { redirect, decompress, responseError } = undici8.interceptors;
    const dispatcher = finch
      .dispatcher()
      .compose([redirect({ maxRedirections: 2 }), decompress()], responseError());
    const { body } = await undici8.request(`${server.url}/`, { dispatcher });
    expect(await body.text()).toBe('unpacked');
    await expect(undici8.request(`${server.url}/bad`, { dispatcher })).rejects.toMatchObject({
      code: 'UND_ERR_RESPONSE',
    });
  });

  test('cache', async () => {
    let count = 0;
    await using server = await startHttpServer((_request, answer) => {
      count += 1;
      answer.writeHead(200, { 'cache-control': 'max-age=100' }).end(`${count}`);
    });
    const finch = await startFinch();
    const dispatcher = finch.dispatcher().compose(undici8.interceptors.cache());
    for (let times = 0; times < 3; times += 1) {
      const { body } = await undici8.request(server.url, { dispatcher });
      expect(await body.text()).toBe('1');
    }
    expect(count).toBe(1);
  });

  test('dns: by address in plain text, by name over TLS', async () => {
    const authority = createAuthority();
    const tls = authority.issue(['localhost']);
    const ca = authority.ca;
    await using plain = await startEcho();
    await using secure = await startHttpServer((_request, answer) => answer.end('secure'), { tls });
    const finch = await startFinch({ pools: { default: { connOpts: { tls: { ca } } } } });
    const dispatcher = finch
      .dispatcher()
      .compose(undici8.interceptors.dns({ dualStack: false, affinity: 4 }));
    const url = plain.url.replace('127.0.0.1', 'localhost');
    const { body } = await undici8.request(url, { dispatcher });
    expect(await body.json()).toMatchObject({ headers: { host: `localhost:${plain.port}` } });
    expect(finch.count(plain.url)).toBe(1);
    const over = await undici8.request(secure.url, { dispatcher });
    expect(await over.body.text()).toBe('secure');
  });

  test('an interceptor that is none is refused', async () => {
    const finch = await startFinch();
    const bad = [(): undefined => undefined, 'retry'] as never[];
    for (const one of bad) expect(() => finch.dispatcher().compose(one)).toThrow('no interceptor');
  });

  test('what was composed closes together with what it was composed of', async () => {
    const finch = await startFinch();
    const dispatcher = finch.dispatcher();
    const composed = dispatcher.compose(undici8.interceptors.redirect());
    await composed.close();
    expect(dispatcher.closed).toBe(true);
  });
});

test('MockAgent answers beside it, and it serves all of fetch as the global dispatcher', async () => {
  await using server = await startEcho();
  const finch = await startFinch();
  const before = undici8.getGlobalDispatcher();
  onTestFinished(() => undici8.setGlobalDispatcher(before));
  const mock = new undici8.MockAgent();
  mock.disableNetConnect();
  mock.get('http://mocked').intercept({ path: '/' }).reply(200, 'mocked');
  const mocked = await undici8.fetch('http://mocked/', { dispatcher: mock });
  expect(await mocked.text()).toBe('mocked');
  undici8.setGlobalDispatcher(finch.dispatcher());
  for (const fetch of [globalThis.fetch, undici8.fetch, undici7.fetch]) {
    const response = await (fetch as typeof globalThis.fetch)(server.url);
    expect(response.status).toBe(200);
    await response.text();
  }
  expect(server.connections).toBe(1);
  await mock.close();
});

test('loads no undici, and changes nothing of the process', async () => {
  const code = `
    const { Finch } = await import('@linnet/finch');
    const finch = await Finch.startLink({ name: 'Untouched' });
    finch.dispatcher();
    finch.fetch;
    const symbols = Object.getOwnPropertySymbols(globalThis).map(String);
    console.log(JSON.stringify({
      global: symbols.filter((name) => name.includes('undici')),
      loaded: Object.keys((await import('node:module')).default._cache).filter((file) => file.includes('undici')),
    }));
    await finch.stop();
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@linnet/source', '--input-type=module', '--eval', code],
    { cwd: import.meta.dirname },
  );
  expect(JSON.parse(stdout)).toEqual({ global: [], loaded: [] });
});

test('keeps the connection when a response is surplus to a handler that pauses', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbo');
    await peer.write('dy');
  });
  const finch = await startFinch();
  const pieces: string[] = [];
  await new Promise<void>((resolve, reject) => {
    finch.dispatcher().dispatch(
      { origin: server.url, path: '/', method: 'GET' },
      {
        onRequestStart() {},
        onResponseData: (controller, chunk) => {
          pieces.push(String(chunk));
          controller.pause();
          setImmediate(() => controller.resume());
        },
        onResponseEnd: () => resolve(),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
  expect(pieces.join('')).toBe('body');
});

describe('headers that are the same again and again', () => {
  test('each request has its own, whatever the one before had, and the host of its origin', async () => {
    await using one = await startEcho();
    await using other = await startEcho();
    const finch = await startFinch();
    const dispatcher = finch.dispatcher();
    const ask = async (url: string, headers: Record<string, string | string[]>) => {
      const { body } = await undici8.request(url, { dispatcher, headers });
      const echoed = (await body.json()) as { headers: Record<string, string>; url: string };
      const { 'user-agent': _agent, connection: _kept, ...rest } = echoed.headers;
      return { path: echoed.url, ...rest };
    };
    const host = new URL(one.url).host;
    const mutable = ['1'];
    expect(await ask(`${one.url}/1`, { a: '1' })).toEqual({ path: '/1', host, a: '1' });
    expect(await ask(`${one.url}/2`, { a: '1' })).toEqual({ path: '/2', host, a: '1' });
    expect(await ask(`${one.url}/3`, { a: '2' })).toEqual({ path: '/3', host, a: '2' });
    expect(await ask(`${one.url}/4`, { b: '2' })).toEqual({ path: '/4', host, b: '2' });
    expect(await ask(`${one.url}/5`, { b: '2', c: '3' })).toMatchObject({ b: '2', c: '3' });
    expect(await ask(`${one.url}/6`, { b: '2' })).toEqual({ path: '/6', host, b: '2' });
    expect(await ask(`${one.url}/7`, {})).toEqual({ path: '/7', host });
    expect(await ask(`${one.url}/8`, { d: mutable })).toEqual({ path: '/8', host, d: '1' });
    mutable[0] = '2';
    expect(await ask(`${one.url}/9`, { d: mutable })).toEqual({ path: '/9', host, d: '2' });
    expect(await ask(`${other.url}/1`, {})).toEqual({ path: '/1', host: new URL(other.url).host });
  });
});
