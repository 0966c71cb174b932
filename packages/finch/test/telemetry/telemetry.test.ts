import { response, startHttp1Server } from '@linnet/mint/testing';
import { exit, spawn, Supervisor } from '@linnet/otp';
import { captureCrashReports, eventually, TestClock } from '@linnet/otp/testing';
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, onTestFinished, test } from 'vitest';
import { Finch, Pool, type ResponsePart, subscribeTelemetry } from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { eventNames, recordEvents } from '../support/record-events.ts';

const startOk = () => startHttpServer((_request, answer) => answer.end('OK'));

test('a first request: every span starts and stops, in order [F142] [F146] [F147] [F148] [F149] [F150]', async () => {
  await using server = await startHttpServer((_request, answer) => {
    answer.writeHead(201, { 'x-answer': '42' }).end('created');
  });
  const finch = await startFinch();
  const events = recordEvents();
  const request = Finch.build('GET', `${server.url}/a`, { 'x-ask': '6*7' }, null, { poolTag: 't' });
  await finch.request(request);
  expect(events.names).toEqual([
    'request.start',
    'queue.start',
    'pool.started',
    'connect.start',
    'connect.stop',
    'connection.opened',
    'queue.stop',
    'send.start',
    'send.stop',
    'recv.start',
    'recv.stop',
    'request.stop',
  ]);
  expect(events.wrongKeys).toEqual([]);
  for (const name of eventNames) {
    for (const event of events.of(name)) {
      expect(event).toMatchObject({
        name: finch.name,
        pool: request.pool.key,
        tag: 't',
        scheme: 'http',
        host: '127.0.0.1',
        port: server.port,
      });
    }
  }
  const { id } = events.first('request.start');
  expect(events.first('request.start').request).toBe(request);
  expect(events.first('request.stop')).toMatchObject({ id, status: 201, attempts: 1 });
  const { connection } = events.first('connect.start');
  expect(events.first('send.start')).toMatchObject({ id, connection, idleTime: 0 });
  expect(events.first('connection.opened')).toMatchObject({
    connection,
    protocol: 'http1',
    remoteAddress: '127.0.0.1',
    remotePort: server.port,
  });
});

test('the end of receiving tells status, headers and trailers [F143] [F150]', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    await peer.write('2\r\nOK\r\n0\r\nx-sum: 1\r\n\r\n');
  });
  const finch = await startFinch();
  const events = recordEvents(['recv.stop']);
  await finch.request(`http://127.0.0.1:${server.port}`);
  const received = events.first('recv.stop');
  expect(received.status).toBe(200);
  expect(received.headers.get('transfer-encoding')).toBe('chunked');
  expect(received.trailers.get('x-sum')).toBe('1');
  expect(received.duration).toBeGreaterThanOrEqual(0);
});

test('a second request reuses the connection, and says how long that was idle [F144] [F149]', async () => {
  await using server = await startOk();
  const clock = new TestClock().install(onTestFinished);
  const finch = await startFinch();
  const events = recordEvents();
  await finch.request(server.url);
  await clock.advance(1234);
  events.clear();
  await finch.request(server.url);
  expect(events.names).toEqual([
    'request.start',
    'queue.start',
    'connection.reused',
    'queue.stop',
    'send.start',
    'send.stop',
    'recv.start',
    'recv.stop',
    'request.stop',
  ]);
  for (const name of ['connection.reused', 'queue.stop', 'send.stop', 'recv.stop'] as const) {
    expect(events.first(name).idleTime).toBe(1234);
  }
});

test('does not know how long a connection was idle that nobody watched', async () => {
  await using server = await startOk();
  const finch = await startFinch();
  await finch.request(server.url);
  const events = recordEvents();
  await finch.request(server.url);
  expect(events.first('send.start')).toHaveProperty('idleTime', undefined);
  expect(events.wrongKeys).toEqual([]);
});

test('a failed dial is told, and ends queue and request [F122] [F148]', async () => {
  const finch = await startFinch();
  const events = recordEvents();
  await expect(finch.request('http://127.0.0.1:1')).rejects.toMatchObject({
    code: 'ERR_FINCH_CONNECT',
  });
  expect(events.names).toEqual([
    'request.start',
    'queue.start',
    'pool.started',
    'connect.start',
    'connect.exception',
    'queue.exception',
    'request.exception',
  ]);
  expect(events.first('connect.exception').error).toMatchObject({ reason: 'ECONNREFUSED' });
  expect(events.first('request.exception')).toMatchObject({ status: undefined, attempts: 0 });
  expect(events.wrongKeys).toEqual([]);
});

