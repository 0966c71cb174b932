import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions, TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { TlsError, dial, TlsIdentity, createHttp1Wire } from '../../src/index.ts';
import type { Dialled, DialOptions, DialTarget } from '../../src/index.ts';
import { send } from '../driver/exchange-log.ts';
import { createAuthority, createSelfSigned, startHttp1Server } from '../../src/testing/index.ts';
import type { Http1Peer, ScriptedServer } from '../../src/testing/index.ts';
import { turn } from '../support/eventually.ts';
import { startHttpServer } from '../support/http-server.ts';
import { createSocketPath } from '../support/socket-path.ts';

const authority = createAuthority();
const localhost = authority.issue(['localhost', '127.0.0.1']);
const trusting = { ca: authority.ca };

interface Attempt extends DialOptions {
  readonly host?: string;
  readonly servername?: string;
  readonly tls?: TlsIdentity;
}

/** Dials 127.0.0.1 under the given host name. */
async function connect(server: ScriptedServer<Http1Peer>, attempt: Attempt = {}): Promise<Dialled> {
  const { host = 'localhost', servername, tls = new TlsIdentity(trusting), ...options } = attempt;
  const to: DialTarget = {
    origin: `https://${host}:${server.port}`,
    address: { host, port: server.port },
    tls,
    servername,
  };
  const dialled = await dial(to, {
    lookup: (_host, asked, callback) =>
      callback(null, asked.all === true ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4),
    ...options,
  }).result;
  onTestFinished(() => void dialled.socket.destroy());
  return dialled;
}

async function failure(server: ScriptedServer<Http1Peer>, attempt: Attempt = {}): Promise<unknown> {
  return connect(server, attempt).then(
    () => undefined,
    (error: unknown) => error,
  );
}

function startTlsServer(tls: TlsOptions = {}): Promise<ScriptedServer<Http1Peer>> {
  return startHttp1Server((peer) => peer.write('hello'), { tls: { ...localhost, ...tls } });
}

/** Tickets of TLS 1.3 come after the handshake, before the first data; Node reports them at once or soon after. */
async function ticket(socket: Dialled['socket']): Promise<void> {
  await once(socket, 'data');
  await turn(5);
}

/** The server's side of the connection. */
async function accepted(server: ScriptedServer<Http1Peer>, index = 0): Promise<TLSSocket> {
  return (await server.peer(index)).socket as TLSSocket;
}

test('[M41] trusts a certificate of a known authority for the right name', async () => {
  await using server = await startTlsServer();
  const { socket, timings } = await connect(server);
  expect((socket as TLSSocket).authorized).toBe(true);
  expect(timings.tls).toBeGreaterThan(0);
});

test('[M41] does not trust an unknown authority', async () => {
  await using server = await startTlsServer();
  const error = await failure(server, { tls: new TlsIdentity() });
  expect(error).toBeInstanceOf(TlsError);
  expect(error).toMatchObject({
    reason: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    servername: 'localhost',
  });
});

test('[M41] does not trust a self-signed certificate', async () => {
  await using server = await startTlsServer(createSelfSigned(['localhost']));
  expect(await failure(server, { tls: new TlsIdentity() })).toMatchObject({
    code: 'ERR_MINT_TLS',
    reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  });
});

