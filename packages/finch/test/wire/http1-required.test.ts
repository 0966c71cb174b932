/** A server that wants HTTP/1.1 for a request (RFC 9113, 7: HTTP_1_1_REQUIRED). */
import { createAuthority, Http1Peer, Http2Peer, response } from '@linnet/mint/testing';
import { TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSecureServer } from 'node:http2';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { Pool, type Finch, type PoolOptions } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { recordEvents } from '../support/record-events.ts';

interface World {
  readonly finch: Finch;
  readonly url: string;
  /** What was asked for, with the protocol: `h2 /a`. */
  readonly asked: string[];
  /** How many connections of each protocol were opened. */
  readonly opened: { h2: number; http1: number };
}

/** On HTTP/2: what the server does with a request. It answers each over HTTP/1.1. */
type Refusal = (peer: Http2Peer, stream: number, path: string) => void;

const refusals: Record<string, Refusal> = {
  RST_STREAM: (peer, stream) => peer.reset(stream, 'HTTP_1_1_REQUIRED'),
  'GOAWAY below the stream': (peer) => peer.goaway(0, 'HTTP_1_1_REQUIRED'),
  'GOAWAY at the stream, and the end': (peer, stream) => {
    peer.goaway(stream, 'HTTP_1_1_REQUIRED');
    peer.end();
  },
};

