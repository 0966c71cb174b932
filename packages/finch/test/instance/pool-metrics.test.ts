import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Finch, PoolNotFoundError } from '../../src/index.ts';
import type { Response } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

/** A server that holds its answers back until it is told to answer all of them. */
async function startHeldServer() {
  const held: (() => void)[] = [];
  const server = await startHttpServer(
    (_request, answer) => void held.push(() => answer.end('OK')),
  );
  onTestFinished(() => server.close());
  const answer = (): void => {
    for (const finish of held.splice(0)) finish();
  };
  return { url: server.url, held, answer };
}

function many(count: number, send: () => Promise<Response>): Promise<Response[]> {
  return Promise.all(Array.from({ length: count }, send));
}

test('a pool without metrics has none to show [F127]', async () => {
  const { url } = await startHeldServer();
  const finch = await startFinch({ pools: { default: { startPoolMetrics: false } } });
  await finch.startPool(url, { startPoolMetrics: false });
  expect(() => finch.getPoolStatus(url)).toThrow(PoolNotFoundError);
  expect(finch.getPoolStatus('default').size).toBe(0);
});

test('the pools that run by the default options are shown by their keys [F128] [F129]', async () => {
  const { url, held, answer } = await startHeldServer();
  const finch = await startFinch({ pools: { 'http://127.0.0.1:1': { size: 3 } } });
  expect(finch.getPoolStatus('default').size).toBe(0);
  const response = finch.request(url);
  await eventually(() => expect(held).toHaveLength(1));
  answer();
  await response;
  expect([...finch.getPoolStatus('default').keys()]).toEqual([url]);
});

test('20 of 50 connections are in use, and none of them afterwards [F130]', async () => {
  const { url, held, answer } = await startHeldServer();
  const finch = await startFinch();
  const requests = many(20, () => finch.request(url));
  await eventually(() => expect(held).toHaveLength(20));
  const [shard] = finch.getPoolStatus(url);
  expect(shard).toMatchObject({ poolIndex: 1, size: 50, available: 30, inUse: 20 });
  answer();
  await requests;
  expect(finch.getPoolStatus(url)).toMatchObject([{ size: 50, available: 50, inUse: 0 }]);
});

test('the figures of shards add up [F131]', async () => {
  const { url, held, answer } = await startHeldServer();
  const finch = await startFinch({ pools: { default: { count: 2 } } });
  const sum = (): [number, number] => {
    const shards = finch.getPoolStatus(url);
    expect(shards.map(({ poolIndex }) => poolIndex)).toEqual([1, 2]);
    return [
      shards.reduce((total, { available }) => total + available, 0),
      shards.reduce((total, { inUse }) => total + inUse, 0),
    ];
  };
  const requests = many(20, () => finch.request(url));
  await eventually(() => expect(held).toHaveLength(20));
  expect(sum()).toEqual([80, 20]);
  answer();
  await requests;
  expect(sum()).toEqual([100, 0]);
});

test('the figures do not drift when connections end of idleness [F132]', async () => {
  const { url, held, answer } = await startHeldServer();
  const finch = await startFinch({ pools: { default: { size: 10, connMaxIdleTime: 1 } } });
  for (let round = 0; round < 2; round += 1) {
    const requests = many(8, () => finch.request(url));
    await eventually(() => expect(held).toHaveLength(8));
    expect(finch.getPoolStatus(url)).toMatchObject([{ available: 2, inUse: 8 }]);
    answer();
    await requests;
    await eventually(() => expect(finch.count(url)).toBe(0));
    expect(finch.getPoolStatus(url)).toMatchObject([{ available: 10, inUse: 0, idle: 0 }]);
  }
});

test('requests whose function throws leave nothing in use [F133]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch({ pools: { default: { size: 10 } } });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, () =>
      finch.stream(Finch.build('GET', server.url), 0, () => {
        throw new Error('no');
      }),
    ),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
  expect(finch.getPoolStatus(server.url)).toMatchObject([{ available: 10, inUse: 0, queued: 0 }]);
});
