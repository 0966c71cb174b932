/** `maxHeaderSize` and `maxResponseSize`: the limit itself passes, one byte more does not. */
import { startHttp1Server } from '@linnet/mint/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ResponseTooLargeError, type PoolOptions } from '../../src/index.ts';
import { expectNoConnections, openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { readings } from '../support/readings.ts';

const ok = 'HTTP/1.1 200 OK\r\n';
const none = 'content-length: 0\r\n\r\n';

/** A server that answers every request with just these bytes, some of them later than others. */
async function start(options: PoolOptions, ...pieces: string[]) {
  const server = await startHttp1Server(async (peer) => {
    for (;;) {
      await peer.readRequest().catch(() => {});
      if (peer.socket.destroyed) return;
      for (const piece of pieces) await peer.write(piece);
    }
  });
  onTestFinished(() => server.close());
  const { finch } = await startApp({ pools: { default: options } });
  return { finch, server, url: `http://127.0.0.1:${server.port}` };
}

/** A JSON string of so many bytes. */
const json = (length: number): string => `"${'x'.repeat(length - 2)}"`;

/** One body, framed in each of the ways there are. */
const framings: [string, (body: string) => string[]][] = [
  ['content-length', (body) => [`${ok}content-length: ${body.length}\r\n\r\n${body}`]],
  [
    'one chunk',
    (body) => [
      `${ok}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
  ],
  [
    'many chunks',
    (body) => [
      `${ok}transfer-encoding: chunked\r\n\r\n`,
      ...Array.from(body, (character) => `1;name=value\r\n${character}\r\n`),
      '0\r\n\r\n',
    ],
  ],
];

/** What must hold when a response was refused. */
async function expectNothingLeft(
  { finch, server, url }: Awaited<ReturnType<typeof start>>,
  error: Error,
) {
  expect(error).toBeInstanceOf(ResponseTooLargeError);
  expect(error).toMatchObject({ pool: url, origin: url, requestSent: true, phase: 'receive' });
  expect(finch.getPoolStatus(url)[0]).toMatchObject({ inUse: 0, idle: 0, queued: 0 });
  expect(openSlots(finch)).toBe(0);
  await expectNoConnections(server.server);
}

describe.each(readings)('maxResponseSize, the response read by %s', (_, read) => {
  test.each(framings)('lets a body of just that size pass, framed by %s', async (...given) => {
    const [, frame] = given;
    const { finch, url, server } = await start({ maxResponseSize: 100 }, ...frame(json(100)));

    expect(await read(finch, url)).toBe(json(100));

    // Each response is counted for itself.
    expect(await read(finch, url)).toBe(json(100));
    expect(server.peers).toHaveLength(1);
  });

  test.each(framings)('refuses one byte more, framed by %s', async (...given) => {
    const [, frame] = given;
    const world = await start({ maxResponseSize: 100 }, ...frame(json(101)));

    const error = await rejection(read(world.finch, world.url));

    expect(error).toMatchObject({
      code: 'ERR_FINCH_RESPONSE_TOO_LARGE',
      option: 'maxResponseSize',
      limit: 100,
      received: 101,
    });
    await expectNothingLeft(world, error);
  });
});

test('maxResponseSize ends a body that has no length when it gets too long', async () => {
  const endless = Array.from({ length: 50 }, () => 'x'.repeat(1000));
  const world = await start({ maxResponseSize: 10_000 }, `${ok}\r\n`, ...endless);

  const error = await rejection(world.finch.get(world.url));

  expect(error).toMatchObject({ limit: 10_000 });
  expect((error as ResponseTooLargeError).received).toBeGreaterThan(10_000);
  await expectNothingLeft(world, error);
});

test('maxResponseSize does not count the body that a HEAD would have had', async () => {
  const { finch, url } = await start({ maxResponseSize: 10 }, `${ok}content-length: 1000\r\n\r\n`);

  expect((await finch.head(url)).headers.get('content-length')).toBe('1000');
  expect(finch.getPoolStatus(url)[0]).toMatchObject({ idle: 1 });
});

test('maxResponseSize is the pool’s, not the instance’s: another pool takes what is to come', async () => {
  const body = `${ok}content-length: 20\r\n\r\n${'x'.repeat(20)}`;
  const { finch, url } = await start({ maxResponseSize: 10 }, body);
  await finch.startPool(`${url}#large`, { maxResponseSize: 20 });

  expect(await rejection(finch.get(url))).toBeInstanceOf(ResponseTooLargeError);
  expect((await finch.get(url, { poolTag: 'large' })).body.length).toBe(20);
});

describe('maxHeaderSize counts names and values', () => {
  /** `content-length: 0` has 15 bytes, this one the rest. */
  const field = (size: number): string => `a: ${'x'.repeat(size - 1)}\r\n`;
  const trailers = (size: number): string =>
    `${ok}transfer-encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n${field(size)}\r\n`;

  test.each<[string, (size: number) => string]>([
    ['of a header section', (size) => `${ok}${field(size - 15)}${none}`],
    ['of an interim response', (size) => `HTTP/1.1 103 Hints\r\n${field(size)}\r\n${ok}${none}`],
    ['of a trailer section', trailers],
  ])('%s: the limit passes, one byte more does not', async (...given) => {
    const [, answer] = given;
    const passes = await start({ maxHeaderSize: 100 }, answer(100));
    expect((await passes.finch.get(passes.url)).status).toBe(200);
    expect((await passes.finch.get(passes.url)).status).toBe(200);
    expect(passes.server.peers).toHaveLength(1);

    const fails = await start({ maxHeaderSize: 100 }, answer(101));
    const error = await rejection(fails.finch.get(fails.url));

    expect(error).toMatchObject({
      code: 'ERR_FINCH_RESPONSE_TOO_LARGE',
      option: 'maxHeaderSize',
      limit: 100,
      received: 101,
    });
    await expectNothingLeft(fails, error);
  });

  test('of each section for itself: three that are full pass together', async () => {
    const { finch, url } = await start(
      { maxHeaderSize: 100 },
      `HTTP/1.1 103 Hints\r\n${field(100)}\r\n`,
      `${ok}${field(100 - 24)}transfer-encoding: chunked\r\n\r\n0\r\n${field(100)}\r\n`,
    );

    expect((await finch.get(url)).trailers.get('a')).toHaveLength(99);
  });

  test('in trailers that come when the body was read as it came', async () => {
    const world = await start({ maxHeaderSize: 100 }, trailers(101));
    const response = await world.finch.open(world.url);
    const later = rejection(response.trailers);

    expect(await rejection(response.text())).toMatchObject({ option: 'maxHeaderSize' });
    await expectNothingLeft(world, await later);
  });
});

test('interim responses without end are a breach of the protocol', async () => {
  const hints = 'HTTP/1.1 103 Hints\r\n\r\n'.repeat(100);
  const few = await start({}, ...Array.from({ length: 10 }, () => hints), `${ok}${none}`);
  const { informational } = await few.finch.get(few.url);
  expect(informational).toHaveLength(1000);

  const many = await start({}, ...Array.from({ length: 11 }, () => hints), `${ok}${none}`);
  expect(await rejection(many.finch.get(many.url))).toMatchObject({
    code: 'ERR_FINCH_PROTOCOL',
    reason: 'too_many_interim_responses',
  });
  expect(openSlots(many.finch)).toBe(0);
});
