import { once } from 'node:events';
import { response, startHttp1Server } from '@linnet/mint/testing';
import { exit, receive, self, send, spawn, type Pid } from '@linnet/otp';
import { eventually, inProcess, TestClock } from '@linnet/otp/testing';
import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, onTestFinished, test } from 'vitest';
import {
  ConnectError,
  Finch,
  InvalidRequestError,
  isFinchError,
  ReceiveTimeoutError,
  RequestCancelledError,
  RequestTimeoutError,
} from '../../src/index.ts';
import type { FinchError, ResponsePart } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

type Folded = [status: number, headers: readonly (readonly [string, string])[], body: string];

/** What most cases fold a response into. */
function fold(part: ResponsePart, [status, headers, body]: Folded): Folded {
  switch (part.type) {
    case 'status':
      return [part.status, headers, body];
    case 'headers':
      return [status, [...headers, ...part.headers], body];
    case 'data':
      return [status, headers, body + Buffer.from(part.data).toString()];
    default:
      return [status, headers, body];
  }
}

const empty: Folded = [0, [], ''];

async function caught(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}

test('folds status, headers and body into the accumulator [F38]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const [status, headers, body] = await finch.stream(server.url, empty, fold);
  expect([status, body]).toEqual([200, 'OK']);
  expect(headers.length).toBeGreaterThan(0);
});

test('rejects with the accumulator unchanged when there is no connection [F39] [F45]', async () => {
  const finch = await startFinch();
  const nowhere = 'http://does-not-exist.invalid';
  for (const fails of [
    () => finch.stream(nowhere, 'untouched', () => 'touched'),
    () => finch.streamWhile(nowhere, 'untouched', () => ({ cont: 'touched' })),
  ]) {
    const error = (await caught(fails())) as FinchError;
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ acc: 'untouched' });
    expect(Object.keys(error)).not.toContain('acc');
  }
});

test('takes any value as accumulator [F40]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  expect(await finch.stream<'ok'>(server.url, 'ok', (_part, acc) => acc)).toBe('ok');
  expect(await finch.stream(server.url, undefined, () => undefined)).toBe(undefined);
});

test('sends a body with the request, in one piece or many [F42] [F43]', async () => {
  await using server = await startHttpServer(async (request, answer) => {
    let text = `${request.url} `;
    for await (const chunk of request) text += chunk;
    answer.end(text);
  });
  const finch = await startFinch();
  const whole = Finch.build('POST', `${server.url}/?q=1`, {}, 'hello');
  expect((await finch.stream(whole, empty, fold))[2]).toBe('/?q=1 hello');
  const pieces = Finch.build('POST', `${server.url}/?q=1`, {}, function* () {
    for (let count = 0; count < 10_000; count += 1) yield 'please';
  });
  expect((await finch.stream(pieces, empty, fold))[2]).toBe(`/?q=1 ${'please'.repeat(10_000)}`);
});

test('goes through the pool that the tag names [F77] [F78]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const request = Finch.build('GET', server.url, {}, null, { poolTag: 'api' });
  expect((await finch.stream(request, empty, fold))[2]).toBe('OK');
  expect((await finch.streamWhile(request, empty, (p, acc) => ({ cont: fold(p, acc) })))[2]).toBe(
    'OK',
  );
  expect(finch.listPools().map(({ pool }) => pool.tag)).toEqual(['api']);
});

test('goes on while the function says so [F44]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const [status, headers, body] = await finch.streamWhile(server.url, empty, (part, acc) => ({
    cont: fold(part, acc),
  }));
  expect([status, body]).toEqual([200, 'OK']);
  expect(headers.length).toBeGreaterThan(0);
});

for (const where of ['status', 'headers', 'data'] as const) {
  test(`stops at the ${where} of a response without end, and closes its connection [F46]`, async () => {
    await using server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      while (!peer.socket.destroyed) {
        await peer.write('5\r\nchunk\r\n');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const finch = await startFinch();
    const url = `http://127.0.0.1:${server.port}`;
    const [status, headers, body] = await finch.streamWhile(url, empty, (part, acc) =>
      part.type === where ? { halt: fold(part, acc) } : { cont: fold(part, acc) },
    );
    expect(status).toBe(200);
    expect(headers.length).toBe(where === 'status' ? 0 : 1);
    expect(body).toBe(where === 'data' ? 'chunk' : '');
    await (
      await server.peer(0)
    ).closed;
    expect(finch.getPoolStatus(url)[0]).toMatchObject({ inUse: 0, idle: 0 });
  });
}

test('keeps the connection when it stops at the last part of a response', async () => {
  await using server = await startHttpServer((_request, answer) => {
    answer.setHeader('content-length', '2').end('OK');
  });
  const finch = await startFinch();
  for (const where of ['status', 'headers', 'data']) {
    await finch.streamWhile(server.url, empty, (part, acc) =>
      part.type === where ? { halt: fold(part, acc) } : { cont: fold(part, acc) },
    );
    expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0, idle: 1 });
  }
  expect(server.connections).toBe(1);
});

