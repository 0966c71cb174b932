import { startHttp1Server } from '@linnet/mint/testing';
import { exit, spawn } from '@linnet/otp';
import { eventually, TestClock } from '@linnet/otp/testing';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import {
  ConnectionClosedError,
  ConnectError,
  Finch,
  InvalidJsonError,
  InvalidRequestError,
  ReceiveTimeoutError,
  RequestCancelledError,
  RequestTimeoutError,
} from '../../src/index.ts';
import type { OpenResponse } from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

/** More than the system's own buffers of both sides hold. */
const large = 64 * 1024 * 1024;

/** Serves 64 MB as fast as they are taken, and counts what was. */
async function startLargeServer() {
  const sent = { bytes: 0, closed: 0 };
  const server = await startHttpServer(async (_request, answer) => {
    const piece = Buffer.alloc(64 * 1024);
    answer.setHeader('content-length', large);
    let wake: () => void = () => {};
    answer.on('drain', () => wake());
    answer.on('close', () => {
      sent.closed += 1;
      wake();
    });
    for (let left = large; left > 0 && !answer.destroyed; left -= piece.length) {
      sent.bytes += piece.length;
      if (!answer.write(piece)) await new Promise<void>((resolve) => (wake = resolve));
    }
    answer.end();
  });
  return { server, sent };
}

/** Until the server stands still. */
async function standstill(sent: { bytes: number }): Promise<void> {
  for (let before = -1; before !== sent.bytes;) {
    before = sent.bytes;
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

test('resolves with the head while the body has yet to come [H116]', async () => {
  let finish: () => void = () => {};
  await using server = await startHttpServer((_request, answer) => {
    answer.writeHead(201, { 'x-one': '1' });
    answer.write('first ');
    finish = () => answer.end('last');
  });
  const finch = await startFinch();
  const response = await finch.open(server.url);
  expect(response.status).toBe(201);
  expect(response.headers.get('X-One')).toBe('1');
  expect(response.informational).toEqual([]);
  finish();
  expect(await response.text()).toBe('first last');
  expect(await response.trailers).toEqual([]);
  expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0, idle: 1 });
});

test('gives the body as pieces, text, JSON, bytes or a web stream [H110]', async () => {
  await using server = await startHttpServer((_request, answer) => {
    answer.setHeader('content-type', 'application/json').write('{"name":');
    setImmediate(() => answer.end('"Ada"}'));
  });
  const finch = await startFinch();
  let text = '';
  for await (const piece of (await finch.open(server.url)).body) text += Buffer.from(piece);
  expect(text).toBe('{"name":"Ada"}');
  expect(await (await finch.open(server.url)).text()).toBe(text);
  expect(await (await finch.open(server.url)).json<{ name: string }>()).toEqual({ name: 'Ada' });
  expect(Buffer.from(await (await finch.open(server.url)).bytes()).toString()).toBe(text);
  const stream = (await finch.open(server.url)).body.stream();
  expect(await new Response(stream).text()).toBe(text);
  expect(server.connections).toBe(1);
});

test('has no body to read for HEAD and 204, and gives the connection back at once [H114]', async () => {
  await using server = await startHttpServer((request, answer) => {
    if (request.method === 'HEAD') answer.setHeader('content-length', 5).end();
    else answer.writeHead(204).end();
  });
  const finch = await startFinch();
  for (const method of ['HEAD', 'GET']) {
    const response = await finch.open(Finch.build(method, server.url));
    expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0, idle: 1 });
    expect(await response.text()).toBe('');
  }
});

test('keeps interim responses and trailers apart [H130]', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n');
    await peer.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    await peer.write('2\r\nOK\r\n0\r\nx-sum: 1\r\n\r\n');
  });
  const finch = await startFinch();
  const response = await finch.open(`http://127.0.0.1:${server.port}`);
  expect(response.informational).toMatchObject([{ status: 103, headers: [['link', '</a.css>']] }]);
  expect(await response.text()).toBe('OK');
  expect((await response.trailers).get('x-sum')).toBe('1');
});

