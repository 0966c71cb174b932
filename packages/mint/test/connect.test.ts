import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import {
  connect,
  Connection,
  ConnectError,
  ConnectionClosedError,
  InvalidRequestError,
  OptionsError,
  ProtocolError,
  ResponseTooLargeError,
  StreamResetError,
  TlsError,
} from '../src/index.ts';
import type { ConnectionOptions, ConnectionRequest, Wire } from '../src/index.ts';
import {
  createAuthority,
  encodeData,
  response,
  startHttp1Server,
  startHttp2Server,
} from '../src/testing/index.ts';
import { startHttpProxy } from './support/http-proxy.ts';
import { startHttpServer } from './support/http-server.ts';
import type { HttpServerOptions } from './support/http-server.ts';
import { createSocketPath } from './support/socket-path.ts';

const authority = createAuthority();
const certificate = authority.issue(['localhost', '127.0.0.1']);
const { ca } = authority;

/** A server of Node's that tells what it was asked; closed after the test. */
async function startEcho(options?: HttpServerOptions): Promise<{ url: string; port: number }> {
  const server = await startHttpServer((request, answer) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString();
      const { method = '', url = '', httpVersion } = request;
      answer.writeHead(200, { 'content-type': 'text/plain' });
      answer.end(`${method} ${url} ${httpVersion} ${body}`);
    });
  }, options);
  onTestFinished(() => server.close());
  return server;
}

/** An open connection, closed after the test. */
async function open(url: string, options?: ConnectionOptions): Promise<Connection> {
  const connection = await connect(url, options);
  onTestFinished(() => connection.close());
  return connection;
}

const get = { method: 'GET', target: '/' };

test('one request after the other goes over a connection of HTTP/1.1', async () => {
  const server = await startEcho();
  const connection = await open(server.url);
  expect(connection.protocol).toBe('http1');
  expect(connection.info).toMatchObject({ remotePort: server.port, tls: undefined });

  const first = await connection.request({ method: 'POST', target: '/a?b', body: 'hello' });
  expect(first.status).toBe(200);
  expect(first.headers.get('content-type')).toBe('text/plain');
  expect(first.body.toString()).toBe('POST /a?b 1.1 hello');
  expect(first.trailers.isEmpty).toBe(true);

  const second = await connection.request({ ...get, headers: ['x-a', '1'] });
  expect(second.body.toString()).toBe('GET / 1.1 ');
  expect(connection.wire.served).toBe(2);
});

test('HTTP/2 is what a server with TLS selects, and many requests go over it at once', async () => {
  const server = await startEcho({ tls: certificate, http2: {} });
  const connection = await open(server.url, { tls: { ca } });
  expect(connection.protocol).toBe('http2');
  expect(connection.info.tls).toMatchObject({ alpnProtocol: 'h2', authorized: true });

  const targets = Array.from({ length: 20 }, (_, index) => `/${index}`);
  const all = await Promise.all(
    targets.map((target) => connection.request({ method: 'GET', target })),
  );
  expect(all.map(({ body }) => body.toString())).toEqual(
    targets.map((target) => `GET ${target} 2.0 `),
  );
});

test('a server with TLS that speaks HTTP/1.1 only is spoken to in HTTP/1.1', async () => {
  const server = await startEcho({ tls: certificate });
  const connection = await open(server.url, { tls: { ca } });
  expect(connection.protocol).toBe('http1');
  expect((await connection.request(get)).body.toString()).toBe('GET / 1.1 ');
});

test('HTTP/2 without TLS is for servers that are known to speak it', async () => {
  const server = await startEcho({ http2: {} });
  const connection = await open(server.url, { protocols: ['http2'] });
  expect((await connection.request(get)).body.toString()).toBe('GET / 2.0 ');
});

test('a request goes through a proxy, forwarded or by a tunnel', async () => {
  const plain = await startEcho();
  const secure = await startEcho({ tls: certificate, http2: {} });
  await using proxy = await startHttpProxy();

  const forwarded = await open(plain.url, { proxy: proxy.url });
  expect((await forwarded.request(get)).body.toString()).toBe('GET / 1.1 ');
  const tunnelled = await open(secure.url, { proxy: proxy.url, tls: { ca } });
  expect((await tunnelled.request(get)).body.toString()).toBe('GET / 2.0 ');
  expect(proxy.asked.map(({ method, target }) => `${method} ${target}`)).toEqual([
    `GET ${plain.url}/`,
    `CONNECT localhost:${secure.port}`,
  ]);
});