test('[M41] does not trust a certificate for another name', async () => {
  await using server = await startTlsServer();
  expect(await failure(server, { host: 'api.example.com' })).toMatchObject({
    code: 'ERR_MINT_TLS',
    reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

test('[M41] does not trust a certificate that has expired', async () => {
  const validity = { from: new Date('2020-01-01'), to: new Date('2021-01-01') };
  await using server = await startTlsServer(authority.issue(['localhost'], validity));
  expect(await failure(server)).toMatchObject({ reason: 'CERT_HAS_EXPIRED' });
});

test('[M41] lets a wildcard stand for one label only', async () => {
  await using server = await startTlsServer(authority.issue(['*.example.com']));
  expect(await failure(server, { host: 'api.example.com' })).toBeUndefined();
  expect(await failure(server, { host: 'a.b.example.com' })).toBeInstanceOf(TlsError);
  expect(await failure(server, { host: 'example.com' })).toBeInstanceOf(TlsError);
});

test('[M41] checks an address against the addresses of the certificate, and sends no SNI', async () => {
  await using server = await startTlsServer();
  await connect(server, { host: '127.0.0.1' });
  expect((await accepted(server)).servername).toBe(false);
  await using other = await startTlsServer(authority.issue(['localhost']));
  expect(await failure(other, { host: '127.0.0.1' })).toMatchObject({
    reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

test('[W8] checks an address that is given as servername, in place of the host, and sends no SNI', async () => {
  await using server = await startTlsServer();
  const { socket } = await connect(server, { host: 'other.example', servername: '127.0.0.1' });
  expect((socket as TLSSocket).authorized).toBe(true);
  expect((await accepted(server)).servername).toBe(false);
  await using other = await startTlsServer(authority.issue(['localhost']));
  for (const servername of ['127.0.0.1', '10.0.0.1', '::1', '[::1]']) {
    expect(await failure(other, { host: 'localhost', servername })).toMatchObject({
      reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
      servername: servername.replaceAll(/[[\]]/g, ''),
    });
  }
});

test('[W8] gives an address that is given as servername to checkServerIdentity', async () => {
  await using server = await startTlsServer();
  const hosts: string[] = [];
  const checkServerIdentity = (host: string): undefined => void hosts.push(host);
  const tls = new TlsIdentity({ ...trusting, checkServerIdentity });
  await connect(server, { host: 'localhost', servername: '10.0.0.1', tls });
  expect(hosts).toEqual(['10.0.0.1']);
});

test('[W8] never resumes for an address a session of another address or name', async () => {
  await using server = await startTlsServer();
  const tls = new TlsIdentity(trusting);
  const attempts: Attempt[] = [
    { tls, host: '127.0.0.1' },
    { tls, host: '127.0.0.1', servername: 'localhost' },
  ];
  for (const attempt of attempts) {
    const { socket } = await connect(server, attempt);
    await ticket(socket);
    expect((socket as TLSSocket).isSessionReused()).toBe(false);
  }
  // A session resumed is a name unchecked: this one would pass with the session of 127.0.0.1.
  expect(await failure(server, { tls, host: '127.0.0.1', servername: '10.0.0.1' })).toMatchObject({
    reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  const { socket } = await connect(server, { tls, host: '127.0.0.1' });
  expect((socket as TLSSocket).isSessionReused()).toBe(true);
});

test('accepts any certificate with rejectUnauthorized: false, and says so', async () => {
  await using server = await startTlsServer(createSelfSigned(['localhost']));
  const tls = new TlsIdentity({ rejectUnauthorized: false });
  const { socket } = await connect(server, { tls });
  const wire = createHttp1Wire(socket, { origin: 'https://localhost', authority: 'localhost' });
  expect(wire.info.tls).toMatchObject({ authorized: false, version: 'TLSv1.3' });
  wire.destroy();
});

test('leaves the comparison of names to checkServerIdentity, if given', async () => {
  await using server = await startTlsServer();
  const hosts: string[] = [];
  const tls = new TlsIdentity({
    ...trusting,
    checkServerIdentity: (host) => {
      hosts.push(host);
      return host === 'wrong.example' ? new Error('not that one') : undefined;
    },
  });
  await connect(server, { host: 'any.example', tls });
  expect(await failure(server, { host: 'wrong.example', tls })).toMatchObject({
    code: 'ERR_MINT_TLS',
    message: expect.stringContaining('not that one') as string,
  });
  expect(hosts).toEqual(['any.example', 'wrong.example']);
});

test.each([
  ['the host', { host: 'localhost' }, 'localhost'],
  ['the host without its last dot', { host: 'localhost.' }, 'localhost'],
  ['the given name', { host: '127.0.0.1', servername: 'localhost' }, 'localhost'],
])('[M42] sends %s as SNI', async (_what, attempt, sni) => {
  await using server = await startTlsServer();
  const { socket } = await connect(server, attempt);
  expect((await accepted(server)).servername).toBe(sni);
  expect((socket as TLSSocket).authorized).toBe(true);
});

test('[M42] negotiates a protocol by ALPN', async () => {
  await using server = await startTlsServer({ ALPNProtocols: ['h2', 'http/1.1'] });
  expect(await connect(server)).toMatchObject({ alpnProtocol: undefined });
  expect(await connect(server, { alpnProtocols: ['http/1.1'] })).toMatchObject({
    alpnProtocol: 'http/1.1',
  });
  expect(await connect(server, { alpnProtocols: ['h2', 'http/1.1'] })).toMatchObject({
    alpnProtocol: 'h2',
  });
});

test('[M42] fails when ALPN finds no common protocol', async () => {
  await using server = await startTlsServer({ ALPNProtocols: ['http/1.1'] });
  expect(await failure(server, { alpnProtocols: ['h2'] })).toMatchObject({
    code: 'ERR_MINT_TLS',
    reason: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
  });
});

test('shows its own certificate to a server that asks for it', async () => {
  await using server = await startTlsServer({
    ca: authority.ca,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const tls = new TlsIdentity({ ...trusting, ...authority.issue(['worker-7']) });
  await connect(server, { tls });
  expect((await accepted(server)).getPeerCertificate().subject.CN).toBe('worker-7');
});

test('fails when the server wants a certificate and there is none', async () => {
  await using server = await startTlsServer({
    ca: authority.ca,
    requestCert: true,
    rejectUnauthorized: true,
    maxVersion: 'TLSv1.2',
  });
  expect(await failure(server)).toBeInstanceOf(TlsError);
});

test('fails when no protocol version is common', async () => {
  await using server = await startTlsServer({ maxVersion: 'TLSv1.2' });
  const tls = new TlsIdentity({ ...trusting, minVersion: 'TLSv1.3' });
  expect(await failure(server, { tls })).toMatchObject({
    reason: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  });
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes a session of %s', async (maxVersion) => {
  await using server = await startTlsServer({ maxVersion });
  const tls = new TlsIdentity(trusting);
  const resumed: boolean[] = [];
  for (let index = 0; index < 3; index += 1) {
    const { socket } = await connect(server, { tls });
    await ticket(socket);
    resumed.push((socket as TLSSocket).isSessionReused());
  }
  expect(resumed).toEqual([false, true, true]);
});

test('never resumes a session under another identity, name or ALPN list', async () => {
  const both = authority.issue(['localhost', 'other.example']);
  await using server = await startTlsServer({ ...both, ALPNProtocols: ['http/1.1'] });
  const tls = new TlsIdentity(trusting);
  const attempts: Attempt[] = [
    { tls },
    { tls: new TlsIdentity(trusting) },
    { tls, servername: 'other.example' },
    { tls, alpnProtocols: ['http/1.1'] },
    { tls: new TlsIdentity({ ...trusting, maxCachedSessions: 0 }) },
  ];
  for (const attempt of attempts) {
    const { socket } = await connect(server, attempt);
    await ticket(socket);
    expect((socket as TLSSocket).isSessionReused()).toBe(false);
  }
});

test('forgets the sessions of the servers that were stored first', async () => {
  await using one = await startTlsServer();
  await using other = await startTlsServer();
  const tls = new TlsIdentity({ ...trusting, maxCachedSessions: 1 });
  const resumed: boolean[] = [];
  for (const server of [one, other, one, one]) {
    const { socket } = await connect(server, { tls });
    await ticket(socket);
    resumed.push((socket as TLSSocket).isSessionReused());
  }
  expect(resumed).toEqual([false, false, false, true]);
});

test('appends the keys of a session to keyLogFile', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const keyLogFile = join(folder, 'keys');
  await using server = await startTlsServer();
  const { socket } = await connect(server, { tls: new TlsIdentity({ ...trusting, keyLogFile }) });
  await once(socket, 'data');
  while (
    !existsSync(keyLogFile) ||
    !readFileSync(keyLogFile, 'latin1').includes('CLIENT_TRAFFIC')
  ) {
    await turn();
  }
});

test('[M44] speaks TLS over a unix socket, to localhost unless another name is given', async () => {
  using socketPath = createSocketPath();
  await using server = await startHttp1Server((peer) => peer.write('hello'), {
    path: socketPath.path,
    tls: localhost,
  });
  const to: DialTarget = {
    origin: 'https+unix',
    address: { path: socketPath.path },
    tls: new TlsIdentity(trusting),
  };
  const { socket } = await dial(to).result;
  expect((await accepted(server)).servername).toBe('localhost');
  socket.destroy();
  await expect(dial({ ...to, servername: 'other.example' }).result).rejects.toMatchObject({
    reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

test('[W8] checks an address that is given as servername over a unix socket', async () => {
  using socketPath = createSocketPath();
  await using server = await startHttp1Server((peer) => peer.write('hello'), {
    path: socketPath.path,
    tls: localhost,
  });
  const to: DialTarget = {
    origin: 'https+unix',
    address: { path: socketPath.path },
    tls: new TlsIdentity(trusting),
  };
  const { socket } = await dial({ ...to, servername: '127.0.0.1' }).result;
  expect((await accepted(server)).servername).toBe(false);
  socket.destroy();
  await expect(dial({ ...to, servername: '10.0.0.1' }).result).rejects.toMatchObject({
    reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

test('sends requests over TLS and reuses the connection', async () => {
  await using server = await startHttpServer((request, reply) => reply.end(request.url), {
    tls: localhost,
  });
  const { socket } = await dial(
    {
      origin: server.url,
      address: { host: '127.0.0.1', port: server.port },
      servername: 'localhost',
      tls: new TlsIdentity(trusting),
    },
    { alpnProtocols: ['http/1.1'] },
  ).result;
  const wire = createHttp1Wire(socket, { origin: server.url, authority: 'localhost' });
  for (let index = 0; index < 3; index += 1) {
    expect((await send(wire, { target: `/${index}` }).done).body).toBe(`/${index}`);
  }
  expect(server.connections).toBe(1);
  expect(wire.info).toMatchObject({
    remotePort: server.port,
    tls: {
      version: 'TLSv1.3',
      authorized: true,
      resumed: false,
      alpnProtocol: 'http/1.1',
      servername: 'localhost',
    },
  });
  const closed = new Promise((resolve) => {
    wire.onClosed = resolve;
  });
  wire.destroy();
  await closed;
});
