import { TestClock } from '@linnet/otp/testing';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { logSlowRequests, type SlowRequestOptions } from '../../src/index.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { startFinch } from '../support/finch.ts';

/** Answers after the test's clock has moved on by as many ms as the path says. */
async function startSlow(options: SlowRequestOptions) {
  const clock = new TestClock().install(onTestFinished);
  const server = await startHttpServer(async (request, answer) => {
    await clock.advance(Number(new URL(request.url ?? '', 'http://x').pathname.slice(1)));
    answer.end();
  });
  onTestFinished(() => server.close());
  const finch = await startFinch();
  const stop = logSlowRequests({ finch, ...options });
  onTestFinished(stop);
  return { finch, server, stop };
}

test('pino writes slow requests, with where the time went, and no query [N3]', async () => {
  const lines: string[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const { finch, server } = await startSlow({ logger });
  await finch.get(`${server.url}/999`);
  await finch.get(`${server.url}/1000?token=abc`);
  expect(lines).toHaveLength(1);
  const key = `http://127.0.0.1:${server.port}`;
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 40,
    method: 'GET',
    url: `${key}/1000`,
    pool: key,
    status: 200,
    attempts: 1,
    duration: 1000,
    waited: 0,
    received: 1000,
    msg: `GET ${key}/1000: 200 in 1000 ms (0 waiting for a connection, 0 sending, 1000 receiving)`,
  });
});

test('a request that fails is logged with its error, however long it took', async () => {
  const lines: { fields: object; message: string }[] = [];
  const logger = {
    warn: (fields: object, message: string) => void lines.push({ fields, message }),
  };
  const { finch, server } = await startSlow({ logger });
  await server.close();
  const error: unknown = await finch.get(server.url).catch((caught: unknown) => caught);
  expect(lines).toMatchObject([{ fields: { err: error, status: undefined, attempts: 0 } }]);
  expect(lines[0]?.message).toContain('failed with ERR_FINCH_CONNECT in 0 ms');
});

test('failures can be left out, and after the end nothing is logged', async () => {
  const lines: string[] = [];
  const logger = { warn: (_fields: object, message: string) => void lines.push(message) };
  const { finch, server, stop } = await startSlow({ logger, failures: false, slowerThan: 1 });
  await finch.get(server.url, { signal: AbortSignal.abort() }).catch(() => {});
  stop();
  await finch.get(`${server.url}/5`);
  expect(lines).toEqual([]);
});
