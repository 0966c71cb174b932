import { DynamicSupervisor, exit, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, leakCheck, TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { RateLimitError, ReqCancelledError } from '../../src/index.ts';
import { TokenBucket } from '../../src/guards/token-bucket.ts';
import { rateLimitSchema } from '../../src/options/index.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { startServer } from '../support/server.ts';
import { startTree } from '../support/tree.ts';

function bucketOf(settings: object): { bucket: TokenBucket; clock: TestClock } {
  leakCheck(onTestFinished);
  const clock = new TestClock().install(onTestFinished);
  return {
    bucket: new TokenBucket('http://h', { ...rateLimitSchema.defaults, ...settings }),
    clock,
  };
}

test('a burst passes at once, the rest one by one, in order', async () => {
  const { bucket, clock } = bucketOf({ requests: 10, per: 1000, burst: 2 });
  expect([bucket.take(undefined), bucket.take(undefined)]).toEqual([undefined, undefined]);
  const passed: number[] = [];
  const all = Promise.all(
    [1, 2, 3].map(async (n) => {
      await bucket.take(undefined);
      passed.push(n);
    }),
  );
  expect(bucket.queued).toBe(3);
  await clock.advance(99);
  expect(passed).toEqual([]);
  await clock.advance(1);
  expect(passed).toEqual([1]);
  await clock.advance(200);
  await all;
  expect(passed).toEqual([1, 2, 3]);
});

test('it fills up to its burst and no further', async () => {
  const { bucket, clock } = bucketOf({ requests: 2, per: 1000 });
  await clock.advance(60_000);
  expect([bucket.take(undefined), bucket.take(undefined)]).toEqual([undefined, undefined]);
  const third = bucket.take(undefined);
  expect(third).toBeInstanceOf(Promise);
  await clock.advance(500);
  await third;
  expect(bucket.isAtRest).toBe(false);
});

test('more than maxQueue are refused, one that is cancelled leaves the queue', async () => {
  const { bucket, clock } = bucketOf({ requests: 1, per: 1000, maxQueue: 2 });
  void bucket.take(undefined);
  const controller = new AbortController();
  const first = rejection(bucket.take(controller.signal) as Promise<void>);
  const second = bucket.take(undefined);
  const third = await rejection(bucket.take(undefined) as Promise<void>);
  expect(third).toMatchObject({ code: 'ERR_REQ_RATE_LIMIT', reason: 'queue_full', queued: 2 });
  controller.abort();
  expect(await first).toBeInstanceOf(ReqCancelledError);
  const aborted = bucket.take(AbortSignal.abort()) as Promise<void>;
  expect(await rejection(aborted)).toBeInstanceOf(ReqCancelledError);
  await clock.advance(1000);
  await second;
});

test('when it is closed, those who wait are told so', async () => {
  const { bucket } = bucketOf({ requests: 1 });
  void bucket.take(undefined);
  const waiting = rejection(bucket.take(undefined) as Promise<void>);
  bucket.close();
  expect(await waiting).toMatchObject({ reason: 'down' });
  expect(await rejection(bucket.take(undefined) as Promise<void>)).toBeInstanceOf(RateLimitError);
});

test('requests to an origin begin no faster than their limit', async () => {
  const { req } = await startTree({ rateLimit: { requests: 2, per: 1000 } });
  const server = await startServer((_, response) => response.end());
  const other = await startServer((_, response) => response.end());
  const clock = new TestClock().install(onTestFinished);
  const first = Promise.all([req.get(server.url), req.get(server.url)]);
  await first;
  const third = req.get(server.url);
  expect((await req.get(other.url)).status).toBe(200);
  expect(server.seen).toHaveLength(2);
  await clock.advance(500);
  expect((await third).status).toBe(200);
});

test('a tree that stops ends those who wait', async () => {
  const { req, supervisor } = await startTree({ rateLimit: { requests: 1, per: 'infinity' } });
  const server = await startServer((_, response) => response.end());
  await req.get(server.url);
  const waiting = rejection(req.get(server.url));
  await eventually(() => expect(server.seen).toHaveLength(1));
  await supervisor.stop();
  expect(await waiting).toMatchObject({
    code: expect.stringMatching(/RATE_LIMIT|NOT_RUNNING/) as string,
  });
});

test('calls that wait when its process is killed are told, and the next ones are served', async () => {
  const { req, name } = await startTree({ rateLimit: { requests: 1, per: 'infinity' } });
  const server = await startServer((_, response) => response.end());
  await req.get(server.url);
  const waiting = [req.get(server.url), req.get(server.url)].map(rejection);
  const [limit] = await DynamicSupervisor.whichChildren(`${name}.Guards`);
  await captureCrashReports(() => exit(limit?.pid as Pid, 'kill'));
  for (const error of await Promise.all(waiting)) {
    expect(error).toMatchObject({ code: 'ERR_REQ_RATE_LIMIT', reason: 'down' });
  }
  expect((await req.get(server.url)).status).toBe(200);
});

test('who waits is served in order, whoever else gives up, and no token is lost', async () => {
  const { bucket, clock } = bucketOf({ requests: 1, per: 100, burst: 1 });
  expect(bucket.take(undefined)).toBeUndefined();
  const controllers = Array.from({ length: 20 }, () => new AbortController());
  const served: number[] = [];
  const all = controllers.map(async ({ signal }, n) => {
    await bucket.take(signal);
    served.push(n);
  });
  const outcomes = Promise.allSettled(all);
  for (const n of [0, 3, 4, 19, 7]) controllers[n]?.abort();
  expect(bucket.takeNow()).toBe(false);
  await clock.advance(1500);
  await outcomes;
  expect(served).toEqual([1, 2, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
  await clock.advance(100);
  expect(bucket.takeNow()).toBe(true);
});
