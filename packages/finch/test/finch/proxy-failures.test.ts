import { connect } from 'node:net';
import { inspect } from 'node:util';
import { createAuthority, response, startHttp1Server } from '@linnet/mint/testing';
import type { Http1Peer, ScriptedServer } from '@linnet/mint/testing';
import { introspect, Supervisor } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Finch, Pool, subscribeTelemetry } from '../../src/index.ts';
import type { ConnectionOptions } from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { startFinch } from '../support/finch.ts';
import { uniqueName } from '../support/unique-name.ts';
import { startHttpProxy, withUser } from '../../../mint/test/support/http-proxy.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

const authority = createAuthority();
const { ca } = authority;
const tls = authority.issue(['origin.test']);

async function proxyOf(script: (peer: Http1Peer) => unknown): Promise<ScriptedServer<Http1Peer>> {
  const proxy = await startHttp1Server(script);
  onTestFinished(() => proxy.close());
  return proxy;
}

async function finchWith(proxy: ConnectionOptions['proxy'], more: object = {}): Promise<Finch> {
  const connOpts = { tls: { ca }, proxy, ...more };
  return startFinch({ pools: { default: { connOpts } } });
}

const urlOf = ({ port }: ScriptedServer<Http1Peer>): string => `http://127.0.0.1:${port}`;

it('ends by connectTimeout when a proxy does not answer, and serves the next request', async () => {
  const server = await startHttpServer((_request, answer) => answer.end('ok'), { tls });
  onTestFinished(() => server.close());
  const working = await startHttpProxy();
  onTestFinished(() => working.close());
  // The first connection falls silent; the others are handed on to a proxy that works.
  const proxy = await proxyOf(({ socket }) => {
    if (proxy.peers.length === 1) return;
    const onward = connect(working.port, '127.0.0.1');
    socket
      .removeAllListeners('data')
      .on('data', (text: string) => void onward.write(text, 'latin1'));
    onward.on('error', () => {}).pipe(socket);
    socket.once('close', () => onward.destroy());
  });
  const finch = await finchWith(urlOf(proxy), { connectTimeout: 200 });
  const url = `https://origin.test:${server.port}/`;
  const error = await rejection(finch.get(url));
  expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECT_TIMEOUT', proxy: urlOf(proxy) });
  expect(finch.count()).toBe(0);
  expect((await finch.get(url, { connectTimeout: 10_000 })).status).toBe(200);
});

it.each([
  ['it waits for the answer', (peer: Http1Peer) => peer.readRequest()],
  [
    'it waits for TLS',
    async (peer: Http1Peer) => {
      await peer.readRequest();
      await peer.write('HTTP/1.1 200 OK\r\n\r\n');
      await peer.read(1);
    },
  ],
])(
  'a request that is cancelled while %s takes nobody’s connection away',
  async (_title, script) => {
    const reached = Promise.withResolvers<void>();
    const proxy = await proxyOf(async (peer) => {
      await script(peer);
      reached.resolve();
    });
    const finch = await finchWith(urlOf(proxy));
    const controller = new AbortController();
    const asking = rejection(finch.get('https://origin.test/', { signal: controller.signal }));
    await reached.promise;
    controller.abort();
    expect(await asking).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
    await finch.stopPool('https://origin.test', { grace: 0 });
    const { closed } = await proxy.peer(0);
    await closed;
    expect(finch.count()).toBe(0);
  },
);

it('does not take what a proxy says before the request for the response to it', async () => {
  let requests = 0;
  const proxy = await proxyOf(async (peer) => {
    await peer.readRequest();
    await peer.write(`HTTP/1.1 200 OK\r\n\r\n${response('evil')}`);
    await peer.readRequest().then(
      () => (requests += 1),
      () => {},
    );
  });
  const finch = await finchWith({ url: urlOf(proxy), tunnel: true });
  const outcome = await finch.get('http://origin.test/').then(
    (answer) => answer.text(),
    (error: unknown) => (error as { code: string }).code,
  );
  expect(outcome).not.toBe('evil');
  expect(requests).toBe(0);
});

