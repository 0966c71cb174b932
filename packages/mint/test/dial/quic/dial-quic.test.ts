import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { checkServerIdentity } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import {
  dialQuic,
  TlsIdentity,
  ConnectError,
  ConnectTimeoutError,
  OptionsError,
  TlsError,
} from '../../../src/index.ts';
import { createAuthority } from '../../../src/testing/index.ts';
import { connectQuic, failureOf, trusting } from '../../support/dial-quic.ts';
import { eventually } from '../../support/eventually.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { authority, describeQuic, startQuicServer, udpSockets } from '../../support/quic.ts';

/** A UDP port of an address at which nothing is ever answered. */
async function silentPort(address = '127.0.0.1'): Promise<number> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return socket.address().port;
}

/** A port at which nothing listens. */
async function closedPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

function lookupOf(...addresses: readonly string[]): LookupFunction {
  return (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
}

describeQuic('dialling QUIC', () => {
  test('opens a connection, and says how long that took', async () => {
    const { port } = await startQuicServer();
    const target = { origin: 'https://x', host: 'localhost', port, tls: trusting };
    const dialling = dialQuic(target, { lookup: lookupOf('127.0.0.1') }, (dialled) => dialled);
    const { session, timings } = await dialling.result;
    expect(session.isClosed).toBe(false);
    expect(timings.connect).toBeGreaterThan(0);
    expect(timings.tls).toBe(0);
    expect(timings.total).toBeCloseTo(timings.lookup + timings.connect);
    session.close(0x100, '');
  });

  test('closes the connection when what is made of it throws', async () => {
    const server = await startQuicServer();
    const target = { origin: 'https://x', host: '127.0.0.1', port: server.port, tls: trusting };
    const made = dialQuic({ ...target, servername: 'localhost' }, {}, () => {
      throw new Error('no wire');
    });
    await expect(made.result).rejects.toThrow('no wire');
    expect(await server.peers[0]?.closed).toMatchObject({ by: 'peer' });
  });

  test('dials from the local address that it is given', async () => {
    const server = await startQuicServer();
    const { session } = await connectQuic({ ...server, localAddress: '127.0.0.2' });
    expect(session.info.localAddress).toBe('127.0.0.2');
  });

  test('fails for a local address that is not there', async () => {
    const error = await failureOf({ port: 443, localAddress: '192.0.2.1' });
    expect(error).toMatchObject({ code: 'ERR_MINT_CONNECT', reason: 'EADDRNOTAVAIL' });
  });

  test('dials over IPv6', async () => {
    const server = await startQuicServer({ host: '::1' });
    const { session } = await connectQuic({ ...server, host: '::1' });
    expect(session.info.remoteAddress).toBe('::1');
  });

  test('fails at once when nothing listens there', async () => {
    const error = await failureOf({ port: await closedPort() });
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ reason: 'ECONNREFUSED' });
    expect((error as ConnectError).waited).toBeGreaterThan(0);
  });

  test('fails when nothing is answered in time', async () => {
    const error = await failureOf({ port: await silentPort(), connectTimeout: 20 });
    expect(error).toBeInstanceOf(ConnectTimeoutError);
    expect(error).toMatchObject({ limit: 20 });
  });

  test('fails with the reason of a signal, before and meanwhile', async () => {
    const port = await silentPort();
    await expect(failureOf({ port, signal: AbortSignal.abort('early') })).resolves.toBe('early');
    const controller = new AbortController();
    const failed = failureOf({ port, signal: controller.signal });
    setImmediate(() => controller.abort(new Error('late')));
    await expect(failed).resolves.toMatchObject({ message: 'late' });
  });

  test('can be cancelled at any moment', async () => {
    const { port } = await startQuicServer();
    for (let turns = 0; turns < 12; turns++) {
      const target = { origin: 'https://x', host: '127.0.0.1', port, tls: trusting };
      const dialling = dialQuic({ ...target, servername: 'localhost' }, {}, ({ session }) => {
        session.close(0x100, '');
        return 'open';
      });
      for (let turn = 0; turn < turns; turn++) {
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
      }
      dialling.cancel(new Error('cancelled'));
      const outcome = await dialling.result.catch((error: Error) => error.message);
      expect(['open', 'cancelled']).toContain(outcome);
    }
  });

  test('fails with the error of the lookup', async () => {
    const lookup: LookupFunction = (_host, _options, callback) =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    const error = await failureOf({ port: 1, host: 'nowhere.test', lookup });
    expect(error).toMatchObject({ code: 'ERR_MINT_CONNECT', reason: 'ENOTFOUND' });
  });

  test.each([0, 65_536])('fails for port %i, and leaves no socket', async (port) => {
    expect(await failureOf({ port })).toBeInstanceOf(ConnectError);
    expect(await failureOf({ port, localAddress: '127.0.0.1' })).toBeInstanceOf(ConnectError);
    await eventually(() => expect(udpSockets()).toBe(0));
  });
});

