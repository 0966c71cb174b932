import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Finch } from '@linnet/finch';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  Req,
  ReqCancelledError,
  WebSocketError,
  type ReqOptions,
  type ReqWebSocket,
} from '../../src/index.ts';
import { startClient, startReq } from '../support/client.ts';
import { noLeaks } from '../../../finch/test/support/no-leaks.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { uniqueName } from '../../../finch/test/support/unique-name.ts';
import { ca, startHttp1, startHttp2 } from '../support/web-socket-server.ts';
import { startServer } from '../support/server.ts';

/** A client that trusts the servers of this file. */
const client = (options: ReqOptions = {}): Promise<Req> =>
  startReq(options, { '#websocket': { connOpts: { tls: { ca } } } });

async function next(socket: ReqWebSocket): Promise<unknown> {
  return (await socket[Symbol.asyncIterator]().next()).value;
}

async function exchange(socket: ReqWebSocket): Promise<void> {
  await socket.send('hello wörld');
  expect(await next(socket)).toBe('hello wörld');
  const bytes = new Uint8Array(200_000).map((_, index) => index);
  await socket.send(bytes);
  expect(Buffer.from((await next(socket)) as Uint8Array).equals(bytes)).toBe(true);
  await socket.send('');
  expect(await next(socket)).toBe('');
}

test('messages go both ways over an upgrade of HTTP/1.1', async () => {
  const req = await client();
  const server = await startHttp1();
  const socket = await req.webSocket(server.url);
  await exchange(socket);
  expect(await socket.close(3001, 'done')).toEqual({ code: 3001, reason: 'done' });
});

test('and over TLS', async () => {
  const req = await client();
  const server = await startHttp1(undefined, {}, true);
  await using socket = await req.webSocket(server.url);
  await exchange(socket);
});

test('and over a stream of HTTP/2, where the server has it', async () => {
  const req = await client();
  const server = await startHttp2();
  await using socket = await req.webSocket(`${server.url}/chat?a=1`);
  await exchange(socket);
  expect(server.streams).toEqual(['CONNECT websocket /chat?a=1']);
});

test('a server with HTTP/2 but no WebSockets on it is asked over HTTP/1.1', async () => {
  const req = await client();
  const server = await startHttp2(false);
  await using socket = await req.webSocket(server.url);
  await exchange(socket);
  expect(server.streams).toEqual([]);
});

test('the connection is one of a pool of its own, which does not change that of requests', async () => {
  noLeaks();
  const finch = await Finch.startLink({
    name: uniqueName(),
    pools: { default: { connOpts: { tls: { ca } } } },
  });
  onTestFinished(() => finch[Symbol.asyncDispose]());
  const server = await startHttp2(false);
  const req = Req.new({ finch });
  const socket = await req.webSocket(server.url);
  expect(finch.getStats()).toMatchObject({ inUse: 1 });
  expect(finch.listPools().map(({ pool }) => pool.tag)).toEqual(['websocket']);
  expect((await req.get(server.url.replace('wss', 'https'), { decode: 'text' })).body).toBe(
    'HTTP 2.0',
  );
  await socket.close();
  await eventually(() => expect(finch.getStats().inUse).toBe(0));
});

