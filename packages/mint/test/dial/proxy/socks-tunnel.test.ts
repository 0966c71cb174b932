import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ConnectTimeoutError, ProxyError } from '../../../src/errors/index.ts';
import { TlsIdentity } from '../../../src/dial/index.ts';
import { createAuthority, startHttp1Server } from '../../../src/testing/index.ts';
import type { Http1Peer, ScriptedServer } from '../../../src/testing/index.ts';
import { eventually, turn } from '../../support/eventually.ts';
import { startSocksProxy } from '../../support/socks-proxy.ts';
import { dialUp, failure, firstData } from './through.ts';

const authority = createAuthority();
const tls = new TlsIdentity({ ca: authority.ca });

async function server(script: (peer: Http1Peer) => unknown): Promise<ScriptedServer<Http1Peer>> {
  const raw = await startHttp1Server(script);
  onTestFinished(() => raw.close());
  return raw;
}

const urlOf = ({ port }: ScriptedServer<Http1Peer>): string =>
  `socks5h://ann:s3cret@127.0.0.1:${port}`;

async function expectLeft({ peers }: ScriptedServer<Http1Peer>): Promise<void> {
  await Promise.all(peers.map(({ closed }) => closed));
}

const granted = Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]);

/** Takes part in the greeting without credentials, and answers the request with this. */
async function answer(peer: Http1Peer, reply: Uint8Array): Promise<void> {
  await peer.read(4);
  await peer.write(Buffer.from([5, 0]));
  await peer.read(4 + 1 + 'origin.test'.length + 2);
  await peer.write(reply);
}

test.each([
  ['an address', granted],
  ['an IPv6 address', Buffer.from([5, 0, 0, 4, ...Array<number>(16).fill(1), 0, 80])],
  ['a name', Buffer.from([5, 0, 0, 3, 4, ...Buffer.from('host'), 0, 80])],
])('has a tunnel by a reply with %s, also one that comes in pieces', async (_title, reply) => {
  const proxy = await server(async (peer) => {
    peer.socket.setNoDelay();
    await answer(peer, reply.subarray(0, 3));
    for (const byte of reply.subarray(3)) await peer.write(Buffer.from([byte]));
    await peer.readUntil('ping');
    await peer.write('pong');
  });
  const { socket } = await dialUp({ proxy: urlOf(proxy) }).result;
  socket.write('ping');
  expect(await firstData(socket)).toBe('pong');
});

test.each([
  [1, 'Failure'],
  [2, 'NotAllowed'],
  [3, 'NetworkUnreachable'],
  [4, 'HostUnreachable'],
  [5, 'ConnectionRefused'],
  [6, 'TTLExpired'],
  [7, 'CommandNotSupported'],
  [8, 'AddressNotSupported'],
])('says that the proxy refused with reply %i, %s', async (code, detail) => {
  const proxy = await startSocksProxy({ reply: code });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const error = await failure(dialUp({ proxy: `socks5h://${proxy.authority}`, tls }));
  expect(error).toBeInstanceOf(ProxyError);
  expect(error).toMatchObject({ reason: 'refused', detail, origin: 'https://origin.test:443' });
  await eventually(() => expect(proxy.open).toBe(0));
});

test.each([
  ['authentication_required', ''],
  ['authentication_failed', 'ann:wrong@'],
])('%s with %j', async (reason, userinfo) => {
  const proxy = await startSocksProxy({ credentials: 'ann:right' });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const error = await failure(dialUp({ proxy: `socks5h://${userinfo}${proxy.authority}` }));
  expect(error).toMatchObject({ code: 'ERR_MINT_PROXY', reason });
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('wrong');
  await eventually(() => expect(proxy.open).toBe(0));
});

