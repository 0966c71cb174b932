/** `maxHeaderSize` and `maxResponseSize` over HTTP/2: only the stream ends, the connection goes on. */
import { once } from 'node:events';
import { createServer, type OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PoolOptions } from '../../src/index.ts';
import { openSocketsOf, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { readings } from '../support/readings.ts';

/** A server without TLS; `/small` is answered with nothing much, everything else as told. */
async function start(options: PoolOptions, body: string, headers: OutgoingHttpHeaders = {}) {
  const server = createServer((request, answer) => {
    if (request.url === '/small') return void answer.end('small');
    answer.sendDate = false;
    answer.writeHead(200, headers);
    for (const character of body) answer.write(character);
    return void answer.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { finch } = await startApp({ pools: { default: { protocols: ['http2'], ...options } } });
  return { finch, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** What must hold when a response was refused. */
async function expectWhole({ finch, server, url }: Awaited<ReturnType<typeof start>>) {
  expect((await finch.get(`${url}/small`)).text()).toBe('small');
  expect(finch.getPoolStatus(url)[0]).toMatchObject({ inUse: 0, idle: 1, queued: 0 });
  expect(await openSocketsOf(server)).toBe(1);
}

const json = (length: number): string => `"${'x'.repeat(length - 2)}"`;

describe.each(readings)('a body, read by %s', (_, read) => {
  test.each([{}, { 'content-length': 100 }])('passes at just the limit: %j', async (headers) => {
    const { finch, url } = await start({ maxResponseSize: 100 }, json(100), headers);

    expect(await read(finch, url)).toBe(json(100));
    expect(await read(finch, url)).toBe(json(100));
  });

  test.each([{}, { 'content-length': 101 }])('fails with one byte more: %j', async (headers) => {
    const world = await start({ maxResponseSize: 100 }, json(101), headers);

    expect(await rejection(read(world.finch, world.url))).toMatchObject({
      code: 'ERR_FINCH_RESPONSE_TOO_LARGE',
      option: 'maxResponseSize',
      limit: 100,
      pool: world.url,
    });
    await expectWhole(world);
  });
});

test.each([
  [100, 'passes'],
  [101, 'fails'],
])('a header section of %i bytes %s at a limit of 100', async (size, outcome) => {
  const world = await start({ maxHeaderSize: 100 }, '', { a: 'x'.repeat(size - 1) });

  const ended = await world.finch.get(world.url).then(
    () => 'passes',
    (error: unknown) => {
      expect(error).toMatchObject({
        code: 'ERR_FINCH_RESPONSE_TOO_LARGE',
        option: 'maxHeaderSize',
        limit: 100,
      });
      return 'fails';
    },
  );

  expect(ended).toBe(outcome);
  await expectWhole(world);
});