test('no connection in time, or a full queue, ends the queue span with its error [F146] [F147]', async () => {
  await using server = await startHttpServer(() => {});
  const finch = await startFinch({ pools: { default: { size: 1, maxQueue: 1 } } });
  const controller = new AbortController();
  const { signal } = controller;
  const holder = finch.request(server.url, { signal }).catch(() => {});
  await eventually(() => expect(finch.getPoolStatus(server.url)[0]?.inUse).toBe(1));
  const events = recordEvents();
  const late = finch.request(server.url, { poolTimeout: 20 }).catch((error: unknown) => error);
  await expect(finch.request(server.url)).rejects.toMatchObject({ code: 'ERR_FINCH_QUEUE_FULL' });
  expect(events.first('queue.full')).toMatchObject({ size: 1, inUse: 1, idle: 0, queued: 1 });
  const error = await late;
  expect(events.of('queue.exception').map((event) => event.error)).toMatchObject([
    { code: 'ERR_FINCH_QUEUE_FULL' },
    error,
  ]);
  expect(error).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT' });
  expect(events.of('request.exception')).toHaveLength(2);
  controller.abort();
  await holder;
  expect(events.wrongKeys).toEqual([]);
});

test('tells in which phase a request broke', async () => {
  const clock = new TestClock().install(onTestFinished);
  await using server = await startHttpServer((request, answer) => {
    if (request.url === '/half') answer.write('half');
  });
  const finch = await startFinch();
  const events = recordEvents();
  const { promise: half, resolve: halfCame } = Promise.withResolvers<void>();
  const take = (part: ResponsePart): undefined => {
    if (part.type === 'data') halfCame();
  };
  const halfRead = finch.stream(`${server.url}/half`, undefined, take, { receiveTimeout: 30 });
  const broken = rejection(halfRead);
  await half;
  await clock.advance(30);
  expect(await broken).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT' });
  expect(events.first('recv.exception')).toMatchObject({
    status: 200,
    error: { code: 'ERR_FINCH_RECEIVE_TIMEOUT' },
  });
  expect(events.of('recv.stop')).toEqual([]);
  events.clear();
  const { promise: first, resolve: firstTaken } = Promise.withResolvers<void>();
  const body = async function* (): AsyncGenerator<string> {
    yield 'first';
    firstTaken();
    await new Promise(() => {});
  };
  const late = rejection(finch.post(server.url, body, { requestTimeout: 30 }));
  await first;
  await clock.advance(30);
  expect(await late).toMatchObject({ code: 'ERR_FINCH_REQUEST_TIMEOUT' });
  expect(events.first('send.exception').error).toMatchObject({
    code: 'ERR_FINCH_REQUEST_TIMEOUT',
  });
  expect(events.of('send.stop')).toEqual([]);
  expect(events.wrongKeys).toEqual([]);
});

test('the end of a request tells where its time went, and on which connection', async () => {
  let answer = (): void => {};
  await using server = await startHttpServer((_request, reply) => {
    reply.writeHead(200).write('first');
    answer = () => void reply.end('last');
  });
  const finch = await startFinch();
  const events = recordEvents(['request.stop', 'send.start']);
  const response = await finch.open(server.url);
  answer();
  await response.text();
  const { duration, phases, connection } = events.first('request.stop');
  const { queue, send, wait, receive } = phases;
  const parts = [queue, send, wait, receive].map((part) => part ?? -1);
  expect(parts.every((part) => part >= 0)).toBe(true);
  expect(parts.reduce((sum, part) => sum + part)).toBeLessThanOrEqual(duration + 0.001);
  expect(connection).toBe(events.first('send.start').connection);
});

test('a request that failed tells how far it came', async () => {
  const finch = await startFinch();
  const events = recordEvents(['request.exception']);
  await finch.request('http://127.0.0.1:1').catch(() => {});
  const { phases, connection } = events.first('request.exception');
  expect(phases.queue).toBeGreaterThan(0);
  expect(phases).toMatchObject({ send: undefined, wait: undefined, receive: undefined });
  expect(connection).toBeUndefined();
});

test('tells of a retry, and counts the attempts', async () => {
  await using server = await startHttp1Server(async (peer, index) => {
    await peer.readRequest();
    await peer.write(response('OK'));
    if (index > 0) return;
    await peer.readRequest();
    peer.resetConnection();
  });
  const finch = await startFinch();
  const url = `http://127.0.0.1:${server.port}`;
  await finch.request(url);
  const events = recordEvents();
  await finch.request(url);
  expect(events.first('request.retry')).toMatchObject({
    attempts: 1,
    error: { code: 'ERR_FINCH_CONNECTION_CLOSED' },
  });
  expect(events.first('request.stop')).toMatchObject({ attempts: 2, status: 200 });
  expect(events.of('queue.start')).toHaveLength(2);
  expect(events.of('request.start')).toHaveLength(1);
  expect(events.wrongKeys).toEqual([]);
});

