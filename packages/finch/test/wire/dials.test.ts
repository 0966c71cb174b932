/** What may go wrong between the dial and the first request: it has a type, and leaves no socket. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';
import { createAuthority, response, startHttp1Server } from '@linnet/mint/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pool, type PoolOptions } from '../../src/index.ts';
import { expectNoConnections, openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { joinSockets } from '../../../mint/test/support/http-proxy.ts';
import { startSocksProxy } from '../../../mint/test/support/socks-proxy.ts';

const authority = createAuthority();
const certificate = authority.issue(['localhost', '127.0.0.1']);
const connOpts = { tls: { ca: authority.ca } };

/** A TLS server that selects this protocol, or none. */
async function startTls(options: TlsOptions = {}) {
  const sockets = new Set<Socket>();
  const server = createTlsServer({ ...certificate, ...options });
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  return { server, port, url: `https://127.0.0.1:${port}` };
}

/** An HTTP proxy that opens every tunnel to this port, and says so in these bytes. */
async function startTunnels(to: number, established: string): Promise<string> {
  const server = createTcpServer((client) => {
    client
      .on('error', () => {})
      .once('data', () => {
        client.write(established);
        joinSockets(
          client,
          connect(to, '127.0.0.1').on('error', () => {}),
        );
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a TLS server that selects no protocol, where HTTP/2 is the only one', () => {
  const protocols = ['http2'] as const;

  test('fails each request with a TlsError, and leaves no socket [W2]', async () => {
    const { server, url } = await startTls();
    const { finch } = await startApp({
      pools: [[Pool.new(url), { protocols: [...protocols], size: 3, connOpts }]],
    });
    const errors = await Promise.all(Array.from({ length: 5 }, () => rejection(finch.get(url))));
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'ERR_FINCH_TLS', reason: 'NO_APPLICATION_PROTOCOL' });
    }
    await expectNoConnections(server);
    expect(openSlots(finch)).toBe(0);
  });

  test('leaves none through proxies either [W2]', async () => {
    const { server, port, url } = await startTls();
    const http = await startTunnels(port, 'HTTP/1.1 200 OK\r\n\r\n');
    const socks = await startSocksProxy();
    onTestFinished(() => socks[Symbol.asyncDispose]());
    for (const proxy of [http, `socks5h://${socks.authority}`]) {
      const { finch } = await startApp({
        pools: [[Pool.new(url), { protocols: [...protocols], connOpts: { ...connOpts, proxy } }]],
      });
      const errors = await Promise.all(Array.from({ length: 5 }, () => rejection(finch.get(url))));
      for (const error of errors)
        expect(error).toMatchObject({ reason: 'NO_APPLICATION_PROTOCOL' });
      await expectNoConnections(server);
    }
  });

  test('lets the program end [W2]', async () => {
    const { port } = await startTls();
    const code = `
      import { Finch } from '@linnet/finch';
      const finch = await Finch.startLink({
        name: 'F',
        pools: { default: { protocols: ['http2'], size: 3, connOpts: { tls: { ca: process.env.CA } } } },
      });
      const url = 'https://127.0.0.1:${port}/';
      const ends = await Promise.allSettled(Array.from({ length: 5 }, () => finch.get(url)));
      console.log(ends.map(({ reason }) => reason?.code).join());
    `;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@linnet/source', '--input-type=module', '-e', code],
      { cwd: import.meta.dirname, env: { ...process.env, CA: authority.ca } },
    );
    expect(stdout.trim()).toBe(Array(5).fill('ERR_FINCH_TLS').join());
  });
});

test.each<[string, PoolOptions]>([
  ['HTTP/1.1', { protocols: ['http1'] }],
  ['HTTP/2', { protocols: ['http2'] }],
  ['both', {}],
])(
  'a server of TLS 1.3 that requires a certificate fails requests over %s with a TlsError [W13]',
  async (_what, options) => {
    const { url } = await startTls({
      ca: authority.ca,
      requestCert: true,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    const { finch } = await startApp({ pools: [[Pool.new(url), { ...options, connOpts }]] });
    for (let index = 0; index < 5; index += 1) {
      for (const answer of [finch.get(url), finch.post(url, 'body')]) {
        const error = await rejection(answer);
        expect(error).toMatchObject({ code: 'ERR_FINCH_TLS' });
        expect(error.message).toMatch(/certificate/);
      }
    }
  },
);

test.each([
  ['a length and chunks', 'transfer-encoding: chunked\r\ncontent-length: 5\r\n'],
  ['two lengths', 'content-length: 5\r\ncontent-length: 6\r\n'],
  ['a length', 'content-length: 1000\r\n'],
  ['no fields', ''],
  ['`connection: close`', 'connection: close\r\n'],
])('a tunnel that a proxy opens with %s is a tunnel [W12]', async (_what, fields) => {
  const origin = await startHttpServer((_request, answer) => answer.end('origin'), {
    tls: certificate,
  });
  onTestFinished(() => origin.close());
  const proxy = await startTunnels(origin.port, `HTTP/1.1 200 Established\r\n${fields}\r\n`);
  const { finch } = await startApp({
    pools: [[Pool.new(origin.url), { connOpts: { ...connOpts, proxy } }]],
  });
  for (let index = 0; index < 3; index += 1) {
    expect((await finch.get(origin.url)).text()).toBe('origin');
  }
});

test.each(['at once', 'after an interim response'])(
  'bytes that a proxy sends beyond its answer are no response: %s [W19]',
  async (when) => {
    const interim = when === 'at once' ? '' : 'HTTP/1.1 103 Early Hints\r\n\r\n';
    const server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(`${interim}HTTP/1.1 200 OK\r\n\r\n${response('foreign')}`);
      await peer.readRequest();
      await peer.write(response('own'));
    });
    onTestFinished(() => server.close().catch(() => {}));
    const url = 'http://origin.test:81';
    const proxy = { url: `http://127.0.0.1:${server.port}`, tunnel: true };
    const { finch } = await startApp({ pools: [[Pool.new(url), { connOpts: { proxy } }]] });
    const outcome = await finch.get(url).then(
      (answer) => answer.text(),
      (error: unknown) => (error as { code?: string }).code,
    );
    expect(outcome).not.toBe('foreign');
    expect([
      'own',
      'ERR_FINCH_PROTOCOL',
      'ERR_FINCH_CONNECTION_CLOSED',
      'ERR_FINCH_PROXY',
    ]).toContain(outcome);
  },
);
