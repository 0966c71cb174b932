/** How connections end, in order or not: their processes, the pool's figures, what callers hear. */
import { response, startHttp1Server } from '@linnet/mint/testing';
import { exit, isAlive, subscribe, type SystemEvent } from '@linnet/otp';
import { captureCrashReports, eventually, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HeadersInput, PoolOptions } from '../../src/index.ts';
import { requireInstance } from '../../src/instance/instance.ts';
import { expectNoConnections, openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { connectionsOf, startPoolApp } from '../support/pool-app.ts';
import { readings } from '../support/readings.ts';

/** The exit reasons of all connections from here on. */
function exitReasons(): unknown[] {
  const reasons: unknown[] = [];
  const subscription = subscribe((event: SystemEvent) => {
    if (event.type === 'exit' && event.label === 'connection') reasons.push(event.reason);
  });
  onTestFinished(() => subscription[Symbol.dispose]());
  return reasons;
}

test('the supervisor of connections is there with the pool, before there is a connection [H91]', async () => {
  const { name, pool } = await startPoolApp();
  const supervisor = requireInstance(name).pool(pool.key)?.connections;

  expect(supervisor !== undefined && isAlive(supervisor)).toBe(true);
});

test('a connection starts with its first use, and ends with its pool [H96]', async () => {
  const reasons = exitReasons();
  const { finch, pool, ask } = await startPoolApp();
  expect(await connectionsOf(finch, pool.key)).toEqual([]);
  await ask();
  const [pid] = await connectionsOf(finch, pool.key);
  expect(pid !== undefined && isAlive(pid)).toBe(true);

  await finch.stopPool(pool);

  expect(pid !== undefined && isAlive(pid)).toBe(false);
  expect(reasons).toEqual([{ shutdown: 'drained' }]);
});

test('connections end with the process that owns them, idle or in use [H101]', async () => {
  using _ = captureCrashReports();
  const { finch, pool, ask, server } = await startPoolApp();
  await finch.prewarm(pool, 2);
  const cut = rejection(ask('/hold'));
  await server.holds(1);
  const pids = await connectionsOf(finch, pool.key);
  expect(pids).toHaveLength(2);
  const [shard] = finch.getPoolStatus(pool);

  if (shard !== undefined) exit(shard.pid, 'kill');

  await eventually(() => expect(pids.some((pid) => isAlive(pid))).toBe(false));
  expect(await cut).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED' });
  await expectNoConnections(server.server);
});

test('the request after the end of an idle time has a new connection [H107]', async () => {
  const clock = new TestClock().install();
  onTestFinished(() => clock.uninstall());
  const { finch, pool, ask, server } = await startPoolApp({ connMaxIdleTime: 50 });
  await ask();
  const [first] = await connectionsOf(finch, pool.key);
  await clock.advance(50);
  expect(await connectionsOf(finch, pool.key)).toEqual([]);

  expect((await ask()).status).toBe(200);

  const [second] = await connectionsOf(finch, pool.key);
  expect(second).not.toBe(first);
  expect(server.connections).toBe(2);
});

test.each<[string, HeadersInput]>([
  ['an object', { connection: 'close' }],
  ['an object with a list', { Connection: ['close'] }],
  ['pairs', [['CONNECTION', 'Close']]],
  ['a Map', new Map([['connection', ' close ']])],
  ['Headers', new Headers({ connection: 'close' })],
])(
  'a request that says connection: close, its headers as %s, is the last one of its connection [H161]',
  async (...given) => {
    const [, headers] = given;
    const reasons = exitReasons();
    const { finch, server } = await startPoolApp();

    expect((await finch.get(`${server.url}/now`, { headers })).status).toBe(200);

    await eventually(() => expect(reasons).toEqual([{ shutdown: 'expired' }]));
  },
);

/** JSON, so that every reading can make something of it. */
const body = `"${'x'.repeat(100_000)}"`;

describe.each(readings)('a connection that is not to be used again, read by %s', (_, read) => {
  test.each<[string, PoolOptions, string[], string]>([
    ['by its response', {}, ['connection: close'], 'expired'],
    ['by maxRequestsPerConnection', { maxRequestsPerConnection: 1 }, [], 'expired'],
    ['by connMaxIdleTime 0', { connMaxIdleTime: 0 }, [], 'idle_timeout'],
  ])('%s ends in order when the body has come [H122] [H123] [H124] [H28]', async (...given) => {
    const [, options, headers, reason] = given;
    using crashes = captureCrashReports();
    const reasons = exitReasons();
    const server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(response(body, headers));
      await peer.closed;
    });
    onTestFinished(() => server.close());
    const { finch } = await startApp({ pools: { default: options } });
    const url = `http://127.0.0.1:${server.port}`;

    expect(await read(finch, url)).toBe(body);

    await eventually(() => expect(reasons).toEqual([{ shutdown: reason }]));
    expect(finch.getPoolStatus(url)[0]).toMatchObject({ inUse: 0, idle: 0 });
    expect(finch.count(url)).toBe(0);
    expect(openSlots(finch)).toBe(0);
    expect(crashes.reports).toEqual([]);
  });

  test.each<[string, PoolOptions]>([
    ['an unpooled', { connMaxIdleTime: 0 }],
    ['a pooled', {}],
  ])(
    '%s one whose response breaks off ends, and is no crash [H126] [H127] [H128]',
    async (...given) => {
      const [, options] = given;
      using crashes = captureCrashReports();
      const reasons = exitReasons();
      const server = await startHttp1Server(async (peer) => {
        await peer.readRequest();
        await peer.write(
          `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 65_536)}`,
        );
        peer.end();
      });
      onTestFinished(() => server.close());
      const { finch } = await startApp({ pools: { default: options } });
      const url = `http://127.0.0.1:${server.port}`;

      expect(await rejection(read(finch, url))).toMatchObject({
        code: 'ERR_FINCH_CONNECTION_CLOSED',
        requestSent: true,
      });

      await eventually(() => expect(reasons).toHaveLength(1));
      expect(reasons[0]).toHaveProperty('shutdown');
      await settle();
      expect(finch.getPoolStatus(url)[0]).toMatchObject({ inUse: 0, idle: 0, queued: 0 });
      expect(openSlots(finch)).toBe(0);
      expect(crashes.reports).toEqual([]);
    },
  );
});