test('reads only as much as the reader asks for, and loses nothing [H118]', async () => {
  const { server, sent } = await startLargeServer();
  await using _ = server;
  const finch = await startFinch();
  const response = await finch.open(server.url);
  await standstill(sent);
  expect(sent.bytes).toBeLessThan(large);
  const pieces = response.body[Symbol.asyncIterator]();
  let read = 0;
  while (read < 256 * 1024) {
    read += (await pieces.next()).value?.length ?? 0;
    await standstill(sent);
    expect(sent.bytes).toBeLessThan(large);
  }
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    read += next.value.length;
  }
  expect(read).toBe(large);
  expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0, idle: 1 });
});

test('closes the connection when the reader leaves early, by loop, stream, cancel or scope', async () => {
  const { server, sent } = await startLargeServer();
  await using _ = server;
  const finch = await startFinch();
  const leave: ((response: OpenResponse) => unknown)[] = [
    async (response) => {
      for await (const piece of response.body) if (piece.length > 0) break;
    },
    async (response) => {
      const reader = response.body.stream().getReader();
      await reader.read();
      await reader.cancel();
    },
    (response) => response.cancel('enough'),
    async (response) => {
      await using scoped = response;
      expect(scoped.status).toBe(200);
    },
  ];
  for (const [index, leaves] of leave.entries()) {
    const response = await finch.open(server.url);
    await leaves(response);
    expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0, idle: 0 });
    await eventually(() => expect(sent.closed).toBe(index + 1));
    await expect(response.trailers).rejects.toThrow(RequestCancelledError);
  }
});

test('keeps the connection when a response that has come already is cancelled', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const response = await finch.open(server.url);
  await eventually(() =>
    expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0, idle: 1 }),
  );
  response.cancel();
  // Cut short, but not to be mistaken for the whole.
  await expect(response.text()).rejects.toThrow(RequestCancelledError);
  expect((await finch.request(server.url)).text()).toBe('OK');
  expect(server.connections).toBe(1);
});

test('is read once', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const response = await finch.open(server.url);
  expect(response.body.used).toBe(false);
  await response.text();
  expect(response.body.used).toBe(true);
  await expect(response.text()).rejects.toThrow(InvalidRequestError);
  expect(() => response.body.stream()).toThrow(InvalidRequestError);
});

test('says what is wrong with a body that is not JSON', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('<html>'));
  const finch = await startFinch();
  await expect((await finch.open(server.url)).json()).rejects.toThrow(InvalidJsonError);
});

test('rejects when there is no response', async () => {
  const finch = await startFinch();
  await expect(finch.open('http://does-not-exist.invalid')).rejects.toThrow(ConnectError);
});

test('fails the reading, not the opening, when the response breaks off', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
    peer.end();
  });
  const finch = await startFinch();
  const response = await finch.open(`http://127.0.0.1:${server.port}`);
  const { trailers } = response;
  await expect(response.text()).rejects.toThrow(ConnectionClosedError);
  await expect(trailers).rejects.toThrow(ConnectionClosedError);
});

test('does not count the time of a slow reader as silence of the server', async () => {
  const clock = new TestClock().install(onTestFinished);
  const { server } = await startLargeServer();
  await using _ = server;
  const finch = await startFinch();
  const response = await finch.open(server.url, { receiveTimeout: 150 });
  let read = 0;
  let pauses = 0;
  for await (const piece of response.body) {
    read += piece.length;
    if (pauses++ < 2) await clock.advance(200);
  }
  expect(read).toBe(large);
});

test('ends by receiveTimeout when the server falls silent in mid-body', async () => {
  const clock = new TestClock().install(onTestFinished);
  await using server = await startHttpServer((_request, answer) => void answer.write('first'));
  const finch = await startFinch();
  const response = await finch.open(server.url, { receiveTimeout: 300 });
  const pieces = response.body[Symbol.asyncIterator]();
  expect(Buffer.from((await pieces.next()).value ?? []).toString()).toBe('first');
  const failure = rejection(pieces.next());
  await clock.advance(300);
  expect(await failure).toBeInstanceOf(ReceiveTimeoutError);
});