test('a stream is closed that a step of the client wants no more, or that is lost while a step waits', async () => {
  const req = await client();
  const server = await startHttp1();
  const failing = req.appendResponseSteps({ fail: () => new Error('not this one') });
  const refused = await rejection(failing.webSocket(server.url));
  expect(refused.message).toBe('not this one');
  await eventually(() => expect(server.sockets[0]?.readyState).toBe(WebSocket.CLOSED));
  const waiting = req.appendResponseSteps({
    wait: async () => {
      const lost = server.sockets[1];
      lost?.terminate();
      await eventually(() => expect(lost?.readyState).toBe(WebSocket.CLOSED));
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
  expect(await rejection(waiting.webSocket(server.url))).toBeInstanceOf(WebSocketError);
});

test('the opening is tried again, as any GET', async () => {
  const req = await client();
  let asked = 0;
  const server = await startHttp1(undefined, {}, false, () => ++asked < 3);
  await using socket = await req.webSocket(server.url);
  await exchange(socket);
  expect(asked).toBe(3);
});

test('messages are compressed where both sides want it', async () => {
  const req = await client();
  const extensions: string[] = [];
  const server = await startHttp1(
    (socket) => {
      extensions.push(socket.extensions);
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    },
    { perMessageDeflate: { threshold: 0 } },
  );
  await using zipped = await req.webSocket(server.url);
  await exchange(zipped);
  await using plain = await req.webSocket(server.url, { perMessageDeflate: false });
  await exchange(plain);
  expect(extensions).toEqual(['permessage-deflate', '']);
});

test('the subprotocol is one that was asked for', async () => {
  const req = await client();
  const server = await startHttp1(undefined, { handleProtocols: () => 'b' });
  await using socket = await req.webSocket(server.url, { subprotocols: ['a', 'b'] });
  expect(socket.subprotocol).toBe('b');
  const error = await rejection(req.webSocket(server.url, { subprotocols: ['c'] }));
  expect(error).toMatchObject({ code: 'ERR_REQ_WEB_SOCKET', reason: 'handshake' });
});

test('the steps of the client apply: base URL, credentials that are refreshed, redirects', async () => {
  const req = await client();
  const seen: (string | undefined)[] = [];
  const server = await startHttp1((_socket, request) => seen.push(request.headers.authorization));
  const api = req.merge({
    baseUrl: server.url.replace('ws', 'http'),
    auth: () => ({ bearer: 't' }),
  });
  await using guarded = await api.webSocket('/guarded');
  await using moved = await api.webSocket('/moved');
  expect(seen).toEqual(['Bearer t', 'Bearer t']);
  expect(moved.url).toBe(`${server.url.replace('ws', 'http')}/`);
  expect(guarded.url).toContain('/guarded');
});

test('a server that refuses, has no WebSockets, or is not there, is a WebSocketError', async () => {
  const req = await client();
  const server = await startHttp1();
  const refused = await rejection(req.webSocket(`${server.url}/guarded`));
  expect(refused).toBeInstanceOf(WebSocketError);
  expect(refused).toMatchObject({ reason: 'refused', status: 401 });
  const plain = await startServer((_, response) => response.end('plain'));
  expect(await rejection(req.webSocket(plain.url))).toMatchObject({
    reason: 'refused',
    status: 200,
  });
  expect(await rejection(req.webSocket('ws://127.0.0.1:1'))).toMatchObject({ reason: 'connect' });
});

test('reading ends with the connection: by the server, by an error, by leaving the loop', async () => {
  const req = await client();
  const server = await startHttp1((socket, { url }) => {
    socket.send('one');
    if (url === '/close') socket.close(1001, 'away');
    if (url === '/lost') socket.terminate();
  });
  const closed = await req.webSocket(`${server.url}/close`);
  const messages: unknown[] = [];
  for await (const message of closed) messages.push(message);
  expect(messages).toEqual(['one']);
  expect(await closed.closed).toEqual({ code: 1001, reason: 'away' });
  const late = await rejection(closed.send('x'));
  expect(late).toMatchObject({ reason: 'closed', closeCode: 1001 });
  const lost = await req.webSocket(`${server.url}/lost`);
  const read = async () => {
    for await (const message of lost) messages.push(message);
  };
  expect(await rejection(read())).toMatchObject({ code: 'ERR_REQ_WEB_SOCKET', closeCode: 1006 });
  const left = await req.webSocket(server.url);
  for await (const _message of left) break;
  expect(await left.closed).toMatchObject({ code: 1000 });
});

test('a message that is too large ends the connection', async () => {
  const req = await client();
  const server = await startHttp1((socket) => socket.send('x'.repeat(2000)));
  const socket = await req.webSocket(server.url, { maxPayload: 1000 });
  expect(await rejection(next(socket))).toMatchObject({ reason: 'closed' });
  await socket.closed;
});

test('a reader that is slow holds the server back, and gets every message', async () => {
  const req = await client();
  const count = 3000;
  const server = await startHttp1((socket) => {
    for (let n = 0; n < count; n++) socket.send(String(n));
  });
  await using socket = await req.webSocket(server.url);
  let expected = 0;
  for await (const message of socket) {
    expect(message).toBe(String(expected++));
    if (expected % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (expected === count) break;
  }
  expect(expected).toBe(count);
});

test('the signal ends the opening, and the open connection', async () => {
  const req = await client();
  const silent = await startServer(() => {});
  const opening = new AbortController();
  const waiting = rejection(req.webSocket(silent.url, { signal: opening.signal }));
  setTimeout(() => opening.abort(), 5);
  expect(await waiting).toBeInstanceOf(ReqCancelledError);
  const server = await startHttp1();
  const controller = new AbortController();
  const socket = await req.webSocket(server.url, { signal: controller.signal });
  controller.abort();
  expect(await socket.closed).toMatchObject({ code: 1006 });
  const late = await rejection(req.webSocket(server.url, { signal: AbortSignal.abort() }));
  expect(late).toBeInstanceOf(ReqCancelledError);
  const timed = await rejection(req.webSocket(silent.url, { timeout: 20 }));
  expect(timed).toMatchObject({ code: 'ERR_REQ_TIMEOUT' });
});

test('a close that no server may be told is refused, and the WebSocket stays open', async () => {
  const req = await client();
  const server = await startHttp1();
  await using socket = await req.webSocket(server.url);
  for (const code of [1005, 1006, 999, 5000, Number.NaN]) {
    const error = await rejection(socket.close(code));
    expect(error).toMatchObject({ code: 'ERR_REQ_OPTIONS', option: 'code' });
  }
  expect(await rejection(socket.close(1000, 'ä'.repeat(62)))).toMatchObject({
    code: 'ERR_REQ_OPTIONS',
    option: 'reason',
  });
  await exchange(socket);
});

test.each<[string, string, object]>([
  [
    '401',
    'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n',
    { reason: 'refused', status: 401 },
  ],
  [
    '426',
    'HTTP/1.1 426 Upgrade Required\r\ncontent-length: 2\r\n\r\nno',
    { reason: 'refused', status: 426 },
  ],
  [
    'a redirect to itself',
    'HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n',
    { code: 'ERR_REQ_REDIRECT' },
  ],
  [
    'a redirect to no URL',
    'HTTP/1.1 302 Found\r\nlocation: ftp://a\r\ncontent-length: 0\r\n\r\n',
    { code: 'ERR_REQ_REDIRECT' },
  ],
  [
    'a wrong proof',
    'HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: x\r\n\r\n',
    { reason: 'handshake' },
  ],
  [
    'no proof',
    'HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
    { reason: 'handshake' },
  ],
  [
    'another protocol',
    'HTTP/1.1 101 X\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n',
    { code: 'ERR_REQ_WEB_SOCKET' },
  ],
  ['an end', '', { reason: 'connect' }],
  ['half a head', 'HTTP/1.1 101 Swi', { reason: 'connect' }],
  ['no HTTP', 'hello\r\n\r\n', { reason: 'connect' }],
])(
  '%s in place of a WebSocket is a typed error, and the connection is let go',
  async (_, answer, error) => {
    const { req, finch } = await startClient({ retry: false });
    const server = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end(answer));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect(await rejection(req.webSocket(`ws://127.0.0.1:${port}`))).toMatchObject(error);
    await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 }));
  },
);

test('an opening that is cancelled, or runs out of time, leaves no connection in use', async () => {
  const { req, finch } = await startClient();
  const silent = await startServer(() => {});
  const controller = new AbortController();
  const call = rejection(req.webSocket(silent.url, { signal: controller.signal }));
  await eventually(() => expect(silent.seen).toHaveLength(1));
  controller.abort();
  expect(await call).toBeInstanceOf(ReqCancelledError);
  expect(await rejection(req.webSocket(silent.url, { timeout: 20 }))).toMatchObject({
    code: 'ERR_REQ_TIMEOUT',
  });
  await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 }));
});

test('credentials are not shown to another server that an opening is redirected to', async () => {
  const req = await client();
  const seen: unknown[] = [];
  const other = await startHttp1((_socket, { headers }) => seen.push(headers.authorization));
  const server = await startServer((_, response) => {
    response.writeHead(302, { location: other.url.replace('ws', 'http') }).end();
  });
  await using socket = await req.webSocket(server.url, { auth: { bearer: 'secret' } });
  expect(socket.url).toBe(`${other.url.replace('ws', 'http')}/`);
  expect(seen).toEqual([undefined]);
});