test('a unix socket takes the place of host and port', async () => {
  using where = createSocketPath();
  await startEcho(where);
  const connection = await open('http://app.internal', { unixSocket: where.path });
  expect((await connection.request(get)).body.toString()).toBe('GET / 1.1 ');
  expect(connection.info.remoteAddress).toBeUndefined();
});

test('an option that does not exist, or has a value that is not allowed, is named', async () => {
  const unknown = { keepAliveTreshold: 1 } as ConnectionOptions;
  const named = connect('http://localhost', unknown);
  await expect(named).rejects.toMatchObject({
    code: 'ERR_MINT_OPTIONS',
    option: 'keepAliveTreshold',
  });
  await expect(named).rejects.toThrow(
    'There is no option keepAliveTreshold. Allowed: one of protocols, tls, ',
  );
  for (const [option, value] of Object.entries({
    maxHeaderSize: 0,
    maxResponseSize: 1.5,
    keepAliveThreshold: -1,
    obsFold: 'keep',
    bareLineFeeds: 1,
    streamWindowSize: 1000,
    connectionWindowSize: 2 ** 31,
    connectTimeout: 0,
    protocols: ['http4'],
    proxy: '',
  })) {
    const error: unknown = await connect('http://localhost', { [option]: value }).catch(String);
    expect(error).toContain(`The value of the option ${option} is not allowed`);
  }
  await expect(connect('ftp://localhost')).rejects.toBeInstanceOf(OptionsError);
  await expect(connect('http://localhost/path')).rejects.toMatchObject({ option: 'url' });
});

test('a connection that cannot be opened says why', async () => {
  const server = await startHttpServer(() => {});
  await server.close();
  const refused: unknown = await connect(server.url).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConnectError);
  expect(refused).toMatchObject({ reason: 'ECONNREFUSED', origin: server.url });

  const secure = await startEcho({ tls: certificate });
  const untrusted: unknown = await connect(secure.url).catch((error: unknown) => error);
  expect(untrusted).toBeInstanceOf(TlsError);

  const only = await connect(secure.url, { tls: { ca }, protocols: ['http2'] }).catch(String);
  expect(only).toMatch(/^TlsError: .* alert no application protocol$/);
});

test('a signal ends the opening with its reason', async () => {
  const reason = new Error('changed my mind');
  await expect(connect('http://localhost', { signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
  // It accepts connections, and never speaks: the handshake stays open.
  await using server = await startHttp1Server();
  const controller = new AbortController();
  const opening = connect(`https://127.0.0.1:${server.port}`, { signal: controller.signal });
  const peer = await server.peer();
  controller.abort(reason);
  await expect(opening).rejects.toBe(reason);
  await peer.closed;
});

test('a signal gives a request up with its reason, whatever that is', async () => {
  await using server = await startHttp2Server();
  const connection = await open(server.url, { protocols: ['http2'] });
  const peer = await server.peer();
  for (const reason of [new Error('too late'), 'a word', undefined]) {
    const controller = new AbortController();
    const asked = connection.request(get, { signal: controller.signal });
    const { stream } = await peer.readRequest();
    controller.abort(reason);
    await expect(asked).rejects.toBe(controller.signal.reason);
    expect((await peer.next('RST_STREAM', { stream })).error).toBe('CANCEL');
  }
  // The connection has lost nothing by it.
  const last = connection.request(get);
  peer.answer((await peer.readRequest()).stream);
  expect((await last).body.toString()).toBe('OK');
});

test('a signal that is aborted already sends nothing', async () => {
  await using server = await startHttp1Server();
  const connection = await open(server.url);
  const reason = { any: 'thing' };
  const asked = connection.request(get, { signal: AbortSignal.abort(reason) });
  await expect(asked).rejects.toBe(reason);
  expect(connection.wire.served).toBe(0);
  expect(connection.wire.usable).toBe(true);
});

test.each([
  ['no target', { method: 'GET' }, 'The target of the request is missing. Allowed: a string,'],
  ['no method', { target: '/' }, 'The method of the request is missing. Allowed: a string,'],
  ['an object of fields', { ...get, headers: { a: 'b' } }, 'Allowed: a flat list of strings:'],
  ['pairs of fields', { ...get, headers: [['a', 'b']] }, 'Allowed: a flat list of strings:'],
  ['a name without a value', { ...get, headers: ['a'] }, 'Allowed: a flat list of strings:'],
  ['an object as body', { ...get, body: { a: 1 } }, 'Allowed: a string, bytes, an iterable'],
  ['a number as body', { ...get, body: 1 }, 'Allowed: a string, bytes, an iterable'],
])('a request with %s is refused, and nothing is sent', async (_, request, message) => {
  await using server = await startHttp1Server();
  const connection = await open(server.url);
  const asked = connection.request(request as unknown as ConnectionRequest);
  await expect(asked).rejects.toThrow(message);
  await expect(asked).rejects.toBeInstanceOf(InvalidRequestError);
  expect(connection.wire.usable).toBe(true);
  expect((await server.peer()).received).toBe('');
});

test('a response is printed with its fields', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('', ['x-a: 1']));
  });
  const connection = await open(server.url);
  expect(inspect((await connection.request(get)).headers)).toBe(
    "[ [ 'x-a', '1' ], [ 'content-length', '0' ] ]",
  );
});

