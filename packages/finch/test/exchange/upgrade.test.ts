/** Switches of protocols: an upgrade of HTTP/1.1, extended CONNECT on HTTP/2 and HTTP/3. */
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { createAuthority } from '@linnet/mint/testing';
import { exit, spawn } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  InvalidRequestError,
  RequestCancelledError,
  type Finch,
  type PoolOptions,
  type SwitchedProtocol,
} from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { startFinch } from '../support/finch.ts';
import { startH3App } from '../support/h3-app.ts';
import { startHttpServer, type HttpServer } from '../../../mint/test/support/http-server.ts';
import { describeQuic } from '../../../mint/test/support/quic.ts';

const authority = createAuthority();
const tls = authority.issue(['localhost']);

/** Echoes over an upgrade, and says hello over a request. */
async function startEcho(options: Parameters<typeof startHttpServer>[1] = {}): Promise<HttpServer> {
  const server = await startHttpServer((_request, answer) => answer.end('hello'), options);
  onTestFinished(() => server.close());
  server.server.on('upgrade', (_request, socket) => {
    socket.on('error', () => {});
    socket.write(
      'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: echo\r\nx-a: 1\r\n\r\n',
    );
    socket.pipe(socket);
  });
  server.server.on('connect', ({ stream }: { readonly stream: ServerHttp2Stream }) => {
    stream.on('error', () => {});
    stream.respond({ ':status': 200, 'x-a': '1' });
    stream.pipe(stream);
  });
  return server;
}

const start = (options: PoolOptions = {}): Promise<Finch> =>
  startFinch({ pools: { default: { connOpts: { tls: { ca: authority.ca } }, ...options } } });

async function switchTo(finch: Finch, url: string): Promise<SwitchedProtocol> {
  const answer = await finch.upgrade(url, 'echo');
  if (!answer.switched) throw new Error(`answered with ${answer.response.status}`);
  return answer;
}

async function echoes(stream: Duplex): Promise<void> {
  stream.write('ping');
  expect(String((await once(stream, 'data'))[0])).toBe('ping');
}

describe('a switch to another protocol', () => {
  test('makes a connection of HTTP/1.1 a stream, in use until it is closed', async () => {
    const finch = await start({ size: 1 });
    const server = await startEcho();
    const { status, headers, stream } = await switchTo(finch, server.url);
    expect([status, headers.get('x-a')]).toEqual([101, '1']);
    await echoes(stream);
    expect(finch.getStats()).toMatchObject({ inUse: 1 });
    const next = finch.get(server.url);
    stream.destroy();
    expect((await next).status).toBe(200);
    expect(server.connections).toBe(2);
    await eventually(() => expect(finch.getStats().inUse).toBe(0));
  });

  test('is one stream of a connection of HTTP/2, beside requests, from the first request on', async () => {
    const finch = await start();
    const server = await startEcho({
      tls,
      http2: { only: true, settings: { enableConnectProtocol: true } },
    });
    const { status, stream } = await switchTo(finch, server.url);
    expect(status).toBe(200);
    await echoes(stream);
    expect((await finch.get(server.url)).text()).toBe('hello');
    expect(server.connections).toBe(1);
    expect(finch.getStats()).toMatchObject({ inUse: 1 });
    stream.destroy();
    await eventually(() => expect(finch.getStats().inUse).toBe(0));
  });

  test('goes over HTTP/1.1 where the server has it there only', async () => {
    const finch = await start();
    const server = await startEcho({ tls, http2: {} });
    expect((await finch.get(server.url)).text()).toBe('hello');
    const { status, stream } = await switchTo(finch, server.url);
    expect(status).toBe(101);
    await echoes(stream);
    stream.destroy();
  });

  test('is refused where the server has it nowhere, and for what is no protocol', async () => {
    const finch = await start({ protocols: ['http2'] });
    const server = await startEcho({ tls, http2: { only: true } });
    const error = await rejection(finch.upgrade(server.url, 'echo'));
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect(error).toMatchObject({ option: 'upgrade', value: 'echo' });
    for (const protocol of ['', 'a b', 'a\r\nb: c', 7 as never]) {
      expect(await rejection(finch.upgrade(server.url, protocol))).toMatchObject({
        code: 'ERR_FINCH_INVALID_REQUEST',
        option: 'upgrade',
      });
    }
    expect((await finch.get(server.url)).text()).toBe('hello');
    expect(server.connections).toBe(1);
  });

  test('that the server does not make is a response', async () => {
    const finch = await start();
    const server = await startHttpServer((_request, answer) => answer.writeHead(403).end('no'));
    onTestFinished(() => server.close());
    const answer = await finch.upgrade(server.url, 'echo');
    if (answer.switched) throw new Error('it was made');
    expect(answer.response.status).toBe(403);
    expect(await answer.response.text()).toBe('no');
    await eventually(() => expect(finch.getStats().inUse).toBe(0));
  });

  test('can be given up while it is asked for', async () => {
    const finch = await start();
    const server = await startHttpServer(() => {});
    onTestFinished(() => server.close());
    const asked = once(server.server, 'upgrade');
    const controller = new AbortController();
    const waiting = rejection(finch.upgrade(server.url, 'echo', { signal: controller.signal }));
    await asked;
    controller.abort();
    expect(await waiting).toBeInstanceOf(RequestCancelledError);
    await eventually(() => expect(finch.getStats().inUse).toBe(0));
  });

  test('ends with the process that asked for it, and with the pool', async () => {
    const finch = await start();
    const server = await startEcho();
    const streams: Duplex[] = [];
    const pid = spawn(async () => {
      streams.push((await switchTo(finch, server.url)).stream);
      await new Promise(() => {});
    });
    await eventually(() => expect(streams).toHaveLength(1));
    exit(pid, 'kill');
    await eventually(() => expect(streams[0]?.destroyed).toBe(true));
    const { stream } = await switchTo(finch, server.url);
    const closed = once(stream, 'close');
    await finch.stopPool(server.url, { grace: 0 });
    await closed;
  });
});

describeQuic('a switch to another protocol on HTTP/3', () => {
  test('is one stream of the connection', async () => {
    const app = await startH3App({
      settings: { enableConnectProtocol: 1 },
      script: async (peer) => {
        const { stream, fields } = await peer.readRequest();
        expect([...fields]).toContainEqual([':protocol', 'echo']);
        peer.respond(stream);
        peer.data(stream, 'hello');
        await peer.closed;
      },
    });
    const { status, stream } = await switchTo(app.finch, app.url);
    expect(status).toBe(200);
    expect(String((await once(stream, 'data'))[0])).toBe('hello');
    await app.figures({ inUse: 1, inFlight: 1 });
    stream.destroy();
    await app.figures({ inUse: 0, inFlight: 0, idle: 1 });
  });
});