test('to halt a stream is no failure, what a callback throws is one', async () => {
  await using server = await startHttpServer((_request, answer) => void answer.write('more'));
  const finch = await startFinch();
  const events = recordEvents();
  await finch.streamWhile(server.url, 0, () => ({ halt: 1 }));
  expect(events.first('request.stop')).toMatchObject({ status: 200 });
  expect(events.of('recv.stop')).toHaveLength(1);
  const thrown = new Error('no');
  const throwing = (): never => {
    throw thrown;
  };
  await expect(finch.stream(server.url, 0, throwing)).rejects.toBe(thrown);
  expect(events.first('request.exception').error).toBe(thrown);
  expect(events.first('recv.exception').error).toBe(thrown);
});

test('a connection that was idle for too long is told, and then its end [F145]', async () => {
  await using server = await startOk();
  const clock = new TestClock().install(onTestFinished);
  const finch = await startFinch({ pools: { default: { connMaxIdleTime: 1000 } } });
  const events = recordEvents();
  await finch.request(server.url);
  const { connection } = events.first('connect.start');
  events.clear();
  await clock.advance(1000);
  expect(events.names).toEqual(['connection.idle_timeout', 'connection.closed']);
  expect(events.first('connection.idle_timeout')).toMatchObject({ connection, idleTime: 1000 });
  expect(events.first('connection.closed')).toMatchObject({
    connection,
    reason: 'idle_timeout',
    age: 1000,
    served: 1,
  });
  expect(events.wrongKeys).toEqual([]);
});

test('a pool that nobody used for too long is told, and then its end [F134]', async () => {
  await using server = await startOk();
  const clock = new TestClock().install(onTestFinished);
  const finch = await startFinch({ pools: { default: { poolMaxIdleTime: 50 } } });
  const events = recordEvents(['pool.started', 'pool.idle_timeout', 'pool.stopped']);
  await finch.request(server.url);
  const { supervisor } = events.first('pool.started');
  expect(finch.findPool(server.url)).toBe(supervisor);
  await clock.advance(60);
  await eventually(() => expect(events.names).toContain('pool.stopped'));
  expect(events.names).toEqual(['pool.started', 'pool.idle_timeout', 'pool.stopped']);
  expect(events.first('pool.idle_timeout').idleTime).toBeGreaterThanOrEqual(50);
  expect(events.first('pool.stopped')).toMatchObject({ supervisor, userManaged: false });
  expect(events.wrongKeys).toEqual([]);
});

test('says why a connection ended', async () => {
  await using server = await startHttpServer((request, answer) => {
    if (request.url === '/close') answer.setHeader('connection', 'close');
    answer.end('OK');
  });
  const finch = await startFinch();
  const events = recordEvents(['connection.closed']);
  const reasons = (): string[] => events.of('connection.closed').map(({ reason }) => reason);
  const lease = await finch.checkout(server.url);
  exit(lease.connection, 'kill');
  await eventually(() => expect(reasons()).toEqual(['killed']));
  lease.release();
  await finch.prewarm(server.url, 1);
  finch.setTimeout(0);
  expect(reasons()).toEqual(['killed', 'idle_timeout']);
  finch.setTimeout(1000);
  await finch.prewarm(server.url, 1);
  await finch.stopPool(server.url);
  expect(reasons()).toEqual(['killed', 'idle_timeout', 'drained']);
});

test('tells of leases: who has one, for how long, and how it ended', async () => {
  await using server = await startOk();
  const finch = await startFinch();
  const events = recordEvents(['lease.start', 'lease.stop']);
  const lease = await finch.checkout(server.url);
  lease.release();
  lease.release();
  expect(events.first('lease.start')).toMatchObject({
    connection: lease.connection,
    holder: undefined,
  });
  expect(events.of('lease.stop')).toMatchObject([{ reason: 'released', holder: undefined }]);
  const holder = spawn(async () => {
    await finch.checkout(server.url);
    await new Promise(() => {});
  });
  await eventually(() => expect(events.of('lease.start')).toHaveLength(2));
  exit(holder, 'kill');
  expect(events.of('lease.stop')[1]).toMatchObject({ reason: 'holder_down', holder });
  expect(events.wrongKeys).toEqual([]);
});

