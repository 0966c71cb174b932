/**
 * Bodies that are read while they are sent: who may send one, and that nothing
 * of it stays open, whichever way and in whichever phase its request ends.
 */
import { createReadStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { response, startHttp1Server } from '@linnet/mint/testing';
import { exit, spawn } from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  Finch,
  InvalidRequestError,
  OptionsError,
  QueueFullError,
  RequestBodyError,
  type BodyInput,
  type Request,
} from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { nextPart } from '../support/async-parts.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { startPoolApp } from '../support/pool-app.ts';
import { fileOf, letGo, openFile, watchedBodies, type WatchedBody } from '../support/sources.ts';

/** Answers with the body that came. */
async function startEcho() {
  const server = await startHttpServer(async (request, answer) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    answer.end(text);
  });
  onTestFinished(() => server.close());
  return server;
}

/** A port at which nobody listens. */
async function refusingUrl(): Promise<string> {
  const server = await startHttp1Server();
  await server.close();
  return `http://127.0.0.1:${server.port}/`;
}

const kinds = Object.keys(watchedBodies);
const kindsAtOnce = kinds.filter((kind) => !kind.startsWith('a function'));

function watched(kind: string): Promise<WatchedBody> {
  const make = watchedBodies[kind];
  if (make === undefined) throw new Error(`no body ${kind}`);
  return make();
}

