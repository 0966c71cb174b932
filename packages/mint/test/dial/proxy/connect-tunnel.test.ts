import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import {
  ConnectError,
  ConnectTimeoutError,
  InvalidRequestError,
  ProxyError,
  TlsError,
  dialThrough,
  parseProxyUrl,
  TlsIdentity,
} from '../../../src/index.ts';
import type { ProxyAddress } from '../../../src/index.ts';
import { createAuthority, startHttp1Server } from '../../../src/testing/index.ts';
import type { Http1Peer, ScriptedServer } from '../../../src/testing/index.ts';
import { eventually, turn } from '../../support/eventually.ts';
import { startHttpProxy } from '../../support/http-proxy.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { dialUp, failure, firstData } from './through.ts';

const authority = createAuthority();
const tls = new TlsIdentity({ ca: authority.ca });

async function server(
  script: (peer: Http1Peer) => unknown,
  secure = false,
): Promise<ScriptedServer<Http1Peer>> {
  const certificate = authority.issue(['origin.test', 'localhost']);
  const raw = await startHttp1Server(script, secure ? { tls: certificate } : {});
  onTestFinished(() => raw.close());
  return raw;
}

/** A proxy that answers a request with this, and nothing after it. */
function answering(answer: string | Buffer): Promise<ScriptedServer<Http1Peer>> {
  return server(async (peer) => {
    await peer.readRequest();
    await peer.write(answer);
  });
}

const urlOf = ({ port }: ScriptedServer<Http1Peer>): string => `http://127.0.0.1:${port}`;

/** Waits until the proxy has lost all its clients. */
async function expectLeft({ peers }: ScriptedServer<Http1Peer>): Promise<void> {
  await Promise.all(peers.map(({ closed }) => closed));
}

test.each([
  ['origin.test', 443, 'origin.test:443'],
  ['10.0.0.1', 80, '10.0.0.1:80'],
  ['fd00::1', 8443, '[fd00::1]:8443'],
])('[M46] asks for %s, port %i, by %s', async (host, port, authority_) => {
  const proxy = await answering('HTTP/1.1 200 OK\r\n\r\n');
  const headers = ['proxy-authorization', 'Basic eA==', 'user-agent', 'test'];
  const { socket } = await dialUp({ proxy: urlOf(proxy), host, port, headers }).result;
  expect(socket.destroyed).toBe(false);
  const { received } = await proxy.peer(0);
  expect(received).toMatch(/\r\n\r\n$/);
  expect(received.split('\r\n').filter((line) => line !== '')).toEqual([
    `CONNECT ${authority_} HTTP/1.1`,
    `host: ${authority_}`,
    expect.stringMatching(/^connection: /),
    'proxy-authorization: Basic eA==',
    'user-agent: test',
  ]);
});

