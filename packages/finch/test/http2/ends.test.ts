/** Servers that end, flood, or speak something else, as seen by the callers of an instance. */
import {
  createAuthority,
  encodeFields,
  encodeFrame,
  encodeIndexed,
  encodeInserted,
  encodeSettings,
  frameFlag,
  response,
  startHttp1Server,
  startHttp2Server,
} from '@linnet/mint/testing';
import type { Http2Peer } from '@linnet/mint/testing';
import { captureCrashReports, eventually, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FinchError, isFinchError } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { answering, startH2App } from '../support/h2-app.ts';

describe('a server that ends the connection', () => {
  test('does not keep the caller of an upload waiting: he hears of it at once [D3]', async () => {
    const { finch, url, peer, figures } = await startH2App({ settings: { initialWindowSize: 10 } });
    const answer = rejection(finch.post(url, 'x'.repeat(100_000), { receiveTimeout: 'infinity' }));
    const only = await peer();
    await only.next('DATA');
    only.end();
    expect(await answer).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED', requestSent: true });
    await figures({ inUse: 0, idle: 0, inFlight: 0 });
  });

  test('with requests under way: each fails, the figures are true, and the next one is served [D13] [F177] [F191]', async () => {
    using crashes = captureCrashReports();
    const { finch, ask, url, peer, figures } = await startH2App();
    const answers = Array.from({ length: 10 }, () => rejection(finch.post(url, 'body')));
    const first = await peer(0);
    for (let count = 0; count < 10; count += 1) await first.readRequest();
    await figures({ inFlight: 10 });
    first.resetConnection();
    for (const answer of answers) {
      expect(await answer).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED' });
    }
    await figures({ inUse: 0, idle: 0, inFlight: 0, queued: 0 });
    const next = ask();
    const second = await peer(1);
    second.answer((await second.readRequest()).stream);
    expect((await next).status).toBe(200);
    expect(crashes.reports).toEqual([]);
  });

  test('while an instance stops: what is under way ends with an error after the time of grace [F164]', async () => {
    const clock = new TestClock().install(onTestFinished);
    const { finch, url, peer } = await startH2App();
    const answer = rejection(finch.post(url, 'body'));
    const only = await peer();
    await only.readRequest();
    const stopped = finch.stop();
    await clock.advance(60_000);
    expect(isFinchError(await answer)).toBe(true);
    await stopped;
    await only.closed;
  });
});

/** What a server may do wrong to a request; all of it is an error, and the next request is served. */
const wrongs: Record<string, (peer: Http2Peer, stream: number) => unknown> = {
  'a frame on a stream never opened': (peer) => peer.data(99, 'x'),
  'DATA before the head': (peer, stream) => peer.data(stream, 'x'),
  'a body longer than content-length [D8]': (peer, stream) => {
    peer.respond(stream, 200, [['content-length', '2']]);
    peer.data(stream, 'body', { endStream: true });
  },
  'a body shorter than content-length [D8]': (peer, stream) => {
    peer.respond(stream, 200, [['content-length', '10']]);
    peer.data(stream, 'body', { endStream: true });
  },
  'no :status [M27]': (peer, stream) => peer.headers(stream, [['a', 'b']], { endStream: true }),
  'a header bomb of 10 kB that stands for 40 MB [F178]': (peer, stream) =>
    peer.headers(
      stream,
      Buffer.concat([
        encodeFields([[':status', '200']]),
        encodeInserted('x', 'y'.repeat(4000)),
        Buffer.alloc(10_000, encodeIndexed(62)),
      ]),
      { endStream: true },
    ),
  'more header fields than maxHeaderSize [F162] [F178]': (peer, stream) =>
    peer.respond(stream, 200, [['x-large', 'x'.repeat(100_000)]], { parts: 7, endStream: true }),
  'HPACK garbage [M26]': (peer, stream) => peer.headers(stream, encodeIndexed(200)),
  'a PUSH_PROMISE [M30]': (peer, stream) => peer.pushPromise(stream, 2, []),
  'interim responses without end': (peer, stream) => {
    const one = encodeFrame(
      'HEADERS',
      frameFlag.END_HEADERS,
      stream,
      encodeFields([[':status', '103']]),
    );
    peer.send(Buffer.concat(Array.from({ length: 10_000 }, () => one)));
  },
};

