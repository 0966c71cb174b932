/** What can be done on a connection that was checked out, and by whom. */
import { response, startHttp1Server } from '@linnet/mint/testing';
import { exit, isAlive, receive, send, spawn, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, type Lease, type OpenResponse } from '../../src/index.ts';
import { openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { startPoolApp } from '../support/pool-app.ts';

/** The ways to send on a lease; each resolves with the text of the body. */
const ways: [string, (lease: Lease, path: string | URL) => Promise<string>][] = [
  ['request', async (lease, path) => (await lease.request(path)).text()],
  ['open', async (lease, path) => (await lease.open(path)).text()],
  [
    'stream',
    (lease, path) =>
      lease.stream(path, '', (part, text) =>
        part.type === 'data' ? text + Buffer.from(part.data).toString() : text,
      ),
  ],
  [
    'streamWhile',
    (lease, path) =>
      lease.streamWhile(path, '', async (part, text) => {
        await settle();
        return { cont: part.type === 'data' ? text + Buffer.from(part.data).toString() : text };
      }),
  ],
];

const closed = { code: 'ERR_FINCH_CONNECTION_CLOSED' };
const refused = { code: 'ERR_FINCH_INVALID_REQUEST', option: 'lease' };

/** A process that does what it is sent; `error` is what came of the last of it. */
function worker() {
  const done: { error: unknown; count: number } = { error: undefined, count: 0 };
  const pid = spawn(async () => {
    for (;;) {
      const act = (await receive()) as () => unknown;
      try {
        await act();
      } catch (error) {
        done.error = error;
      }
      done.count += 1;
    }
  });
  onTestFinished(() => exit(pid, 'kill'));
  const run = async (act: () => unknown): Promise<unknown> => {
    const before = done.count;
    done.error = undefined;
    send(pid, act);
    await eventually(() => expect(done.count).toBe(before + 1));
    return done.error;
  };
  return { pid, run };
}

test('a request that is written piece by piece tells the writer who gave it up [W14]', async () => {
  const { finch, pool, server } = await startPoolApp();
  await using lease = await finch.checkout(pool);
  const clock = new TestClock(1_000_000).install(onTestFinished);
  const stream = lease.openStream('POST', '/hold');
  const response = rejection(stream.response);
  await stream.write('piece');
  await server.holds(1);

  await clock.advance(20);
  stream.cancel('enough');

  const expected = { code: 'ERR_FINCH_REQUEST_CANCELLED', pool: pool.key, waited: 20 };
  expect(await rejection(stream.write('more'))).toMatchObject({ ...expected, reason: 'enough' });
  expect(await response).toMatchObject({ ...expected, reason: 'enough' });
});

describe.each(ways)('lease.%s', (_, sendOn) => {
  test('sends one request after the other, from a path or a URL [H108] [H109]', async () => {
    const { finch, pool, server, figures } = await startPoolApp();
    const lease = await finch.checkout(pool);

    expect(await sendOn(lease, '/now/1')).toBe('OK');
    expect(await sendOn(lease, `${server.url}/now/2?x=http://y/`)).toBe('OK');
    expect(await sendOn(lease, 'now/3')).toBe('OK');
    await figures({ inUse: 1, idle: 0 });
    lease.release();

    expect(server.requests).toEqual(['/now/1', '/now/2?x=http://y/', '/now/3']);
    expect(server.connections).toBe(1);
    await figures({ inUse: 0, idle: 1 });
  });

  test('is refused while the connection serves another request, which goes on', async () => {
    const { finch, pool, server } = await startPoolApp();
    await using lease = await finch.checkout(pool);
    const first = lease.request('/hold');
    await server.holds(1);

    expect(await rejection(sendOn(lease, '/now'))).toMatchObject({
      code: 'ERR_FINCH_INVALID_REQUEST',
    });

    server.release();
    expect((await first).status).toBe(200);
    expect(await sendOn(lease, '/now')).toBe('OK');
    expect(server.requests).toEqual(['/hold', '/now']);
  });

  test('is refused after release, and leaves the next user of the connection alone [H102]', async () => {
    const { finch, pool, server, ask } = await startPoolApp();
    const lease = await finch.checkout(pool);
    lease.release();
    const next = ask('/hold');
    await server.holds(1);

    expect(await rejection(sendOn(lease, '/now'))).toMatchObject(refused);

    server.release();
    expect((await next).status).toBe(200);
    expect(server.requests).toEqual(['/hold']);
  });

  test('is told that the connection is gone, whatever ended it [H104]', async () => {
    using _crashes = captureCrashReports();
    const { finch, pool, server } = await startPoolApp();
    const killed = await finch.checkout(pool);
    const left = await finch.checkout(pool);
    exit(killed.connection, 'kill');
    server.server.closeAllConnections();
    await eventually(() => expect(isAlive(left.connection)).toBe(false));

    for (const lease of [killed, left]) {
      expect(await rejection(sendOn(lease, '/now'))).toMatchObject({
        ...closed,
        requestSent: false,
      });
      expect(lease.release()).toBe(true);
    }
    expect(openSlots(finch)).toBe(0);
  });

  test('is for the holder only', async () => {
    const { finch, pool, server } = await startPoolApp();
    const holder = worker();
    const other = worker();
    let lease: Lease | undefined;
    await holder.run(async () => (lease = await finch.checkout(pool)));
    expect(lease?.holder).toBe(holder.pid);

    expect(await other.run(() => sendOn(lease as Lease, '/now'))).toMatchObject(refused);
    expect(await holder.run(() => sendOn(lease as Lease, '/now'))).toBeUndefined();

    expect(server.requests).toEqual(['/now']);
    lease?.release();
  });

  test('is sent to a URL object as it is serialised [W22c]', async () => {
    const { finch, pool, server } = await startPoolApp();
    await using lease = await finch.checkout(pool);

    expect(await sendOn(lease, new URL(`${server.url}/now%/%zz`))).toBe('OK');
    expect(server.requests).toEqual(['/now%/%zz']);
  });

  test('is refused for another server', async () => {
    const { finch, pool, server } = await startPoolApp();
    await using lease = await finch.checkout(pool);

    for (const url of ['https://elsewhere.test/now', `http://localhost:${server.port}/now`]) {
      expect(await rejection(sendOn(lease, url))).toMatchObject({ ...refused, option: 'request' });
    }

    expect(await sendOn(lease, '/now')).toBe('OK');
  });

  test('ends with an error when the connection does [H105] [H129]', async () => {
    using _crashes = captureCrashReports();
    const { finch, pool, server } = await startPoolApp();
    const lease = await finch.checkout(pool);
    const cut = rejection(sendOn(lease, '/head'));
    await server.holds(1);

    exit(lease.connection, 'kill');

    expect(await cut).toMatchObject(closed);
    // Looking at it never fails.
    expect(lease).toMatchObject({
      protocol: 'http1',
      released: false,
      connection: lease.connection,
    });
    expect(lease.pool.key).toBe(pool.key);
    expect(lease.release()).toBe(true);
    expect(openSlots(finch)).toBe(0);
  });
});

test('a built request brings its body and headers with it, also a body in steps', async () => {
  const { finch } = await startApp();
  const server = await startHttpServer((request, answer) => {
    answer.setHeader('x-method', String(request.method));
    request.pipe(answer);
  });
  onTestFinished(() => server.close());
  await using lease = await finch.checkout(server.url);
  const put = Finch.build('PUT', server.url, { 'content-type': 'text/plain' }, 'the body');
  const steps = Finch.build('POST', server.url, undefined, {
    stream: (left: number) => (left === 0 ? { done: 0 } : { data: String(left), acc: left - 1 }),
  });

  const answer = await lease.request(put);
  expect([answer.headers.get('x-method'), answer.text()]).toEqual(['PUT', 'the body']);
  const opened = await lease.open(put);
  expect(await opened.text()).toBe('the body');
  const echoed: string[] = [];
  await lease.streamWhile(steps, 3, (part, acc) => {
    if (part.type === 'data') echoed.push(Buffer.from(part.data).toString());
    return { cont: acc };
  });
  expect(echoed.join('')).toBe('321');
  for (const send of [lease.request(steps), lease.open(steps)]) {
    expect(await rejection(send)).toMatchObject({ option: 'body' });
  }
  expect((await lease.request(put)).status).toBe(200);
  expect(server.connections).toBe(1);
});

test('lease.open takes the connection until the body was read to its end [H118]', async () => {
  const { finch, pool, server } = await startPoolApp();
  await using lease = await finch.checkout(pool);
  const opened = await lease.open('/head');
  const pieces = opened.body[Symbol.asyncIterator]();
  expect(Buffer.from((await pieces.next()).value ?? []).toString()).toBe('first ');

  expect(await rejection(lease.request('/now'))).toMatchObject({
    code: 'ERR_FINCH_INVALID_REQUEST',
  });

  server.release();
  expect(Buffer.from((await pieces.next()).value ?? []).toString()).toBe('last');
  expect((await pieces.next()).done).toBe(true);
  expect((await lease.request('/now')).text()).toBe('OK');
  expect(server.connections).toBe(1);
});

test('a response of which the rest is not wanted ends the connection, and the lease says so', async () => {
  const { finch, pool, server, figures } = await startPoolApp();
  for (const leave of [
    async (lease: Lease) => (await lease.open('/head')).cancel(),
    (lease: Lease) => lease.streamWhile('/head', 0, () => ({ halt: 1 })),
  ]) {
    const lease = await finch.checkout(pool);
    await leave(lease);
    await eventually(() => expect(isAlive(lease.connection)).toBe(false));
    expect(await rejection(lease.request('/now'))).toMatchObject(closed);
    expect(lease.release()).toBe(true);
  }
  await figures({ inUse: 0, idle: 0 });
  server.open();
});

test('limits and signals hold on a lease as elsewhere', async () => {
  const { finch, pool, server } = await startPoolApp();
  for (const [options, code] of [
    [() => ({ receiveTimeout: 20 }), 'ERR_FINCH_RECEIVE_TIMEOUT'],
    [() => ({ requestTimeout: 20 }), 'ERR_FINCH_REQUEST_TIMEOUT'],
    [() => ({ signal: AbortSignal.timeout(20) }), 'ERR_FINCH_REQUEST_CANCELLED'],
  ] as const) {
    const lease = await finch.checkout(pool);
    expect(await rejection(lease.open('/hold', options()))).toMatchObject({ code, pool: pool.key });
    lease.release();
  }
  expect(openSlots(finch)).toBe(0);
  server.open();
});

test('the URL of a request may write the server of the lease in any way', async () => {
  const server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('bye', ['connection: close']));
  });
  onTestFinished(() => server.close());
  const { finch } = await startApp({
    pools: {
      default: {
        connOpts: {
          lookup: (_host, asked, callback) =>
            callback(
              null,
              asked.all === true ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1',
              4,
            ),
        },
      },
    },
  });
  await using lease = await finch.checkout(`http://Example.test:${server.port}`);

  expect((await lease.request(new URL(`http://EXAMPLE.test:${server.port}/a`))).text()).toBe('bye');
  expect(server.peers[0]?.received).toContain(`host: example.test:${server.port}\r\n`);
});