test.each([
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nvia: 1.0 x\r\n\r\n'],
  ['a length', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'],
  ['a transfer coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
  [
    'a transfer coding and a length',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n',
  ],
  [
    'a transfer coding that does not exist, and no length',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: x\r\ncontent-length: y\r\n\r\n',
  ],
  [
    'interim responses',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  ],
])('[M46] [W12] has a tunnel by an answer with %s', async (_title, answer) => {
  const proxy = await server(async (peer) => {
    await peer.readRequest();
    await peer.write(answer);
    await peer.readUntil('ping');
    await peer.write('pong');
  });
  const { socket } = await dialUp({ proxy: urlOf(proxy) }).result;
  socket.write('ping');
  expect(await firstData(socket)).toBe('pong');
});

const switching = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n';

const answers: readonly {
  reason: string;
  title: string;
  answer: string | Buffer;
  status?: number;
}[] = [
  {
    reason: 'refused',
    title: 'a 502 with a body',
    answer: 'HTTP/1.1 502 No\r\ncontent-length: 5\r\n\r\nhello',
    status: 502,
  },
  {
    reason: 'refused',
    title: 'chunks',
    answer: 'HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n',
    status: 503,
  },
  {
    reason: 'refused',
    title: 'a redirect',
    answer: 'HTTP/1.1 302 Found\r\nlocation: https://evil.test\r\n\r\n',
    status: 302,
  },
  {
    reason: 'refused',
    title: 'a long body',
    answer: 'HTTP/1.1 403 No\r\ncontent-length: 9999999\r\n\r\nendless',
    status: 403,
  },
  {
    reason: 'authentication_required',
    title: 'a 407',
    answer: 'HTTP/1.1 407 Who\r\n\r\n',
    status: 407,
  },
  { reason: 'bad_answer', title: 'SSH', answer: 'SSH-2.0-OpenSSH_9.2\r\n' },
  { reason: 'bad_answer', title: 'SOCKS', answer: Buffer.from([5, 0xff]) },
  {
    reason: 'bad_answer',
    title: 'a broken header',
    answer: 'HTTP/1.1 200 OK\r\nbad header\r\n\r\n',
  },
  {
    reason: 'bad_answer',
    title: 'a huge head',
    answer: `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`,
  },
  { reason: 'bad_answer', title: 'another protocol', answer: switching },
  { reason: 'bad_answer', title: 'HTTP/2.0', answer: 'HTTP/2.0 200 OK\r\n\r\n' },
  { reason: 'bad_answer', title: 'bytes after the head', answer: 'HTTP/1.1 200 OK\r\n\r\nsurplus' },
];

test.each(answers)('[M46] $reason: the proxy answers with $title', async (row) => {
  const { reason, answer, status } = row;
  const proxy = await answering(answer);
  const error = await failure(dialUp({ proxy: urlOf(proxy), tls }));
  expect(error).toBeInstanceOf(ProxyError);
  expect(error).toMatchObject({
    code: 'ERR_MINT_PROXY',
    reason,
    proxy: urlOf(proxy),
    origin: 'https://origin.test:443',
  });
  expect((error as ProxyError).status).toBe(status);
  expect((error as ProxyError).message).toContain(urlOf(proxy));
  await expectLeft(proxy);
});

test.each([
  ['at once', (peer: Http1Peer) => peer.end()],
  [
    'after the request',
    async (peer: Http1Peer) => {
      await peer.readRequest();
      peer.end();
    },
  ],
  [
    'in the middle of the head',
    async (peer: Http1Peer) => {
      await peer.readRequest();
      await peer.write('HTTP/1.1 200 Conn');
      peer.end();
    },
  ],
  [
    'in the middle of the head, hard',
    async (peer: Http1Peer) => {
      await peer.readRequest();
      await peer.write('HTTP/1.1 200 OK\r\nvia: ');
      peer.resetConnection();
    },
  ],
])('says that the proxy closed the connection %s', async (_title, script) => {
  const proxy = await server(script);
  const error = await failure(dialUp({ proxy: urlOf(proxy), tls }));
  expect(error).toBeInstanceOf(ProxyError);
  expect(error).toMatchObject({ reason: 'closed', proxy: urlOf(proxy) });
  await expectLeft(proxy);
});

test('says that TLS with the server failed when the tunnel breaks under the handshake', async () => {
  const proxy = await server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\n\r\n');
    await peer.read(1);
    peer.end();
  });
  const error = await failure(dialUp({ proxy: urlOf(proxy), tls }));
  expect(error).toMatchObject({ code: 'ERR_MINT_TLS', origin: 'https://origin.test:443' });
  await expectLeft(proxy);
});

test('keeps what comes first through a tunnel without TLS', async () => {
  const proxy = await answering('HTTP/1.1 200 OK\r\n\r\nhello');
  const { socket } = await dialUp({ proxy: urlOf(proxy) }).result;
  expect(await firstData(socket)).toBe('hello');
});

test('says that a proxy cannot be reached, and which one', async () => {
  const closed = await startHttp1Server();
  await closed.close();
  const error = await failure(
    dialUp({ proxy: `http://user:secret@127.0.0.1:${closed.port}`, tls }),
  );
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({
    reason: 'ECONNREFUSED',
    proxy: `http://127.0.0.1:${closed.port}`,
    origin: 'https://origin.test:443',
  });
  expect((error as Error).message).toContain(
    `the proxy http://127.0.0.1:${closed.port} (on the way`,
  );
});

/** Where a proxy falls silent; each script waits for what comes before that. */
const silences: readonly (readonly [string, (peer: Http1Peer) => Promise<void>])[] = [
  ['before the answer', async (peer) => void (await peer.readRequest())],
  [
    'in the middle of the answer',
    async (peer) => {
      await peer.readRequest();
      await peer.write('HTTP/1.1 200');
    },
  ],
  [
    'in the TLS handshake with the server',
    async (peer) => {
      await peer.readRequest();
      await peer.write('HTTP/1.1 200 OK\r\n\r\n');
      await peer.read(1);
    },
  ],
];

test.each(silences)('[M46] has one time-out for all: %s', async (_title, script) => {
  const proxy = await server(script);
  const error = await failure(dialUp({ proxy: urlOf(proxy), tls }, { connectTimeout: 100 }));
  expect(error).toBeInstanceOf(ConnectTimeoutError);
  expect(error).toMatchObject({ proxy: urlOf(proxy), limit: 100 });
  expect((error as Error).message).toContain(urlOf(proxy));
  await expectLeft(proxy);
});