test.each<readonly [string, string, (peer: Http1Peer) => unknown]>([
  ['bad_answer', 'another version', (peer) => peer.write(Buffer.from([4, 0]))],
  ['bad_answer', 'a method that was not offered', (peer) => peer.write(Buffer.from([5, 3]))],
  ['bad_answer', 'HTTP', (peer) => peer.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['bad_answer', 'a reply that does not exist', (peer) => answer(peer, Buffer.alloc(10, 0x55))],
  ['bad_answer', 'more than a reply', (peer) => answer(peer, Buffer.concat([granted, granted]))],
  ['closed', 'nothing', (peer) => peer.end()],
  [
    'closed',
    'a reset',
    async (peer) => {
      await peer.read(4);
      peer.resetConnection();
    },
  ],
  [
    'closed',
    'half a reply',
    async (peer) => {
      await answer(peer, granted.subarray(0, 7));
      peer.end();
    },
  ],
])('%s: %s', async (reason, _title, script) => {
  const proxy = await server(script);
  const error = await failure(dialUp({ proxy: urlOf(proxy), tls }));
  expect(error).toMatchObject({
    code: 'ERR_MINT_PROXY',
    reason,
    proxy: `socks5h://127.0.0.1:${proxy.port}`,
  });
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('s3cret');
  await expectLeft(proxy);
});

test('keeps what comes first through a tunnel without TLS', async () => {
  const proxy = await server((peer) =>
    answer(peer, Buffer.concat([granted, Buffer.from('hello')])),
  );
  const { socket } = await dialUp({ proxy: urlOf(proxy) }).result;
  expect(await firstData(socket)).toBe('hello');
});

test('has no room for a name of more than 255 bytes', async () => {
  const proxy = await server(() => {});
  const host = `${'a'.repeat(250)}.test.test`;
  const error = await failure(dialUp({ proxy: urlOf(proxy), host }));
  expect(error).toMatchObject({ code: 'ERR_MINT_PROXY', reason: 'refused' });
  await expectLeft(proxy);
});

test('looks the name up itself for socks5, as it is told to', async () => {
  const origin = await server((peer) => peer.write('hello'));
  const proxy = await startSocksProxy();
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const { socket } = await dialUp(
    { proxy: `socks5://${proxy.authority}`, port: origin.port },
    { lookup: (name, _options, done) => done(null, name === 'origin.test' ? '127.0.0.1' : '', 4) },
  ).result;
  expect(await firstData(socket)).toBe('hello');
  expect(proxy.asked).toEqual([`address 127.0.0.1:${origin.port}`]);
});

test('says that there is no such name for socks5, and closes the connection', async () => {
  const proxy = await startSocksProxy();
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const missing = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  const error = await failure(
    dialUp(
      { proxy: `socks5://${proxy.authority}` },
      { lookup: (_name, _options, done) => done(missing, '', 4) },
    ),
  );
  expect(error).toMatchObject({ code: 'ERR_MINT_CONNECT', reason: 'ENOTFOUND' });
  expect(error).not.toHaveProperty('proxy');
  await eventually(() => expect(proxy.open).toBe(0));
});

test('says that a lookup for socks5 threw, and closes the connection', async () => {
  const proxy = await startSocksProxy();
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const lookup = (): never => {
    throw new Error('no resolver');
  };
  const error = await failure(dialUp({ proxy: `socks5://${proxy.authority}` }, { lookup }));
  expect(error).toMatchObject({ code: 'ERR_MINT_CONNECT' });
  expect((error as Error).message).toContain('no resolver');
  await eventually(() => expect(proxy.open).toBe(0));
});

test('says that the proxy closed the connection during the lookup for socks5', async () => {
  const asked = Promise.withResolvers<void>();
  let answer = (): void => {};
  const proxy = await server(async (peer) => {
    await asked.promise;
    peer.resetConnection();
  });
  const dialling = dialUp(
    { proxy: `socks5://127.0.0.1:${proxy.port}` },
    {
      connectTimeout: Infinity,
      lookup: (_name, _options, done) => {
        answer = () => done(null, '127.0.0.1', 4);
        asked.resolve();
      },
    },
  );
  await asked.promise;
  await expectLeft(proxy);
  await turn(5);
  answer();
  expect(await failure(dialling)).toMatchObject({ code: 'ERR_MINT_PROXY', reason: 'closed' });
});

test('leaves no socket when it is cancelled during the lookup for socks5', async () => {
  const proxy = await server(() => {});
  const dialling = dialUp(
    { proxy: `socks5://127.0.0.1:${proxy.port}` },
    { lookup: () => dialling.cancel() },
  );
  expect(await failure(dialling)).toMatchObject({ reason: 'cancelled' });
  await expectLeft(proxy);
});

/** Where a proxy falls silent. */
const silences: readonly (readonly [string, (peer: Http1Peer) => Promise<unknown>])[] = [
  ['before it answers the greeting', (peer) => peer.read(4)],
  ['before it answers the request', (peer) => answer(peer, Buffer.alloc(0))],
  [
    'in the TLS handshake with the server',
    async (peer) => {
      await answer(peer, granted);
      await peer.read(1);
    },
  ],
];

test.each(silences)('gives up after connectTimeout %s', async (_title, script) => {
  const proxy = await server(script);
  const error = await failure(dialUp({ proxy: urlOf(proxy), tls }, { connectTimeout: 100 }));
  expect(error).toBeInstanceOf(ConnectTimeoutError);
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
  expect(await failure(dialling)).toMatchObject({ reason: 'cancelled' });
  await expectLeft(proxy);
});