test('ends a body that nobody begins to read, by receiveTimeout', async () => {
  const clock = new TestClock().install(onTestFinished);
  const { server, sent } = await startLargeServer();
  await using _ = server;
  const finch = await startFinch();
  const response = await finch.open(server.url, { receiveTimeout: 300 });
  await clock.advance(300);
  await eventually(() => expect(sent.closed).toBe(1));
  await expect(response.text()).rejects.toThrow(/the body was not read within receiveTimeout/);
  expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0, idle: 0 });
});

test('ends a body that is not read on, by requestTimeout and by signal', async () => {
  const clock = new TestClock().install(onTestFinished);
  const { server, sent } = await startLargeServer();
  await using _ = server;
  const finch = await startFinch();
  const late = await finch.open(server.url, { requestTimeout: 100 });
  await late.body[Symbol.asyncIterator]().next();
  await clock.advance(100);
  await eventually(() => expect(sent.closed).toBe(1));
  await expect(late.trailers).rejects.toThrow(RequestTimeoutError);
  const controller = new AbortController();
  const response = await finch.open(server.url, { signal: controller.signal });
  controller.abort('enough');
  await expect(response.text()).rejects.toThrow(RequestCancelledError);
  await eventually(() => expect(sent.closed).toBe(2));
});

test('ends with the process that opened it', async () => {
  const { server, sent } = await startLargeServer();
  await using _ = server;
  const finch = await startFinch();
  let opened: OpenResponse | undefined;
  const holder = spawn(async () => {
    opened = await finch.open(server.url);
    await new Promise(() => {});
  });
  await eventually(() => expect(opened).toBeDefined());
  exit(holder, 'kill');
  await eventually(() => expect(sent.closed).toBe(1));
  expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0 });
});

test('ends when nobody holds the response any more', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { server, sent } = await startLargeServer();
  await using _ = server;
  const finch = await startFinch();
  await (async () => {
    const response = await finch.open(server.url, { receiveTimeout: 'infinity' });
    await response.body[Symbol.asyncIterator]().next();
  })();
  await eventually(() => {
    collect();
    expect(sent.closed).toBe(1);
  });
  expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0 });
});

test('is freed when it was left early, however, and with whatever error [W3]', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await using server = await startHttpServer((request, answer) => {
    answer.write('x'.repeat(1000));
    if (request.url === '/whole') answer.end();
  });
  const finch = await startFinch({ pools: { default: { size: 1 } } });
  let freed = 0;
  let left = 0;
  const bodies = new FinalizationRegistry<undefined>(() => (freed += 1));
  const leave: ((response: OpenResponse) => unknown)[] = [
    async ({ body }) => {
      for await (const _piece of body) break;
    },
    (response) => response.cancel(),
    (response) => response.body.cancel(new Error('not wanted')),
    async (response) => {
      await using _ = response;
    },
    async ({ body }) => {
      const stream = body.stream();
      await stream.cancel();
    },
    async ({ body, trailers }) => {
      await body[Symbol.asyncIterator]().return?.();
      await trailers.catch(() => {});
    },
    async (response) => {
      const text = response.text();
      response.cancel();
      await text.catch(() => {});
    },
  ];
  for (const each of leave) {
    for (const path of ['/whole', '/half']) {
      await (async () => {
        const response = await finch.open(`${server.url}${path}`);
        bodies.register(response.body, undefined);
        left += 1;
        await each(response);
      })();
    }
  }
  // What a connection remembers of its last request is not what is looked for.
  await finch.get(`${server.url}/whole`);
  await eventually(() => {
    collect();
    expect(freed).toBe(left);
  });
});

test('hands a body on as the body of another request', async () => {
  await using source = await startHttpServer((_request, answer) => answer.end('through'));
  await using target = await startHttpServer(async (request, answer) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    answer.end(text);
  });
  const finch = await startFinch();
  const { body } = await finch.open(source.url);
  expect((await finch.post(target.url, body)).text()).toBe('through');
});
