import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import {
  ConnectTimeoutError,
  ProxyError,
  dialThrough,
  TlsIdentity,
  parseProxyUrl,
} from '../../../src/index.ts';
import type { ProxyAddress, ThroughProxy } from '../../../src/index.ts';
import { createAuthority, startHttp1Server } from '../../../src/testing/index.ts';
import type { Http1Peer, Script, ScriptedServer } from '../../../src/testing/index.ts';
import { eventually, turn } from '../../support/eventually.ts';
import { startSocksProxy } from '../../support/socks-proxy.ts';
import { dialUp, failure, firstData } from './through.ts';

const authority = createAuthority();
const tls = new TlsIdentity({ ca: authority.ca });

async function server(script: Script<Http1Peer>): Promise<ScriptedServer<Http1Peer>> {
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
  [
    'bad_answer',
    'a reply with an address of no type',
    (peer) => answer(peer, Buffer.from([5, 0, 0, 9, 127, 0, 0, 1, 0, 80])),
  ],
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

/** What a proxy says that wants credentials, all of it. */
const whole = Buffer.concat([Buffer.from([5, 2, 1, 0]), granted]);

/** Says what a proxy says, up to a byte, and each answer when it is due. */
async function sayUpTo(peer: Http1Peer, length: number): Promise<void> {
  const awaited = [4, '\u0001\u0003ann\u0006s3cret'.length, 4 + 1 + 'origin.test'.length + 2];
  const answers = [whole.subarray(0, 2), whole.subarray(2, 4), whole.subarray(4)];
  let left = length;
  for (const [index, bytes] of answers.entries()) {
    await peer.read(awaited[index] as number);
    await peer.write(bytes.subarray(0, left));
    left -= bytes.length;
    if (left < 0) return;
  }
}

const lengths = Array.from(whole, (_byte, index) => index);

test.each(lengths)('closed: the first %i bytes of all that it had to say', async (length) => {
  const proxy = await server(async (peer, index) => {
    await sayUpTo(peer, length);
    if (index % 2 === 0) peer.end();
    else peer.resetConnection();
  });
  for (const identity of [{ tls }, {}]) {
    const ended = await failure(dialUp({ proxy: urlOf(proxy), ...identity }));
    expect(ended).toMatchObject({ code: 'ERR_MINT_PROXY', reason: 'closed' });
    const reset = await failure(dialUp({ proxy: urlOf(proxy), ...identity }));
    expect(reset).toMatchObject({ code: 'ERR_MINT_PROXY', reason: 'closed' });
  }
  await expectLeft(proxy);
});

test.each(lengths)('leaves no socket when it is cancelled after %i bytes', async (length) => {
  const reached = Promise.withResolvers<void>();
  const proxy = await server(async (peer) => {
    await sayUpTo(peer, length);
    reached.resolve();
  });
  const dialling = dialUp({ proxy: urlOf(proxy) }, { connectTimeout: Infinity });
  await reached.promise;
  dialling.cancel();
  expect(await failure(dialling)).toMatchObject({ reason: 'cancelled' });
  await expectLeft(proxy);
});

test('has a tunnel, or a ProxyError, whatever a proxy says', async () => {
  let junk = Buffer.alloc(0);
  const proxy = await server(async (peer) => {
    await peer.write(junk);
    peer.end();
  });
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const unexpected: unknown[] = [];
  for (let round = 0; round < 300; round += 1) {
    // What it should say, up to some byte, and from there on anything.
    const right = whole.subarray(0, random(whole.length));
    const wrong = Array.from({ length: random(40) }, () => random(256));
    junk = Buffer.concat([right, Buffer.from(wrong)]);
    await dialUp({ proxy: urlOf(proxy) }).result.then(
      ({ socket }) => void socket.destroy(),
      (error: unknown) => void (error instanceof ProxyError || unexpected.push(error)),
    );
  }
  expect(unexpected).toEqual([]);
  await expectLeft(proxy);
});

test('keeps nothing of a tunnel that is closed', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const proxy = await server((peer) => answer(peer, granted));
  const address = parseProxyUrl(urlOf(proxy)) as ProxyAddress;
  const way: ThroughProxy = {
    proxy: { ...address, headers: [], tls: undefined, servername: undefined },
    target: {
      origin: 'http://origin.test:80',
      address: { host: 'origin.test', port: 80 },
      tls: undefined,
      servername: 'origin.test',
    },
    forward: false,
  };
  const dialOne = async (): Promise<WeakRef<Socket>> =>
    new WeakRef((await dialThrough(way).result).socket);
  const sockets = await Promise.all(Array.from({ length: 5 }, dialOne));
  for (const socket of sockets) socket.deref()?.destroy();
  await expectLeft(proxy);
  await eventually(() => {
    collect();
    expect(sockets.filter((socket) => socket.deref() !== undefined)).toEqual([]);
  });
});