describe('lease.transfer', () => {
  /** A lease that one process has, and another process. */
  async function start() {
    const world = await startPoolApp();
    const [first, second] = [worker(), worker()];
    let lease: Lease | undefined;
    await first.run(async () => (lease = await world.finch.checkout(world.pool)));
    return { ...world, first, second, lease: lease as unknown as Lease };
  }

  /** Ends a process and waits for that. */
  async function end(pid: Pid): Promise<void> {
    exit(pid, 'kill');
    await eventually(() => expect(isAlive(pid)).toBe(false));
  }

  test('makes another process the holder, which alone may use it and with which it ends [H121]', async () => {
    const { first, second, lease, figures } = await start();

    expect(await first.run(() => lease.transfer(second.pid))).toBeUndefined();

    expect(lease.holder).toBe(second.pid);
    expect(await first.run(() => lease.request('/now'))).toMatchObject(refused);
    expect(await first.run(() => lease.transfer(first.pid))).toMatchObject(refused);
    await end(first.pid);
    expect(await second.run(() => lease.request('/now'))).toBeUndefined();
    await figures({ inUse: 1 });
    await end(second.pid);
    await figures({ inUse: 0, idle: 0 });
    expect(lease.released).toBe(true);
  });

  test('of a response that is being read: all of it comes, though the former holder ends [H119]', async () => {
    const { first, second, lease, server, figures } = await start();
    let opened: OpenResponse | undefined;
    let text = '';
    await first.run(async () => {
      opened = await lease.open('/head');
      lease.transfer(second.pid);
    });
    await end(first.pid);
    server.release();

    expect(await second.run(async () => (text = (await opened?.text()) ?? ''))).toBeUndefined();

    expect(text).toBe('first last');
    await figures({ inUse: 1 });
    lease.release();
    await figures({ inUse: 0, idle: 1 });
  });

  test('of a response that is being read: it ends with the new holder', async () => {
    const { first, second, lease, figures } = await start();
    let opened: OpenResponse | undefined;
    await first.run(async () => {
      opened = await lease.open('/head');
      lease.transfer(second.pid);
    });

    await end(second.pid);

    expect(await rejection((opened as OpenResponse).text())).toMatchObject({
      code: expect.stringMatching(/CANCELLED|CLOSED/) as string,
    });
    await figures({ inUse: 0, idle: 0 });
  });

  test('leaves a stream that is under way with who made it [H120]', async () => {
    const { first, second, lease, server } = await start();
    const kinds: string[] = [];
    const streamed = first.run(() =>
      lease.stream('/head', undefined, (part) => {
        kinds.push(part.type);
        if (part.type === 'headers') lease.transfer(second.pid);
      }),
    );
    await server.holds(1);
    await eventually(() => expect(lease.holder).toBe(second.pid));
    server.release();

    expect(await streamed).toBeUndefined();

    expect(kinds).toEqual(['status', 'headers', 'data', 'data']);
    expect(await second.run(() => lease.request('/now'))).toBeUndefined();
    lease.release();
  });

  test('to a process that is dead ends the lease, and the connection with it [H103]', async () => {
    const { first, second, lease, figures, finch } = await start();
    await end(second.pid);

    expect(await first.run(() => lease.transfer(second.pid))).toBeUndefined();

    expect(lease.released).toBe(true);
    expect(isAlive(lease.connection)).toBe(false);
    await figures({ inUse: 0, idle: 0 });
    expect(openSlots(finch)).toBe(0);
  });

  test('is refused after release, and for a lease of plain code gives it a holder [H102]', async () => {
    const { finch, pool, figures } = await startPoolApp();
    const lease = await finch.checkout(pool);
    const holder = worker();
    expect(lease.holder).toBeUndefined();
    lease.transfer(holder.pid);
    expect(await holder.run(() => lease.request('/now'))).toBeUndefined();
    await end(holder.pid);
    await figures({ inUse: 0, idle: 0 });

    expect(() => lease.transfer(holder.pid)).toThrow(expect.objectContaining(refused));
    expect(lease.release()).toBe(false);
  });
});