describe('a server that sends', () => {
  test.each(Object.entries(wrongs))(
    '%s: a typed error for a caller, and the next request is served',
    async (_what, misbehave) => {
      using crashes = captureCrashReports();
      let requests = 0;
      const { finch, ask, url, figures } = await startH2App({
        maxHeaderSize: 32_768,
        script: answering((peer, { stream }) => {
          requests += 1;
          if (requests === 1) misbehave(peer, stream);
          else peer.answer(stream);
        }),
      });
      // Node.js 22 does not tell of each end of a connection: there this limit ends the request.
      const answer = finch.post(url, 'body', { receiveTimeout: 2000 });
      expect(await rejection(answer)).toBeInstanceOf(FinchError);
      await eventually(async () => expect((await ask()).status).toBe(200));
      await figures({ inUse: 0, idle: 1, inFlight: 0 });
      expect(crashes.reports).toEqual([]);
    },
  );

  test.each([
    ['PING', encodeFrame('PING', 0, 0, Buffer.alloc(8))],
    ['SETTINGS', encodeSettings({ maxConcurrentStreams: 100 })],
    ['unknown frames', encodeFrame(0xcc, 0, 0, Buffer.alloc(10))],
  ])(
    'a flood of %s: the request is answered or fails with a typed error, and the next one is served',
    async (_what, one) => {
      using crashes = captureCrashReports();
      let requests = 0;
      const { finch, ask, url } = await startH2App({
        script: answering((peer, { stream }) => {
          requests += 1;
          if (requests === 1) peer.send(Buffer.concat(Array.from({ length: 50_000 }, () => one)));
          peer.answer(stream);
        }),
      });
      const outcome = await finch.post(url, 'body').then(
        ({ status }) => status,
        (error: unknown) => isFinchError(error),
      );
      expect([200, true]).toContain(outcome);
      expect((await ask()).status).toBe(200);
      expect(crashes.reports).toEqual([]);
    },
  );
});

describe('a server that does not speak HTTP/2', () => {
  test('but HTTP/1.1, in the clear: a typed error, each time', async () => {
    await using server = await startHttp1Server(async (peer) => {
      await peer.readUntil('SM\r\n\r\n');
      await peer.write(response('no', ['connection: close'], '400 Bad Request'));
      peer.end();
    });
    const { finch } = await startApp({ pools: { default: { protocols: ['http2'] } } });
    for (let count = 0; count < 3; count += 1) {
      const error = await rejection(finch.get(`http://127.0.0.1:${server.port}/`));
      expect(error).toMatchObject({ code: 'ERR_FINCH_PROTOCOL' });
    }
    await finch.stop();
  });

  test('but only HTTP/1.1 by ALPN: a TlsError', async () => {
    const authority = createAuthority();
    const server = await startHttp2Server(() => {}, {
      tls: { ...authority.issue(['localhost']), ALPNProtocols: ['http/1.1'] },
    });
    onTestFinished(() => server.close());
    const { finch } = await startApp({
      pools: { default: { protocols: ['http2'], connOpts: { tls: { ca: authority.ca } } } },
    });
    expect(await rejection(finch.get(server.url))).toMatchObject({ code: 'ERR_FINCH_TLS' });
  });

  test('by ALPN is spoken to in HTTP/2 where it does, over TLS', async () => {
    const authority = createAuthority();
    const server = await startHttp2Server(
      async (peer) => {
        await peer.handshake();
        await answering()(peer);
      },
      { tls: { ...authority.issue(['localhost']) } },
    );
    onTestFinished(() => server.close());
    const { finch } = await startApp({
      pools: {
        default: { protocols: ['http1', 'http2'], connOpts: { tls: { ca: authority.ca } } },
      },
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => finch.get(server.url)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(server.peers).toHaveLength(1);
    const [request] = server.peers[0]?.frames.filter(({ type }) => type === 'HEADERS') ?? [];
    expect(request?.fields.get(':scheme')).toBe('https');
  });
});