/** A signal that counts who listens to it. */
class CountingSignal extends EventTarget {
  listeners = 0;
  aborted = false;
  reason: unknown = undefined;
  onabort = null;

  throwIfAborted(): void {}

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.listeners += 1;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.listeners -= 1;
    super.removeEventListener(...args);
  }
}

test('a signal is let go of when the request is over, however it ends', async () => {
  const signal = new CountingSignal();
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('OK'));
    await peer.readRequest();
    peer.end();
  });
  const connection = await open(server.url);
  await connection.request(get, { signal });
  expect(signal.listeners).toBe(0);
  const refused = connection.request({ ...get, headers: ['a b', ''] }, { signal });
  await expect(refused).rejects.toBeInstanceOf(InvalidRequestError);
  expect(signal.listeners).toBe(0);
  await expect(connection.request(get, { signal })).rejects.toBeInstanceOf(ConnectionClosedError);
  expect(signal.listeners).toBe(0);

  const wire = { ...connection.wire, send: fail } as Wire;
  await expect(new Connection(wire).request(get, { signal })).rejects.toThrow('not sent');
  expect(signal.listeners).toBe(0);
});

function fail(): never {
  throw new Error('not sent');
}

test('a body that aborts its own request ends it', async () => {
  await using server = await startHttp1Server();
  const connection = await open(server.url);
  const controller = new AbortController();
  const asked = connection.request(
    {
      method: 'POST',
      target: '/',
      get body() {
        controller.abort(new Error('by the request itself'));
        return 'x';
      },
    },
    controller,
  );
  await expect(asked).rejects.toThrow('by the request itself');
});

test.each([
  ['of a known length', response('a'.repeat(70_000))],
  [
    'in chunks',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\naa\r\n0\r\n\r\n',
  ],
  ['until the end of the connection', 'HTTP/1.1 200 OK\r\n\r\naaaaa'],
  ['that is empty', response('')],
])('a body %s is collected', async (_, text) => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(text);
    peer.end();
  });
  const connection = await open(server.url);
  const { body } = await connection.request(get);
  expect(body.toString()).toMatch(/^a*$/);
  expect(body).toHaveLength(
    text.includes('chunked') ? 3 : (text.split('\r\n\r\n')[1]?.length ?? 0),
  );
});

