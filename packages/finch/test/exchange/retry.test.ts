/** What is sent again, and what must not be: rule by rule. */
import { response, startHttp1Server } from '@linnet/mint/testing';
import type { Http1Peer } from '@linnet/mint/testing';
import { exit, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConnectionClosedError, Finch, Pool } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { connectionsOf, shardOf } from '../support/pool-app.ts';

/** Answers `good` requests on each of the first connections, then closes without a word. */
async function startStaleServer(options: { stale: number; answer?: (peer: Http1Peer) => unknown }) {
  const heads: string[] = [];
  const server = await startHttp1Server(async (peer, index) => {
    for (let served = 0; ; served++) {
      const request = await peer.readRequest().catch(() => undefined);
      if (request === undefined) return;
      heads.push(request.text);
      if (served > 0 && index < options.stale) {
        await (options.answer ?? (() => {}))(peer);
        peer.socket.destroy();
        return;
      }
      await peer.write(response(`from ${index}`));
    }
  });
  onTestFinished(() => server.close());
  const { finch } = await startApp();
  const url = `http://127.0.0.1:${server.port}/`;
  return { server, heads, finch, url, key: Pool.key(url) };
}

describe('a keep-alive connection that the server closed', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    'before any byte of the answer to a %s: it is sent again, on a new connection [D16] [A3]',
    async (method) => {
      const { server, heads, finch, url } = await startStaleServer({ stale: 1 });
      await finch.get(url);

      const answer = await finch.request(Finch.build(method, url));

      expect(answer.status).toBe(200);
      expect(heads).toHaveLength(3);
      expect(server.peers).toHaveLength(2);
    },
  );

  test.each(['POST', 'PATCH', 'PURGE'])(
    'does not have a %s sent again: it may have been processed [A3]',
    async (method) => {
      const { heads, finch, url, key } = await startStaleServer({ stale: 1 });
      await finch.get(url);

      const error = await rejection(finch.request(Finch.build(method, url, undefined, 'body')));

      expect(error).toBeInstanceOf(ConnectionClosedError);
      expect(error).toMatchObject({
        pool: key,
        reused: true,
        requestSent: true,
        bytesReceived: 0,
        phase: 'receive',
      });
      expect(heads).toHaveLength(2);
    },
  );

  test('does not have a request sent again after a byte of the answer', async () => {
    const { heads, finch, url } = await startStaleServer({
      stale: 1,
      answer: (peer) => peer.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst'),
    });
    await finch.get(url);

    const error = await rejection(finch.get(url));

    expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED', requestSent: true });
    expect((error as ConnectionClosedError).bytesReceived).toBeGreaterThan(0);
    expect(heads).toHaveLength(2);
  });

  test('does not have a request sent a third time', async () => {
    // A second idle connection and every new one end in the same way.
    const { heads, finch, url } = await startStaleServer({ stale: 10 });
    const key = Pool.key(url);
    const leases = await Promise.all([finch.checkout(url), finch.checkout(url)]);
    for (const lease of leases) {
      await lease.request('/');
      lease.release();
    }
    expect(shardOf(finch, key).idleCount).toBe(2);

    // Sent again it goes to a new connection, which answers: not to the other idle one.
    expect((await finch.get(url)).status).toBe(200);
    expect(heads).toHaveLength(4);
  });

  test('has room made for the new connection when all others are idle', async () => {
    const server = await startHttp1Server(async (peer, index) => {
      await peer.readRequest();
      await peer.write(response(`from ${index}`));
      const again = await peer.readRequest().catch(() => undefined);
      if (again !== undefined) peer.socket.destroy();
    });
    onTestFinished(() => server.close());
    const url = `http://127.0.0.1:${server.port}/`;
    const { finch } = await startApp({ pools: { default: { size: 2 } } });
    const leases = await Promise.all([finch.checkout(url), finch.checkout(url)]);
    for (const lease of leases) {
      await lease.request('/');
      lease.release();
    }

    const answer = await finch.get(url);

    expect(answer.text()).toBe('from 2');
    expect(shardOf(finch, Pool.key(url)).open).toBeLessThanOrEqual(2);
  });

  test('does not have a fresh connection’s request sent again', async () => {
    const server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      peer.socket.destroy();
    });
    onTestFinished(() => server.close());
    const { finch } = await startApp();

    const error = await rejection(finch.get(`http://127.0.0.1:${server.port}/`));

    expect(error).toMatchObject({ reused: false, requestSent: true, bytesReceived: 0 });
    expect(server.peers).toHaveLength(1);
  });

  test('does not have it sent again with retry: false', async () => {
    const { heads, finch, url } = await startStaleServer({ stale: 1 });
    await finch.get(url);

    const error = await rejection(finch.get(url, { retry: false }));

    expect(error).toMatchObject({ reused: true, bytesReceived: 0 });
    expect(heads).toHaveLength(2);
  });

  test('does not have a body that was begun sent again', async () => {
    const { heads, finch, url } = await startStaleServer({ stale: 1 });
    await finch.get(url);
    let begun = 0;
    async function* body() {
      begun++;
      yield 'half';
    }

    const error = await rejection(finch.put(url, body()));

    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(begun).toBe(1);
    expect(heads.length).toBeLessThanOrEqual(2);
  });

  test('has a body that can be made anew sent again', async () => {
    const { heads, finch, url } = await startStaleServer({ stale: 1 });
    await finch.get(url);
    let made = 0;
    function body() {
      made++;
      return ['one ', 'two'].values();
    }

    expect((await finch.put(url, body)).status).toBe(200);
    expect(made).toBe(2);
    expect(heads.at(-1)).toContain('one ');
  });
});