describeQuic('the addresses of a name', () => {
  test('are tried in turn, at once where nothing listens', async () => {
    const server = await startQuicServer();
    const lookup = lookupOf('127.0.0.3', '127.0.0.4', '127.0.0.1');
    const client = await connectQuic({ ...server, host: 'localhost', lookup });
    expect(client.session.info.remoteAddress).toBe('127.0.0.1');
  });

  test('are tried in turn, after a while where nothing is answered', async () => {
    const server = await startQuicServer();
    const silent = createSocket('udp4').bind(server.port, '127.0.0.3');
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    const client = await connectQuic({
      ...server,
      host: 'localhost',
      lookup: lookupOf('127.0.0.3', '127.0.0.1'),
      autoSelectFamilyAttemptTimeout: 10,
    });
    expect(client.session.info.remoteAddress).toBe('127.0.0.1');
  });

  test('are tried with both families in turn (RFC 8305)', async () => {
    const server = await startQuicServer({ host: '::1' });
    const clock = new ManualClock();
    const lookup = lookupOf('127.0.0.3', '127.0.0.4', '::1');
    const client = await connectQuic({ ...server, host: 'localhost', lookup, clock });
    expect(client.session.info.remoteAddress).toBe('::1');
  });

  test('are only the first one without autoSelectFamily', async () => {
    const server = await startQuicServer();
    const lookup = lookupOf('127.0.0.3', '127.0.0.1');
    const dialing = { ...server, host: 'localhost', lookup, autoSelectFamily: false };
    expect(await failureOf(dialing)).toMatchObject({ reason: 'ECONNREFUSED' });
  });

  test('are all in the error when none is answered', async () => {
    const port = await closedPort();
    const lookup = lookupOf('127.0.0.3', '127.0.0.1');
    const error = await failureOf({ port, host: 'localhost', lookup });
    expect(error).toMatchObject({ reason: 'ECONNREFUSED' });
    expect((error as ConnectError).cause).toBeInstanceOf(AggregateError);
  });

  test('may be a single one of a lookup that gives no list', async () => {
    const server = await startQuicServer();
    const lookup: LookupFunction = (_host, _options, callback) => callback(null, '127.0.0.1', 4);
    const client = await connectQuic({ ...server, host: 'localhost', lookup });
    expect(client.session.info.remoteAddress).toBe('127.0.0.1');
  });
});