test('a length that is announced takes no memory before its bytes come', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for (const length of [1_000_000_000_000, 16_777_216]) {
      const { method } = await peer.readRequest();
      expect(method).toBe('HEAD');
      await peer.write(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`);
    }
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\nabc');
    peer.end();
  });
  const connection = await open(server.url);
  const head = { method: 'HEAD', target: '/' };
  expect((await connection.request(head)).headers.contentLength).toBe(1_000_000_000_000);
  expect((await connection.request(head)).body).toHaveLength(0);
  await expect(connection.request(get)).rejects.toMatchObject({
    code: 'ERR_MINT_CONNECTION_CLOSED',
    requestSent: true,
  });
});

test('a large upload and a large download arrive whole', async () => {
  const server = await startHttpServer((request, answer) => {
    answer.writeHead(200, { 'content-length': request.headers['content-length'] });
    request.pipe(answer);
  });
  onTestFinished(() => server.close());
  const connection = await open(server.url);
  const body = Buffer.alloc(5_000_000, 'abc');
  const answer = await connection.request({ method: 'POST', target: '/', body });
  expect(answer.body.equals(body)).toBe(true);
});

test('a streamed body is sent in chunks, with trailers', async () => {
  await using server = await startHttp1Server(async (peer) => {
    const { body, trailers } = await peer.readRequest();
    await peer.write(response(`${body.toString()} ${trailers.get('x-sum') ?? ''}`));
  });
  const connection = await open(server.url);
  const answer = await connection.request({
    method: 'POST',
    target: '/',
    body: ['one', 'two'],
    trailers: () => ['x-sum', '6'],
  });
  expect(answer.body.toString()).toBe('onetwo 6');
});

test('a response beyond a limit, or beyond the rules, is an error of its kind', async () => {
  await using large = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('too much of it'));
  });
  const limited = await open(large.url, { maxResponseSize: 5 });
  await expect(limited.request(get)).rejects.toBeInstanceOf(ResponseTooLargeError);

  await using strange = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\ncontent-length: 0\n\n');
  });
  const strict = await open(strange.url);
  await expect(strict.request(get)).rejects.toBeInstanceOf(ProtocolError);
  const lax = await open(strange.url, { bareLineFeeds: true });
  expect((await lax.request(get)).status).toBe(200);
});

test('a second request on a busy HTTP/1 connection is refused, and the first goes on', async () => {
  await using server = await startHttp1Server();
  const connection = await open(server.url);
  const first = connection.request(get);
  await expect(connection.request(get)).rejects.toMatchObject({
    message:
      'The connection serves another request. Allowed: one request at a time on an HTTP/1 connection.',
  });
  const peer = await server.peer();
  await peer.readRequest();
  await peer.write(response('OK'));
  expect((await first).status).toBe(200);
});

test('a stream that the server resets is one failed request', async () => {
  await using server = await startHttp2Server(async (peer) => {
    await peer.handshake();
    peer.reset((await peer.readRequest()).stream, 'REFUSED_STREAM');
    peer.answer((await peer.readRequest()).stream);
  });
  const connection = await open(server.url, { protocols: ['http2'] });
  await expect(connection.request(get)).rejects.toBeInstanceOf(StreamResetError);
  expect((await connection.request(get)).body.toString()).toBe('OK');
});

test('a handler gets a response piece by piece, and stops the server when it pauses', async () => {
  const size = 8_000_000;
  await using server = await startHttp2Server(async (peer) => {
    await peer.handshake();
    const { stream } = await peer.readRequest();
    peer.respond(stream);
    const [settings] = peer.frames.filter(({ type, ack }) => type === 'SETTINGS' && !ack);
    let window = settings?.settings.get(4) ?? 0;
    // As much as the windows allow, and more as they grow.
    for (let left = size; left > 0;) {
      const length = Math.min(left, window, 16_384);
      if (length === 0) {
        window += (await peer.next('WINDOW_UPDATE', { stream })).increment;
        continue;
      }
      left -= length;
      window -= length;
      await peer.write(encodeData(stream, Buffer.alloc(length), { endStream: left === 0 }));
    }
  });
  const connection = await open(server.url, { protocols: ['http2'] });
  const peer = await server.peer();
  let received = 0;
  let paused = 0;
  const finished = Promise.withResolvers<void>();
  const exchange = connection.send(get, {
    onInformational() {},
    onHeaders() {},
    onData(_, from, to) {
      received += to - from;
      paused += 1;
      // Others get their turn before the next piece is asked for.
      void nextTurn().then(() => exchange.resume());
      return false;
    },
    onEnd: () => finished.resolve(),
    onError: finished.reject,
  });
  await finished.promise;
  expect(received).toBe(size);
  expect(paused).toBeGreaterThan(50);
  expect(peer.came('RST_STREAM')).toEqual([]);
});

test('a round trip is measured on HTTP/2, and not on HTTP/1.1', async () => {
  await using server = await startHttp2Server();
  const connection = await open(server.url, { protocols: ['http2'] });
  expect(await connection.ping()).toBeGreaterThanOrEqual(0);

  const old = await startEcho();
  await expect((await open(old.url)).ping()).rejects.toThrow('HTTP/1.1 has no PING');
});

test('a connection is closed at the end of its block, and what is under way fails', async () => {
  await using server = await startHttp1Server();
  let asked: Promise<unknown>;
  let closed: Promise<Error | undefined>;
  {
    await using connection = await connect(server.url);
    asked = connection.request(get).catch((error: unknown) => error);
    ({ closed } = connection);
  }
  expect(await closed).toBeUndefined();
  expect(await asked).toBeInstanceOf(ConnectionClosedError);
  await (
    await server.peer()
  ).closed;
});

test('a connection tells when the server ends it, and with what', async () => {
  await using server = await startHttp1Server();
  const connection = await open(server.url);
  const peer = await server.peer();
  peer.resetConnection();
  expect(await connection.closed).toMatchObject({ code: 'ERR_MINT_CONNECTION_CLOSED' });
  expect(connection.wire.usable).toBe(false);
  await expect(connection.request(get)).rejects.toMatchObject({
    code: 'ERR_MINT_CONNECTION_CLOSED',
    requestSent: false,
  });
});