test.each(silences)('leaves no socket when it is cancelled %s', async (_title, script) => {
  const reached = Promise.withResolvers<void>();
  const proxy = await server(async (peer) => {
    await script(peer);
    reached.resolve();
  });
  const dialling = dialUp({ proxy: urlOf(proxy), tls }, { connectTimeout: Infinity });
  await reached.promise;
  dialling.cancel();
  expect(await failure(dialling)).toMatchObject({ reason: 'cancelled', proxy: urlOf(proxy) });
  await expectLeft(proxy);
});

test.each(silences)('leaves no socket when its signal fires %s', async (_title, script) => {
  const reached = Promise.withResolvers<void>();
  const proxy = await server(async (peer) => {
    await script(peer);
    reached.resolve();
  });
  const controller = new AbortController();
  const dialling = dialUp({ proxy: urlOf(proxy), tls }, { signal: controller.signal });
  await reached.promise;
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await failure(dialling)).toBe(reason);
  await expectLeft(proxy);
});

test('opens nothing when its signal has fired already', async () => {
  const proxy = await server(() => {});
  const reason = new Error('too late');
  const dialling = dialUp({ proxy: urlOf(proxy) }, { signal: AbortSignal.abort(reason) });
  expect(await failure(dialling)).toBe(reason);
  expect(proxy.peers).toHaveLength(0);
});

test('leaves no socket, whichever turn of the event loop it is cancelled in', async () => {
  const origin = await server(() => {}, true);
  const proxy = await startHttpProxy();
  onTestFinished(() => proxy.close());
  let connected = false;
  // Each moment at first, then in growing steps: a busy machine has very many.
  for (let turns = 0; !connected; turns += 1 + (turns >> 3)) {
    const dialling = dialUp({ proxy: proxy.url, port: origin.port, tls });
    const opened = dialling.result.then(
      ({ socket }) => !socket.destroy().connecting,
      () => false,
    );
    await turn(turns);
    dialling.cancel();
    connected = await opened;
    await eventually(() => expect(proxy.open).toBe(0));
  }
});

test('resumes a TLS session of the server through the same proxy only', async () => {
  const origin = await server((peer) => peer.write('hello'), true);
  const [east, west] = [await startHttpProxy(), await startHttpProxy()];
  onTestFinished(async () => {
    await Promise.all([east.close(), west.close()]);
  });
  const identity = new TlsIdentity({ ca: authority.ca });
  const resumed = async (proxy: string): Promise<boolean> => {
    const way = { proxy, host: 'localhost', port: origin.port, tls: identity };
    const { socket } = await dialUp(way).result;
    if (!('isSessionReused' in socket)) throw new Error('no TLS');
    // The session comes before the first data.
    await once(socket, 'data');
    return socket.isSessionReused();
  };
  expect(await resumed(east.url)).toBe(false);
  expect(await resumed(east.url)).toBe(true);
  expect(await resumed(west.url)).toBe(false);
  expect(await resumed(west.url)).toBe(true);
});

test('[M46] negotiates the protocol with the server by ALPN, not with the proxy', async () => {
  const certificate = authority.issue(['origin.test']);
  const origin = await startHttp1Server(() => {}, {
    tls: { ...certificate, ALPNProtocols: ['h2'] },
  });
  onTestFinished(() => origin.close());
  const proxyTls = authority.issue(['localhost']);
  const proxy = await startHttpProxy({ tls: { ...proxyTls, ALPNProtocols: ['h2', 'http/1.1'] } });
  onTestFinished(() => proxy.close());
  const way = { proxy: proxy.url, proxyTls: tls, port: origin.port, tls };
  const options = { alpnProtocols: ['h2'], requireAlpn: true };
  const { alpnProtocol } = await dialUp(way, options).result;
  expect(alpnProtocol).toBe('h2');
});

test('[W8] checks an address that is given as servername with an https proxy, and with the server', async () => {
  const certificate_ = authority.issue(['localhost', '127.0.0.1']);
  const origin = await startHttp1Server(() => {}, { tls: certificate_ });
  onTestFinished(() => origin.close());
  const proxy = await startHttpProxy({ tls: certificate_ });
  onTestFinished(() => proxy.close());
  const way = { proxy: proxy.url, proxyTls: tls, host: 'localhost', port: origin.port, tls };
  const address = '127.0.0.1';
  const { socket } = await dialUp({ ...way, proxyServername: address, servername: address }).result;
  expect(socket.destroyed).toBe(false);
  const reason = 'ERR_TLS_CERT_ALTNAME_INVALID';
  expect(await failure(dialUp({ ...way, proxyServername: '10.0.0.1' }))).toMatchObject({
    reason,
    proxy: proxy.url,
    servername: '10.0.0.1',
  });
  const error = await failure(dialUp({ ...way, servername: '10.0.0.1' }));
  expect(error).toMatchObject({ reason, servername: '10.0.0.1' });
  expect(error).not.toHaveProperty('proxy');
});