it('[M46] loses no connection when the proxy breaks off at any moment', async () => {
  const server = await startHttpServer((_request, answer) => answer.end('ok'), { tls });
  onTestFinished(() => server.close());
  const proxy = await startHttpProxy();
  onTestFinished(() => proxy.close());
  const finch = await finchWith(proxy.url);
  const url = `https://origin.test:${server.port}/`;
  let served = false;
  // Each moment at first, then in growing steps: a busy machine has very many.
  for (let turns = 0; !served; turns += 1 + (turns >> 3)) {
    const asking = finch.post(url, 'x').then(
      ({ status }) => status === 200,
      (error: unknown) => {
        expect(error).toHaveProperty('code');
        return false;
      },
    );
    for (let turn = 0; turn < turns; turn++) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
    proxy.kill();
    served = await asking;
    // What was opened after that.
    proxy.kill();
    await eventually(() => {
      expect(proxy.open).toBe(0);
      expect(finch.count()).toBe(0);
    });
  }
});

it('reads the environment when a pool starts, and not before', async () => {
  const server = await startHttpServer((_request, answer) => answer.end('ok'));
  onTestFinished(() => server.close());
  const proxy = await startHttpProxy();
  onTestFinished(() => proxy.close());
  for (const name of ['HTTP_PROXY', 'ALL_PROXY', 'all_proxy', 'no_proxy', 'NO_PROXY']) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv('http_proxy', proxy.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const without = await finchWith(undefined);
  const url = `http://127.0.0.1:${server.port}/`;
  await without.get(url);
  expect(proxy.asked).toHaveLength(0);
  const finch = await finchWith('environment');
  await finch.get(url);
  expect(proxy.asked).toHaveLength(1);
  vi.stubEnv('NO_PROXY', '127.0.0.1');
  await finch.get(url);
  expect(proxy.asked).toHaveLength(2);
  await finch.stopPool(url);
  await finch.get(url);
  expect(proxy.asked).toHaveLength(2);
});

it('does not start a pool whose environment names a proxy that cannot be used', async () => {
  vi.stubEnv('https_proxy', 'gopher://ann:s3cret@proxy.test');
  onTestFinished(() => void vi.unstubAllEnvs());
  const finch = await finchWith('environment');
  const error = await rejection(finch.get('https://origin.test'));
  expect(error).toMatchObject({ code: 'ERR_FINCH_OPTIONS', option: 'https_proxy' });
  expect(inspect(error, { depth: 10 })).not.toContain('s3cret');
});

it('shows credentials nowhere: processes, reports, events, errors', async () => {
  const secret = 's3cret';
  const proxy = await proxyOf(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 407 Who\r\n\r\n');
  });
  const seen: unknown[] = [];
  const logged = vi.spyOn(console, 'error').mockImplementation((...args) => void seen.push(args));
  onTestFinished(() => logged.mockRestore());
  for (const name of ['connect.start', 'connect.exception', 'pool.started'] as const) {
    onTestFinished(subscribeTelemetry(name, (event) => void seen.push(event)));
  }
  const name = uniqueName();
  const supervisor = await Supervisor.startLink(
    [
      Finch.childSpec({ name }),
      Pool.childSpec({
        finch: name,
        pool: 'https://origin.test',
        connOpts: {
          proxy: { url: withUser(urlOf(proxy), `ann:${secret}`), headers: { x: secret } },
        },
      }),
    ],
    { strategy: 'one_for_one' },
  );
  onTestFinished(() => supervisor[Symbol.asyncDispose]());
  const finch = Finch.get(name);
  seen.push(await rejection(finch.get('https://origin.test/')));
  seen.push(introspect(), finch.listPools(), finch.getPoolStatus('https://origin.test'));
  seen.push(await supervisor.whichChildren());
  const { received } = await proxy.peer(0);
  expect(received).toContain(secret);
  const text = inspect(seen, { depth: 20, showHidden: true });
  expect(text).toContain(urlOf(proxy));
  expect(text).not.toContain(secret);
  expect(text).not.toContain(Buffer.from(`ann:${secret}`).toString('base64'));
});

it('leases a connection that goes through a tunnel', async () => {
  const server = await startHttpServer((_request, answer) => answer.end('ok'), { tls });
  onTestFinished(() => server.close());
  const proxy = await startHttpProxy();
  onTestFinished(() => proxy.close());
  const finch = await finchWith(proxy.url);
  const url = `https://origin.test:${server.port}/`;
  const lease = await finch.checkout(url);
  expect((await lease.request(Finch.build('GET', url))).status).toBe(200);
  lease.release();
  expect(finch.count()).toBe(1);
  proxy.kill();
  await eventually(() => expect(finch.count()).toBe(0));
});