test('hands interim responses and trailers on as parts of their own [F126]', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n');
    await peer.write(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-foo, x-bar\r\n\r\n',
    );
    await peer.write('6\r\nchunk1\r\n6\r\nchunk2\r\n0\r\nx-foo: foo\r\nx-bar: bar\r\n\r\n');
  });
  const finch = await startFinch();
  const parts = await finch.stream<ResponsePart[]>(
    `http://127.0.0.1:${server.port}`,
    [],
    (part, acc) => [...acc, part],
  );
  const shown = parts.map((part) =>
    part.type === 'data' ? { type: 'data', data: Buffer.from(part.data).toString() } : part,
  );
  expect(shown).toEqual([
    { type: 'informational', status: 103, headers: [['link', '</style.css>']] },
    { type: 'status', status: 200 },
    {
      type: 'headers',
      headers: [
        ['transfer-encoding', 'chunked'],
        ['trailer', 'x-foo, x-bar'],
      ],
    },
    { type: 'data', data: 'chunk1' },
    { type: 'data', data: 'chunk2' },
    {
      type: 'trailers',
      trailers: [
        ['x-foo', 'foo'],
        ['x-bar', 'bar'],
      ],
    },
  ]);
});

test('has neither data nor trailers to hand on for a response without', async () => {
  await using server = await startHttpServer((_request, answer) => answer.writeHead(204).end());
  const finch = await startFinch();
  const types = await finch.stream<string[]>(server.url, [], (part, acc) => [...acc, part.type]);
  expect(types).toEqual(['status', 'headers']);
});

test('rejects with what the function throws and frees the connection [F125]', async () => {
  await using server = await startHttpServer((_request, answer) => void answer.write('first'));
  const finch = await startFinch();
  for (const where of ['status', 'headers', 'data']) {
    const thrown = { where };
    const fails = (part: ResponsePart): never | undefined => {
      if (part.type === where) throw thrown;
      return undefined;
    };
    expect(await caught(finch.stream(server.url, undefined, fails))).toBe(thrown);
    const rejects = async (part: ResponsePart): Promise<undefined> => fails(part);
    expect(await caught(finch.stream(server.url, undefined, rejects))).toBe(thrown);
    expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ inUse: 0, queued: 0 });
  }
});

test('rejects when the function returns something else than a step [F51]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const bad = (() => 'bad') as unknown as () => { cont: number };
  const error = await caught(finch.streamWhile(server.url, 0, bad));
  expect(error).toBeInstanceOf(InvalidRequestError);
  expect((error as Error).message).toContain('{ cont: acc } or { halt: acc }');
});

test('rejects without a function, and for bad options, before anything is sent', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const none = undefined as unknown as () => number;
  await expect(finch.stream(server.url, 0, none)).rejects.toThrow(InvalidRequestError);
  await expect(finch.stream(server.url, 0, () => 0, { sise: 1 } as object)).rejects.toMatchObject({
    code: 'ERR_FINCH_OPTIONS',
  });
  expect(server.connections).toBe(0);
});

test('runs the function as the calling process and in its async context', async () => {
  await using server = await startHttpServer((_request, answer) => {
    answer.write('one');
    setImmediate(() => answer.end('two'));
  });
  const finch = await startFinch();
  const storage = new AsyncLocalStorage<string>();
  await finch.request(server.url); // the connection belongs to another context
  const { me, seen } = await inProcess(async () => ({
    me: self(),
    seen: await storage.run('mine', () =>
      finch.stream<{ type: string; pid: Pid; store: unknown }[]>(
        server.url,
        [],
        async (part, acc) => {
          const before = { type: part.type, pid: self(), store: storage.getStore() };
          await new Promise((resolve) => setImmediate(resolve));
          expect(self()).toBe(before.pid);
          return [...acc, before];
        },
      ),
    ),
  }));
  expect(seen.map(({ type }) => type)).toEqual(['status', 'headers', 'data', 'data']);
  for (const { pid, store } of seen) expect([pid, store]).toEqual([me, 'mine']);
});

test('lets the function use the mailbox of the calling process', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const got = await inProcess(() => {
    send(self(), 'hello');
    return finch.stream(server.url, '', async (part, acc) =>
      part.type === 'headers' ? `${String(await receive())}` : acc,
    );
  });
  expect(got).toBe('hello');
});