test('[W14] a failure in the tunnel tells the time since the dial began', async () => {
  const clock = new ManualClock();
  const proxy = await server(async (peer) => {
    await peer.readRequest();
    clock.advance(300);
    await peer.write('HTTP/1.1 200 OK\r\n\r\n');
    await peer.read(1);
    clock.advance(200);
    peer.end();
  });
  const error = await failure(dialUp({ proxy: urlOf(proxy), tls }, { clock }));
  expect(error).toMatchObject({ code: 'ERR_MINT_TLS', waited: 500 });
});

test('[W2] what throws between the open tunnel and the wire closes the socket', async () => {
  const proxy = await answering('HTTP/1.1 200 OK\r\n\r\n');
  const address = parseProxyUrl(urlOf(proxy)) as ProxyAddress;
  const through = {
    proxy: { ...address, headers: [], tls: undefined, servername: undefined },
    target: { origin: 'http://origin.test:80', address: { host: 'origin.test', port: 80 } },
    forward: false,
  };
  const dialling = dialThrough(through, {}, () => {
    throw new Error('no wire');
  });
  await expect(dialling.result).rejects.toThrow('no wire');
  await expectLeft(proxy);
});

test('[W2] a server that selects no protocol fails the dial where one is required, and no socket stays', async () => {
  const origin = await server(() => {}, true);
  const proxy = await startHttpProxy();
  onTestFinished(() => proxy.close());
  const way = { proxy: proxy.url, port: origin.port, tls };
  const options = { alpnProtocols: ['h2'], requireAlpn: true };
  const error = await failure(dialUp(way, options));
  expect(error).toMatchObject({ code: 'ERR_MINT_TLS', reason: 'NO_APPLICATION_PROTOCOL' });
  await eventually(() => expect(proxy.open).toBe(0));
});

test('[W13] says that an https proxy requires a certificate, though with TLS 1.3 it comes after the handshake', async () => {
  const certificate = authority.issue(['localhost']);
  const mutual = { ca: authority.ca, requestCert: true, rejectUnauthorized: true };
  const proxy = await startHttp1Server(() => {}, { tls: { ...certificate, ...mutual } });
  onTestFinished(() => proxy.close());
  const url = `https://localhost:${proxy.port}`;
  const error = await failure(dialUp({ proxy: url, proxyTls: tls, tls }));
  expect(error).toBeInstanceOf(TlsError);
  expect(error).toMatchObject({
    reason: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    proxy: url,
    origin: 'https://origin.test:443',
  });
  const proxyTls = new TlsIdentity({ ca: authority.ca, ...authority.issue(['me']) });
  const admitted = dialUp({ proxy: url, proxyTls, tls });
  await proxy.peer(0);
  admitted.cancel();
  expect(await failure(admitted)).toMatchObject({ reason: 'cancelled' });
});

test('requires no protocol of an https proxy', async () => {
  const certificate = authority.issue(['localhost']);
  const script = async (peer: Http1Peer): Promise<void> => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\n\r\n');
  };
  const proxy = await startHttp1Server(script, { tls: certificate });
  onTestFinished(() => proxy.close());
  const way = { proxy: `https://localhost:${proxy.port}`, proxyTls: tls };
  const { socket } = await dialUp(way, { alpnProtocols: ['h2'], requireAlpn: true }).result;
  expect(socket.destroyed).toBe(false);
});

test('leaves no tunnel when TLS with the server cannot begin', async () => {
  const proxy = await answering('HTTP/1.1 200 OK\r\n\r\n');
  const options = { alpnProtocols: ['x'.repeat(300)] };
  const error = await failure(dialUp({ proxy: urlOf(proxy), tls }, options));
  expect(error).toMatchObject({ code: 'ERR_MINT_TLS', reason: 'ERR_OUT_OF_RANGE' });
  await expectLeft(proxy);
});

test('says that a field for the proxy cannot be sent, and not that the proxy answered badly', async () => {
  const proxy = await server(() => {});
  const error = await failure(dialUp({ proxy: urlOf(proxy), headers: ['x', 'a\nb'], tls }));
  expect(error).toBeInstanceOf(InvalidRequestError);
  await expectLeft(proxy);
});