describeQuic('the certificate of a QUIC server', () => {
  test('must be of a known authority', async () => {
    const server = await startQuicServer();
    const error = await failureOf({ ...server, tls: new TlsIdentity() });
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ reason: 'UNKNOWN_CA', servername: 'localhost' });
    const other = new TlsIdentity({ ca: createAuthority('another').ca });
    expect(await failureOf({ ...server, tls: other })).toMatchObject({ reason: 'UNKNOWN_CA' });
    expect(await server.peers[0]?.closed).toMatchObject({ by: 'peer', code: 0x130 });
  });

  test('must be for the name', async () => {
    const server = await startQuicServer({ names: ['example.com'] });
    const error = await failureOf(server);
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  test('may be for another host than the one that is dialled: the servername counts', async () => {
    const server = await startQuicServer({ names: ['origin.test'] });
    const { session } = await connectQuic({ ...server, servername: 'origin.test' });
    expect(session.info.tls?.servername).toBe('origin.test');
  });

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '[::1]'],
  ])('may be for an address: %s', async (host, servername) => {
    const server = await startQuicServer({ host, names: [host] });
    const { session } = await connectQuic({ ...server, host, servername });
    expect(session.info.tls).toMatchObject({ authorized: true, servername: undefined });
  });

  test('must be for the address', async () => {
    const server = await startQuicServer({ names: ['localhost', '127.0.0.2'] });
    const error = await failureOf({ ...server, servername: '127.0.0.1' });
    expect(error).toMatchObject({ reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(await server.peers[0]?.closed).toMatchObject({ by: 'peer', code: 0x12a });
  });

  test('must not have expired', async () => {
    const validity = { from: new Date(2020, 1), to: new Date(2021, 1) };
    const server = await startQuicServer({ ...authority.issue(['localhost'], validity) });
    expect(await failureOf(server)).toMatchObject({ reason: 'CERTIFICATE_EXPIRED' });
  });

  test('may be any with rejectUnauthorized: false, which the info tells', async () => {
    const server = await startQuicServer({ names: ['example.com'] });
    const tls = new TlsIdentity({ rejectUnauthorized: false });
    const { session } = await connectQuic({ ...server, tls });
    expect(session.info.tls?.authorized).toBe(false);
  });

  test('is judged by checkServerIdentity, too', async () => {
    const server = await startQuicServer({ names: ['localhost', '127.0.0.1'] });
    const seen: unknown[] = [];
    const check: typeof checkServerIdentity = (host, certificate) => {
      seen.push(host, certificate.subjectaltname);
      return host === '127.0.0.1' ? new Error('not this one') : undefined;
    };
    const tls = new TlsIdentity({ ca: authority.ca, checkServerIdentity: check });
    await connectQuic({ ...server, tls });
    expect(seen).toEqual(['localhost', 'DNS:localhost, IP Address:127.0.0.1']);
    const error = await failureOf({ ...server, servername: '127.0.0.1', tls });
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ cause: { message: 'not this one' } });
  });
});

describeQuic('the identity of a QUIC client', () => {
  test('is told from its options, in which there may be several authorities', async () => {
    const server = await startQuicServer();
    const tls = new TlsIdentity({ ca: [createAuthority('other').ca, Buffer.from(authority.ca)] });
    await connectQuic({ ...server, tls });
  });

  test('logs its keys into a file for its owner alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'linnet-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const keyLogFile = join(folder, 'keys');
    const server = await startQuicServer();
    await connectQuic({ ...server, tls: new TlsIdentity({ ca: authority.ca, keyLogFile }) });
    expect(readFileSync(keyLogFile, 'latin1')).toContain('CLIENT_TRAFFIC_SECRET_0');
    expect(statSync(keyLogFile).mode & 0o777).toBe(0o600);
  });

  test('does without a log that cannot be written', async () => {
    const keyLogFile = '/nonexistent/keys';
    const server = await startQuicServer();
    const warned = once(process, 'warning');
    await connectQuic({ ...server, tls: new TlsIdentity({ ca: authority.ca, keyLogFile }) });
    expect(await warned).toMatchObject([{ code: 'LINNET_MINT_KEYLOG' }]);
    expect(existsSync(keyLogFile)).toBe(false);
  });

  test('is refused when QUIC cannot honour an option of it', async () => {
    const tls = new TlsIdentity({ ca: authority.ca, maxVersion: 'TLSv1.2' });
    const error = await failureOf({ port: 1, tls });
    expect(error).toBeInstanceOf(OptionsError);
    expect(error).toMatchObject({ option: 'tls.maxVersion' });
  });

  test('may be one that the server asks for', async () => {
    const server = await startQuicServer({ verifyPeer: true, ca: authority.ca });
    const certificate = authority.issue(['client']);
    const client = await connectQuic({
      ...server,
      tls: new TlsIdentity({ ca: authority.ca, ...certificate }),
    });
    await client.session.ping();
    expect(server.peers[0]?.driver.peerCertificate).toBeInstanceOf(Uint8Array);
  });

  test('is missed by a server that asks for one, after the handshake of this side', async () => {
    const server = await startQuicServer({ verifyPeer: true, ca: authority.ca });
    const client = await connectQuic(server);
    expect(await client.closed).toMatchObject({ by: 'peer', code: 0x174, isApplication: false });
  });

  test('is refused by a server that does not speak HTTP/3', async () => {
    const server = await startQuicServer({ alpn: ['other'] });
    expect(await failureOf(server)).toMatchObject({ reason: 'NO_APPLICATION_PROTOCOL' });
  });
});