async function start(refuse: Refusal, options: PoolOptions = {}): Promise<World> {
  const authority = createAuthority();
  const asked: string[] = [];
  const opened = { h2: 0, http1: 0 };
  const sockets = new Set<Socket>();
  const speakH2 = async (socket: TLSSocket): Promise<void> => {
    opened.h2 += 1;
    const peer = await new Http2Peer(socket).handshake();
    for (;;) {
      const request = await peer.readRequest();
      const path = String(request.fields.get(':path'));
      asked.push(`h2 ${path}`);
      refuse(peer, request.stream, path);
    }
  };
  const speakHttp1 = async (socket: TLSSocket): Promise<void> => {
    opened.http1 += 1;
    const peer = new Http1Peer(socket);
    for (;;) {
      const { target: path } = await peer.readRequest();
      asked.push(`http1 ${path}`);
      await peer.write(response(`http1 ${path}`));
    }
  };
  const server = createServer(
    { ...authority.issue(['127.0.0.1']), ALPNProtocols: ['h2', 'http/1.1'] },
    (socket) => {
      const speak = socket.alpnProtocol === 'h2' ? speakH2 : speakHttp1;
      speak(socket).catch(() => {});
    },
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connOpts = { tls: { ca: authority.ca } };
  const { finch } = await startApp({ pools: [[Pool.new(url), { ...options, connOpts }]] });
  return { finch, url, asked, opened };
}

describe.each(Object.entries(refusals))('by %s', (_how, refuse) => {
  test('gets the request over HTTP/1.1, and all that follow [W15]', async () => {
    const { finch, url, asked, opened } = await start(refuse);
    expect((await finch.get(`${url}/1`)).text()).toBe('http1 /1');
    expect((await finch.post(`${url}/2`, 'body')).text()).toBe('http1 /2');
    await Promise.all([finch.get(`${url}/3`), finch.get(`${url}/4`)]);
    expect(asked.slice(0, 3)).toEqual(['h2 /1', 'http1 /1', 'http1 /2']);
    expect(asked).toHaveLength(5);
    expect(opened.h2).toBe(1);
  });

  test('gets a POST, too: it was not processed [W15]', async () => {
    const { finch, url, asked } = await start(refuse);
    expect((await finch.post(`${url}/first`, 'body')).text()).toBe('http1 /first');
    expect(asked).toEqual(['h2 /first', 'http1 /first']);
  });

  test('is not obeyed where only HTTP/2 may be spoken [W15]', async () => {
    const { finch, url, asked } = await start(refuse, { protocols: ['http2'] });
    const error = await rejection(finch.get(url, { requestTimeout: 10_000 }));
    expect(error).toMatchObject({ http2Code: 'HTTP_1_1_REQUIRED' });
    expect(error.name).toMatch(/^(StreamResetError|ConnectionClosedError)$/);
    expect(asked.every((line) => line.startsWith('h2'))).toBe(true);
  });

  test('is not obeyed with `retry: false`, nor on a lease, but remembered by neither [W15]', async () => {
    const { finch, url, asked } = await start(refuse);
    expect(await rejection(finch.get(url, { retry: false }))).toMatchObject({
      http2Code: 'HTTP_1_1_REQUIRED',
    });
    expect((await finch.get(`${url}/next`)).text()).toBe('http1 /next');
    expect(asked).toEqual(['h2 /', 'h2 /next', 'http1 /next']);
  });

  test('is told of a body that cannot be sent again [W15]', async () => {
    const { finch, url } = await start(refuse);
    const pieces = (async function* () {
      yield 'piece';
      await new Promise(() => {});
    })();
    expect(await rejection(finch.post(url, pieces))).toMatchObject({
      http2Code: 'HTTP_1_1_REQUIRED',
    });
  });

  test('is remembered for ten minutes [W15]', async () => {
    const clock = new TestClock().install(onTestFinished);
    const { finch, url, opened } = await start(refuse);
    await finch.get(`${url}/1`);
    await clock.advance(9 * 60_000);
    await finch.get(`${url}/2`);
    expect(opened.h2).toBe(1);
    await clock.advance(61_000);
    await finch.get(`${url}/3`);
    expect(opened.h2).toBe(2);
  });
});

test('many requests at once that a server refuses so are each answered once over HTTP/1.1 [W15]', async () => {
  const { finch, url, asked, opened } = await start(refusals['RST_STREAM'] as Refusal, { size: 5 });
  const paths = Array.from({ length: 50 }, (_, index) => `/${index}`);
  const answers = await Promise.all(paths.map((path) => finch.get(url + path)));
  expect(answers.map((answer) => answer.text())).toEqual(paths.map((path) => `http1 ${path}`));
  expect(asked.filter((line) => line.startsWith('http1'))).toHaveLength(50);
  expect(opened.h2).toBe(1);
  expect(opened.http1).toBeLessThanOrEqual(5);
});

test('what else is under way on the HTTP/2 connection goes on [W15]', async () => {
  let finish = (): void => {};
  const { finch, url } = await start((peer, stream, path) => {
    if (path === '/slow') finish = () => peer.answer(stream, 'h2 at last');
    else peer.reset(stream, 'HTTP_1_1_REQUIRED');
  });
  const slow = finch.get(`${url}/slow`);
  expect((await finch.get(`${url}/refused`)).text()).toBe('http1 /refused');
  finish();
  expect((await slow).text()).toBe('h2 at last');
});

test('a response that has begun is not asked for again [W15]', async () => {
  const { finch, url, asked } = await start((peer, stream) => {
    peer.respond(stream, 200);
    peer.data(stream, 'part');
    peer.reset(stream, 'HTTP_1_1_REQUIRED');
  });
  expect(await rejection(finch.get(url))).toMatchObject({ code: 'ERR_FINCH_STREAM_RESET' });
  expect(asked).toEqual(['h2 /']);
});

test('other origins are spoken to in HTTP/2 as before, and listeners hear of the retry [W15]', async () => {
  const events = recordEvents(['request.retry', 'request.stop']);
  const { finch, url } = await start(refusals['RST_STREAM'] as Refusal);
  const authority = createAuthority();
  const server = createSecureServer(authority.issue(['127.0.0.1']), (request, answer) => {
    answer.end(request.httpVersion);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const other = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await finch.startPool(other, { connOpts: { tls: { ca: authority.ca } } });
  await finch.get(url);
  expect((await finch.get(other)).text()).toBe('2.0');
  expect(events.of('request.retry')).toHaveLength(1);
  expect(events.of('request.stop').map(({ attempts }) => attempts)).toEqual([2, 1]);
});