describe.each(kinds)('%s is let go of [W11]', (kind) => {
  test('when the server refuses the connection', async () => {
    const finch = await startFinch();
    const body = await watched(kind);
    expect(await rejection(finch.post(await refusingUrl(), body.body))).toMatchObject({
      code: 'ERR_FINCH_CONNECT',
    });
    await letGo(body);
  });

  test('when no connection becomes free in time, and when the queue is full', async () => {
    const { ask, finch, server } = await startPoolApp({ size: 1, maxQueue: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const [waiting, surplus] = [await watched(kind), await watched(kind)];
    const late = rejection(finch.post(server.url, waiting.body, { poolTimeout: 20 }));
    expect(await rejection(finch.post(server.url, surplus.body))).toBeInstanceOf(QueueFullError);
    await letGo(surplus);
    expect(await late).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT' });
    await letGo(waiting);
    server.release();
    await first;
  });

  test('when its request is cancelled: before, in the queue, while it is sent', async () => {
    const { ask, finch, server } = await startPoolApp({ size: 1 });
    const bodies = [await watched(kind), await watched(kind), await watched(kind)] as const;
    const [before, queued, sent] = bodies;
    const signal = AbortSignal.abort();
    await rejection(finch.post(server.url, before.body, { signal }));
    await letGo(before);

    const first = ask('/hold');
    await server.holds(1);
    const waits = new AbortController();
    const waiting = rejection(finch.post(server.url, queued.body, { signal: waits.signal }));
    waits.abort();
    expect(await waiting).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED', phase: 'queue' });
    await letGo(queued);
    server.release();
    await first;

    const sends = new AbortController();
    const sending = rejection(
      finch.post(`${server.url}/hold`, sent.body, { signal: sends.signal }),
    );
    await server.holds(1);
    sends.abort();
    expect(await sending).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED', phase: 'receive' });
    await letGo(sent);
  });

  test('when the process that sends it is dead', async () => {
    const { ask, finch, server, figures } = await startPoolApp({ size: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const body = await watched(kind);
    const sender = spawn(() => finch.post(server.url, body.body).catch(() => {}));
    await figures({ queued: 1 });
    exit(sender, 'kill');
    await letGo(body);
    server.release();
    await first;
  });

  test('when the server answers before it wants the body', async () => {
    const server = await startHttp1Server(async (peer) => {
      await peer.readUntil('\r\n\r\n');
      await peer.write(response('no', [], '401 Unauthorized'));
    });
    onTestFinished(() => server.close());
    const finch = await startFinch();
    const body = await watched(kind);
    const headers = { expect: '100-continue' };
    const { status } = await finch.post(`http://127.0.0.1:${server.port}/`, body.body, { headers });
    expect(status).toBe(401);
    await letGo(body);
  });
});

describe.each(kindsAtOnce)('%s is let go of when its request cannot be begun [W11]', (kind) => {
  const begins: Record<string, (finch: Finch, url: string, body: BodyInput) => unknown> = {
    'a bad URL': (finch, _url, body) => finch.post('http://a b/', body),
    'a bad header': (finch, url, body) => finch.put(url, body, { headers: { 'a b': 'c' } }),
    'a bad option': (finch, url, body) => finch.patch(url, body, { retry: 5 } as never),
    'a body in the options': (finch, url, body) => finch.get(url, { body, poolTag: '' }),
    'a bad option of request': (finch, url, body) =>
      finch.request(Finch.build('POST', url, null, body), { retry: 5 } as never),
    'a bad option of open': (finch, url, body) =>
      finch.open(Finch.build('POST', url, null, body), { retry: 5 } as never),
    'no function for stream': (finch, url, body) =>
      finch.stream(Finch.build('POST', url, null, body), 0, undefined as never),
    'a bad option of streamWhile': (finch, url, body) =>
      finch.streamWhile(Finch.build('POST', url, null, body), 0, (_part, cont) => ({ cont }), {
        retry: 5,
      } as never),
    'an instance that does not run': async (finch, url, body) => {
      await finch.stop();
      await finch.post(url, body);
    },
    'no process for asyncRequest': (finch, url, body) =>
      Promise.resolve().then(() => finch.asyncRequest(Finch.build('POST', url, null, body))),
    'a lease that was released': async (finch, url, body) => {
      const server = await startEcho();
      const lease = await finch.checkout(server.url);
      lease.release();
      await lease.request(Finch.build('POST', server.url, null, body));
    },
    'a lease of another server': async (finch, url, body) => {
      const server = await startEcho();
      await using lease = await finch.checkout(server.url);
      await lease.open(Finch.build('POST', url, null, body));
    },
  };
  test.each(Object.keys(begins))('because of %s', async (why) => {
    const finch = await startFinch();
    const body = await watched(kind);
    await rejection(Promise.resolve(begins[why]?.(finch, 'http://127.0.0.1:1/', body.body)));
    await letGo(body);
  });
});

test('a body that Finch.build refuses is the caller’s as before', async () => {
  const stream = await openFile();
  expect(() => Finch.build('POST', 'http://a', { 'a b': 'c' }, stream)).toThrow(
    InvalidRequestError,
  );
  expect(stream.destroyed).toBe(false);
  stream.destroy();
});

test('the body of an open response is given up with the request that was to send it on [W11]', async () => {
  const { ask, finch, server, figures } = await startPoolApp();
  const opened = finch.open(`${server.url}/head`);
  const { body } = await opened;

  await rejection(finch.post(await refusingUrl(), body));

  await figures({ inUse: 0 });
  expect(await rejection(finch.post(server.url, body))).toMatchObject({ reason: 'used_up' });
  expect((await ask()).status).toBe(200);
});

test('descriptors of uploads to a server that refuses are closed [W11]', async () => {
  const finch = await startFinch();
  const url = await refusingUrl();
  const files = await Promise.all(Array.from({ length: 50 }, () => openFile()));
  const outcomes = await Promise.allSettled(files.map((file) => finch.post(url, file)));
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  await eventually(() => expect(files.filter(({ closed }) => !closed)).toEqual([]));
});

describe('a source that failed is a RequestBodyError, and ends no program [W21]', () => {
  const missing = () => createReadStream('/nowhere/at/all');
  const enoent = { code: 'ERR_FINCH_REQUEST_BODY', part: 'body', cause: { code: 'ENOENT' } };

  test('at once', async () => {
    const server = await startEcho();
    const finch = await startFinch();
    const error = await rejection(finch.post(server.url, missing()));
    expect(error).toBeInstanceOf(RequestBodyError);
    expect(error).toMatchObject({ ...enoent, reason: 'failed' });
    expect((await finch.get(server.url)).status).toBe(200);
  });

  test('between Finch.build and the sending', async () => {
    const server = await startEcho();
    const finch = await startFinch();
    const stream = missing();
    const request = Finch.build('POST', server.url, null, stream);
    await new Promise<void>((resolve) => stream.once('close', () => resolve()));
    expect(await rejection(finch.request(request))).toMatchObject({ ...enoent, phase: 'queue' });
  });

  test('in the queue', async () => {
    const { ask, finch, server, figures } = await startPoolApp({ size: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const broken = new Error('disk gone');
    const stream = new PassThrough();
    let fail: (error: Error) => void = () => {};
    const web = new ReadableStream<string>({
      start: (controller) => void (fail = (error) => controller.error(error)),
    });
    const outcomes = [stream, web].map((body) => rejection(finch.post(server.url, body)));
    await figures({ queued: 2 });

    stream.destroy(broken);
    fail(broken);

    for (const outcome of outcomes) {
      expect(await outcome).toMatchObject({
        code: 'ERR_FINCH_REQUEST_BODY',
        phase: 'queue',
        requestSent: false,
        cause: broken,
      });
    }
    await figures({ queued: 0 });
    server.release();
    await first;
    expect(server.requests).toEqual(['/hold']);
  });

  test('while its connection is opened', async () => {
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const { finch } = await startApp({
      pools: { default: { connOpts: { connectTimeout: 5000 } } },
    });
    const stream = new PassThrough();
    const outcome = rejection(finch.post(`https://127.0.0.1:${silent.port}/`, stream));
    await silent.peer(0);
    stream.destroy(new Error('disk gone'));
    expect(await outcome).toMatchObject({ code: 'ERR_FINCH_REQUEST_BODY', phase: 'connect' });
  });

  test('while it is held back', async () => {
    const stream = new PassThrough();
    const server = await startHttp1Server(async (peer) => {
      await peer.readUntil('\r\n\r\n');
      stream.destroy(new Error('disk gone'));
    });
    onTestFinished(() => server.close());
    const finch = await startFinch();
    const headers = { expect: '100-continue' };
    const outcome = finch.post(`http://127.0.0.1:${server.port}/`, stream, { headers });
    expect(await rejection(outcome)).toMatchObject({
      code: 'ERR_FINCH_REQUEST_BODY',
      phase: 'send',
      requestSent: true,
    });
  });

  test('amid a request that is sent again', async () => {
    const stale = await startHttp1Server(async (peer, index) => {
      if (index > 0) return;
      await peer.readRequest();
      await peer.write(response('warm'));
      await peer.readUntil('\r\n\r\n');
      peer.socket.destroy();
    });
    onTestFinished(() => stale.close());
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const url = `http://127.0.0.1:${stale.port}/`;
    await finch.get(url);
    const streams: Readable[] = [];
    const body = (): Readable => {
      const first = new PassThrough();
      first.write('begun');
      const stream = streams.length === 0 ? first : missing();
      streams.push(stream);
      return stream;
    };
    expect(await rejection(finch.put(url, body))).toMatchObject(enoent);
    expect(streams).toHaveLength(2);
    await eventually(() => expect(streams.every(({ closed }) => closed)).toBe(true));
  });

  test('by whatever way the request is sent', async () => {
    const server = await startEcho();
    const finch = await startFinch();
    const build = () => Finch.build('POST', server.url, null, missing());
    await using lease = await finch.checkout(server.url);
    const count = (_part: unknown, sum: number): number => sum + 1;
    const ways = [
      () => finch.open(build()),
      () => finch.stream(build(), 0, count),
      () => finch.streamWhile(build(), 0, (_part, cont) => ({ cont })),
      () => lease.request(build()),
    ];
    for (const way of ways) expect(await rejection(way())).toMatchObject(enoent);
    const last = await inProcess(async () => await nextPart(finch.asyncRequest(build())));
    expect(last).toMatchObject({ type: 'error', error: enoent });
  });

  test('when it gives something else than text or bytes', async () => {
    const server = await startEcho();
    const finch = await startFinch();
    const error = await rejection(finch.post(server.url, Readable.from([{}])));
    expect(error).toBeInstanceOf(RequestBodyError);
    expect(error.message).toContain('must yield strings or bytes, not object');
  });

  test('and it is nobody’s affair after the request', async () => {
    const server = await startEcho();
    const finch = await startFinch();
    const stream = Readable.from(['a']);
    expect((await finch.post(server.url, stream)).text()).toBe('a');
    expect(() => stream.emit('error', new Error('late'))).not.toThrow();
  });
});

describe('a body that can be read once [W22a]', () => {
  const sources: Record<string, () => BodyInput> = {
    'a Node stream': () => Readable.from(['a', 'b']),
    'a web stream': () => new Blob(['ab']).stream() as ReadableStream<Uint8Array>,
    'a generator': () =>
      (function* pieces() {
        yield 'a';
        yield 'b';
      })(),
    'an async generator': () =>
      (async function* pieces() {
        yield 'a';
        yield 'b';
      })(),
    'an iterator': () => ['a', 'b'].values(),
  };

  async function usedUp(finch: Finch, request: Request): Promise<void> {
    const error = await rejection(finch.request(request));
    expect(error).toBeInstanceOf(RequestBodyError);
    expect(error).toMatchObject({ reason: 'used_up', requestSent: false, phase: 'queue' });
    expect(error.message).toContain('is used up');
  }

  test.each(Object.keys(sources))('is not sent a second time: %s', async (kind) => {
    const server = await startEcho();
    const finch = await startFinch();
    const body = sources[kind]?.();
    const request = Finch.build('POST', server.url, null, body);
    expect((await finch.request(request)).text()).toBe('ab');
    await usedUp(finch, request);
    await usedUp(finch, Finch.build('PUT', server.url, null, body));
  });

  test.each(Object.keys(sources))('that is being sent goes on undisturbed: %s', async (kind) => {
    const server = await startEcho();
    const finch = await startFinch();
    const request = Finch.build('POST', server.url, null, sources[kind]?.());
    const first = finch.request(request);
    await usedUp(finch, request);
    expect(await rejection(finch.request(request, { retry: 5 } as never))).toBeInstanceOf(
      OptionsError,
    );
    expect((await first).text()).toBe('ab');
  });

  test('is used up by a request that never sent it', async () => {
    const finch = await startFinch();
    const request = Finch.build('POST', await refusingUrl(), null, sources['a generator']?.());
    await rejection(finch.request(request));
    await usedUp(finch, request);
  });

  test('is used up when somebody has read from it or has a reader of it', async () => {
    const server = await startEcho();
    const finch = await startFinch();
    const read = Readable.from(['a', 'b']);
    await readFirst(read);
    const ended = Readable.from([]);
    for await (const _piece of ended);
    const destroyed = new PassThrough().destroy();
    const locked = new Blob(['ab']).stream();
    locked.getReader();
    const disturbed = new Blob(['ab']).stream();
    const reader = disturbed.getReader();
    await reader.read();
    reader.releaseLock();
    for (const body of [read, ended, destroyed, locked, disturbed]) {
      await usedUp(finch, Finch.build('POST', server.url, null, body as BodyInput));
    }
    expect(read.destroyed).toBe(true);
  });

  test('is left to whoever else reads it', async () => {
    const server = await startEcho();
    const finch = await startFinch();
    const stream = Readable.from(['a', 'b', 'c']);
    const pieces: unknown[] = [];
    for await (const piece of stream) {
      pieces.push(piece);
      await usedUp(finch, Finch.build('POST', server.url, null, stream));
    }
    expect(pieces).toEqual(['a', 'b', 'c']);
  });

  /** Reads a first piece. */
  async function readFirst(stream: Readable): Promise<void> {
    for await (const _piece of stream.iterator({ destroyOnReturn: false })) return;
  }

  test('is no iterable that makes an iterator for each reading', async () => {
    const server = await startEcho();
    const finch = await startFinch();
    const again: BodyInput[] = [
      new Set(['a', 'b']),
      ['a', 'b'],
      {
        *[Symbol.iterator]() {
          yield* ['a', 'b'];
        },
      },
      {
        async *[Symbol.asyncIterator]() {
          yield* ['a', 'b'];
        },
      },
      () => ['a', 'b'].values(),
      new Blob(['ab']),
      Object('ab') as Iterable<string>,
    ];
    for (const body of again) {
      const request = Finch.build('POST', server.url, null, body);
      for (let time = 0; time < 3; time += 1) {
        expect((await finch.request(request)).text()).toBe('ab');
      }
    }
  });

  test('is used up when a function returns it again', async () => {
    const server = await startEcho();
    const finch = await startFinch();
    const stream = Readable.from(['ab']);
    const request = Finch.build('POST', server.url, null, () => stream);
    expect((await finch.request(request)).text()).toBe('ab');
    expect(await rejection(finch.request(request))).toMatchObject({
      code: 'ERR_FINCH_REQUEST_BODY',
      reason: 'used_up',
    });
    expect((await finch.get(server.url)).status).toBe(200);
  });

  test('is sent again when nothing of it was asked for', async () => {
    const path = fileOf('from a file');
    const heads: string[] = [];
    const server = await startHttp1Server(async (peer, index) => {
      if (index === 0) {
        await peer.readRequest();
        await peer.write(response('warm'));
      }
      heads.push(await peer.readUntil('\r\n\r\n'));
      if (index === 0) {
        peer.socket.destroy();
        return;
      }
      await peer.write('HTTP/1.1 100 Continue\r\n\r\n');
      await peer.write(response(await peer.readUntil('0\r\n\r\n')));
    });
    onTestFinished(() => server.close());
    const finch = await startFinch();
    const url = `http://127.0.0.1:${server.port}/`;
    await finch.get(url);
    const stream = createReadStream(path);
    const headers = { expect: '100-continue' };

    const answer = await finch.put(url, stream, { headers });

    expect(answer.text()).toContain('from a file');
    expect(heads).toHaveLength(2);
  });
});