test('reads nothing more while the promise of the function is pending', async () => {
  const size = 32 * 1024 * 1024;
  let written = 0;
  await using server = await startHttpServer(async (_request, answer) => {
    const piece = Buffer.alloc(64 * 1024);
    answer.setHeader('content-length', size);
    for (; written < size; written += piece.length) {
      if (!answer.write(piece)) await once(answer, 'drain');
    }
    answer.end();
  });
  const finch = await startFinch();
  let go: () => void = () => {};
  const gate = new Promise<void>((resolve) => (go = resolve));
  let calls = 0;
  let running = 0;
  const total = finch.stream(server.url, 0, async (part, sum) => {
    expect(running++).toBe(0); // one call at a time
    if (part.type === 'data' && calls++ === 0) await gate;
    else await Promise.resolve();
    running--;
    return part.type === 'data' ? sum + part.data.length : sum;
  });
  await eventually(() => expect(calls).toBe(1));
  // The server stands still once the buffers between are full.
  for (let before = -1; before !== written;) {
    before = written;
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(written).toBeLessThan(size);
  expect(calls).toBe(1);
  go();
  expect(await total).toBe(size);
});

test('does not count the time of the function as silence of the server', async () => {
  const clock = new TestClock().install(onTestFinished);
  await using server = await startHttpServer((_request, answer) => {
    answer.write(Buffer.alloc(1024));
    answer.end();
  });
  const finch = await startFinch();
  const sum = await finch.stream(
    server.url,
    0,
    async (part, acc) => {
      if (part.type !== 'data') return acc;
      await clock.advance(120);
      return acc + part.data.length;
    },
    { receiveTimeout: 40 },
  );
  expect(sum).toBe(1024);
});

test('rejects with the accumulator so far when the server falls silent', async () => {
  const clock = new TestClock().install(onTestFinished);
  await using server = await startHttpServer((_request, answer) => void answer.write('first'));
  const finch = await startFinch();
  const { promise: data, resolve } = Promise.withResolvers<void>();
  const folding: typeof fold = (part, acc) => {
    if (part.type === 'data') resolve();
    return fold(part, acc);
  };
  const failure = caught(finch.stream(server.url, empty, folding, { receiveTimeout: 30 }));
  await data;
  await clock.advance(30);
  const error = await failure;
  expect(error).toBeInstanceOf(ReceiveTimeoutError);
  const { acc } = error as FinchError & { acc: Folded };
  expect([acc[0], acc[2]]).toEqual([200, 'first']);
});

test('ends by requestTimeout and by signal though the function never settles', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  const never = (): Promise<number> => new Promise(() => {});
  await expect(finch.stream(server.url, 0, never, { requestTimeout: 30 })).rejects.toThrow(
    RequestTimeoutError,
  );
  const controller = new AbortController();
  let called: () => void = () => {};
  const call = new Promise<void>((resolve) => (called = resolve));
  const pending = finch.stream(
    server.url,
    0,
    () => {
      called();
      return never();
    },
    { signal: controller.signal },
  );
  await call;
  controller.abort('enough');
  const error = await caught(pending);
  expect(error).toBeInstanceOf(RequestCancelledError);
  expect(error).toMatchObject({ reason: 'enough', acc: 0 });
});

test('calls the function no more once the calling process is dead, and closes the connection', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n');
  });
  const finch = await startFinch();
  const url = `http://127.0.0.1:${server.port}`;
  const seen: string[] = [];
  const doomed = spawn(async () => {
    await finch.stream(url, 0, (part) => {
      seen.push(`doomed ${part.type}`);
      return 0;
    });
  });
  await eventually(() => expect(seen).toContain('doomed data'));
  exit(doomed, 'kill');
  await (
    await server.peer(0)
  ).closed;
  expect(seen.filter((type) => type === 'doomed data')).toHaveLength(1);
  expect(finch.getPoolStatus(url)[0]).toMatchObject({ inUse: 0, queued: 0 });
});

test('gives several streams that fail of one error each its own accumulator', async () => {
  const finch = await startFinch({
    pools: { default: { connOpts: { tls: { ca: 'not a certificate' } } } },
  });
  const errors = await Promise.all(
    [1, 2, 3].map((acc) => caught(finch.stream('https://127.0.0.1:1', acc, () => 0))),
  );
  expect(errors.map((error) => (error as FinchError).acc)).toEqual([1, 2, 3]);
  for (const error of errors) {
    expect(isFinchError(error)).toBe(true);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).stack).toBeTypeOf('string');
  }
});

test('sends a safe request again when an idle connection turns out to be closed', async () => {
  await using server = await startHttp1Server(async (peer, index) => {
    await peer.readRequest();
    await peer.write(response('one'));
    if (index > 0) return;
    await peer.readRequest();
    peer.resetConnection();
  });
  const finch = await startFinch();
  const url = `http://127.0.0.1:${server.port}`;
  expect((await finch.stream(url, empty, fold))[2]).toBe('one');
  expect((await finch.stream(url, empty, fold))[2]).toBe('one');
  expect(server.peers.length).toBe(2);
});