test('tells of a pool that a user owns', async () => {
  const finch = await startFinch();
  const events = recordEvents(['pool.started', 'pool.stopped']);
  const pool = Pool.new('http://127.0.0.1:1', { tag: 'mine' });
  const supervisor = await Supervisor.startLink([Pool.childSpec({ finch: finch.name, pool })], {
    strategy: 'one_for_one',
  });
  await supervisor.stop();
  expect(events.first('pool.started')).toMatchObject({ tag: 'mine', userManaged: true });
  expect(events.first('pool.stopped')).toMatchObject({ tag: 'mine', reason: 'shutdown' });
});

test('every function that sends a request is told of, with an id of its own', async () => {
  await using server = await startOk();
  const finch = await startFinch();
  const events = recordEvents(['request.start', 'request.stop']);
  await finch.request(server.url);
  await finch.stream(server.url, 0, () => 0);
  await (await finch.open(server.url)).text();
  await using lease = await finch.checkout(server.url);
  await lease.request('/');
  const ids = events.of('request.start').map(({ id }) => id);
  expect(new Set(ids).size).toBe(4);
  expect(events.of('request.stop').map(({ id }) => id)).toEqual(ids);
});

test('the channels are found by their names', async () => {
  await using server = await startOk();
  const finch = await startFinch();
  const seen: unknown[] = [];
  const listener = (event: unknown, name: string | symbol): void => void seen.push([name, event]);
  subscribe('finch.request.stop', listener);
  await finch.request(server.url);
  unsubscribe('finch.request.stop', listener);
  await finch.request(server.url);
  expect(seen).toMatchObject([['finch.request.stop', { status: 200 }]]);
});

test('a subscription ends when it is called or disposed of', async () => {
  await using server = await startOk();
  const finch = await startFinch();
  let count = 0;
  const end = subscribeTelemetry('request.stop', () => count++);
  {
    using _ = subscribeTelemetry('request.stop', () => count++);
    await finch.request(server.url);
  }
  end();
  end();
  await finch.request(server.url);
  expect(count).toBe(2);
  for (const name of eventNames) expect(channel(`finch.${name}`).hasSubscribers).toBe(false);
});

test('without subscribers a request on an idle connection reads no clock', async () => {
  await using server = await startOk();
  const reads = { count: 0 };
  class CountingClock extends TestClock {
    override now(): number {
      reads.count += 1;
      return super.now();
    }
  }
  new CountingClock().install(onTestFinished);
  const finch = await startFinch({ pools: { default: { connMaxIdleTime: 'infinity' } } });
  const options = { receiveTimeout: 'infinity' } as const;
  await finch.request(server.url, options);
  reads.count = 0;
  await finch.request(server.url, options);
  expect(reads.count).toBe(0);
  using _ = subscribeTelemetry('request.stop', () => {});
  await finch.request(server.url, options);
  expect(reads.count).toBeGreaterThan(0);
});

test('spans balance and connections add up whatever goes wrong [D13]', async () => {
  using _ = captureCrashReports();
  let requests = 0;
  await using server = await startHttpServer((request, answer) => {
    switch (requests++ % 7) {
      case 0:
        request.socket.resetAndDestroy();
        break;
      case 1:
        answer.setHeader('connection', 'close').end('bye');
        break;
      case 2:
        answer.setHeader('content-length', 10).write('half');
        request.socket.end();
        break;
      case 3:
        setTimeout(() => answer.end('late'), 40);
        break;
      default:
        answer.end('OK');
    }
  });
  const finch = await startFinch({ pools: { default: { size: 5, maxQueue: 20 } } });
  const events = recordEvents();
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index));
      const options = { receiveTimeout: 30, poolTimeout: 50 };
      if (index % 5 === 0) {
        const lease = await finch.checkout(server.url, { checkoutTimeout: 30 }).catch(() => {});
        if (lease !== undefined) exit(lease.connection, 'kill');
        lease?.release();
      }
      return await finch.request(server.url, options).then(
        () => 'ok',
        () => 'failed',
      );
    }),
  );
  const ended = events.of('request.stop').length;
  expect(ended).toBe(outcomes.filter((outcome) => outcome === 'ok').length);
  expect(ended + events.of('request.exception').length).toBe(200);
  const count = (name: (typeof eventNames)[number]): number => events.of(name).length;
  expect(count('request.start')).toBe(200);
  expect(count('queue.stop') + count('queue.exception')).toBe(count('queue.start'));
  expect(count('send.stop') + count('send.exception')).toBe(count('send.start'));
  expect(count('recv.stop') + count('recv.exception')).toBe(count('recv.start'));
  expect(count('lease.stop')).toBe(count('lease.start'));
  await eventually(() => {
    expect(count('connect.stop') + count('connect.exception')).toBe(count('connect.start'));
    expect(count('connection.opened') - count('connection.closed')).toBe(finch.count());
  });
  expect(events.wrongKeys).toEqual([]);
});