describe('a connection that is found closed before anything is written', () => {
  test('does not fail a request of any method, nor the next one [D16] [H34]', async () => {
    const { server, heads, finch, url } = await startStaleServer({ stale: 0 });
    for (let round = 0; round < 5; round++) {
      await finch.get(url);
      // The server ends it; the client may or may not have noticed when it sends again.
      const peer = server.peers.at(-1);
      peer?.socket.destroy();
      await peer?.closed;
      const answer = await finch.post(url, 'body');
      expect(answer.status).toBe(200);
      server.peers.at(-1)?.socket.destroy();
      await eventually(() => expect(shardOf(finch, Pool.key(url)).open).toBe(0));
    }

    expect(heads.filter((head) => head.startsWith('POST'))).toHaveLength(5);
  });

  test('a killed connection process that was opening for a request costs it nothing', async () => {
    const clock = new TestClock().install(onTestFinished);
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const { finch } = await startApp({
      pools: { default: { connOpts: { connectTimeout: 100, tls: { rejectUnauthorized: false } } } },
    });
    const url = `https://127.0.0.1:${silent.port}/`;
    const waiting = rejection(finch.get(url));
    await silent.peer(0);
    using _ = captureCrashReports();
    const [connection] = await connectionsOf(finch, Pool.key(url));
    exit(connection as Pid, 'kill');

    await silent.peer(1);
    await clock.advance(100);

    expect(await waiting).toMatchObject({ code: 'ERR_FINCH_CONNECT_TIMEOUT' });
  });
});

describe('reuse', () => {
  test.each([
    ['200 with a length', response('OK')],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['304', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
    ['404', response('gone', [], '404 Not Found')],
    ['chunked', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n'],
  ])(
    'a response %s leaves the connection for the next request [A2] [H31] [H43]',
    async (_, answer) => {
      const server = await startHttp1Server(async (peer) => {
        while ((await peer.readRequest().catch(() => undefined)) !== undefined) {
          await peer.write(answer);
        }
      });
      onTestFinished(() => server.close());
      const { finch } = await startApp();
      for (let round = 0; round < 5; round++) await finch.get(`http://127.0.0.1:${server.port}/`);

      expect(server.peers).toHaveLength(1);
    },
  );

  test('a response with connection: close does not [F28] [H32] [H33]', async () => {
    const server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(response('OK', ['connection: close']));
    });
    onTestFinished(() => server.close());
    const { finch } = await startApp({ pools: { default: { size: 2 } } });
    const url = `http://127.0.0.1:${server.port}/`;
    for (let round = 0; round < 20; round++) {
      expect((await finch.get(url)).text()).toBe('OK');
    }

    expect(server.peers).toHaveLength(20);
    await eventually(() =>
      expect(shardOf(finch, Pool.key(url)).figures).toMatchObject({ idle: 0, inUse: 0 }),
    );
  });
});
