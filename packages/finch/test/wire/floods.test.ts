/** Servers that send more fields, interim responses or trailers than anybody needs: they cost a bounded amount of memory. */
import {
  encodeFields,
  encodeHeaders,
  encodeIndexed,
  response,
  startHttp1Server,
} from '@linnet/mint/testing';
import type { Http1Peer } from '@linnet/mint/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pool, type Finch, type PoolOptions } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { answering, startH2App } from '../support/h2-app.ts';
import { readings } from '../support/readings.ts';

const many = 260_000;
const hints = 'HTTP/1.1 103 Early Hints\r\n';
const tooLarge = { code: 'ERR_FINCH_RESPONSE_TOO_LARGE', option: 'maxHeaderSize' };

/** `/flood` is answered by the flood, everything else in order; nobody waits for a client that has left. */
async function startHttp1(flood: (peer: Http1Peer) => Iterable<string>) {
  const server = await startHttp1Server(async (peer) => {
    for (;;) {
      const request = await peer.readRequest().catch(() => undefined);
      if (request === undefined) return;
      if (request.target !== '/flood') {
        await peer.write(response('fine'));
        continue;
      }
      for (const piece of flood(peer)) {
        if (peer.socket.destroyed) return;
        await Promise.race([peer.write(piece), peer.closed]);
      }
    }
  });
  onTestFinished(() => server.close());
  const url = `http://127.0.0.1:${server.port}`;
  const start = (options: PoolOptions = {}) => startApp({ pools: [[Pool.new(url), options]] });
  return { url, start };
}

async function fails(finch: Finch, url: string, expected: object): Promise<Error> {
  const error = await rejection(finch.get(`${url}/flood`));
  expect(error).toMatchObject(expected);
  expect((await finch.get(`${url}/next`)).text()).toBe('fine');
  return error;
}

const fields = 'a:\r\n'.repeat(many);

describe('over HTTP/1.1, 260,000 fields without a value', () => {
  test.each<[string, () => Iterable<string>]>([
    ['in the head', () => [`HTTP/1.1 200 OK\r\n${fields}\r\n`]],
    ['in one interim response', () => [`${hints}${fields}\r\n`]],
    [
      'in trailers',
      () => [`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${fields}\r\n`],
    ],
    [
      'in interim responses without end',
      function* () {
        for (;;) yield `${hints}${fields}\r\n`;
      },
    ],
  ])('%s are too many [W1]', async (_where, flood) => {
    const { url, start } = await startHttp1(flood);
    const { finch } = await start();
    await fails(finch, url, tooLarge);
  });
});

describe('over HTTP/1.1, interim responses', () => {
  const each = `${hints}link: ${'x'.repeat(5000)}\r\n\r\n`;

  test('each of which is small have a bound together [W1]', async () => {
    const { url, start } = await startHttp1(function* () {
      for (;;) yield each;
    });
    const { finch } = await start();
    await fails(finch, url, tooLarge);
  });

  test('of an earlier request do not count [W1]', async () => {
    const { url, start } = await startHttp1(function* () {
      yield each.repeat(40) + response('fine');
    });
    const { finch } = await start();
    for (let index = 0; index < 10; index += 1) {
      const { informational } = await finch.get(`${url}/flood`);
      expect(informational).toHaveLength(40);
    }
  });

  test.each(readings)('are bounded for whoever reads by %s, too [W1]', async (_how, read) => {
    const { url, start } = await startHttp1(function* () {
      for (;;) yield `${hints}${'a: b\r\n'.repeat(900)}\r\n`;
    });
    const { finch } = await start();
    expect(await rejection(read(finch, `${url}/flood`))).toMatchObject(tooLarge);
  });

  test('leave the memory flat, however often they come [W1]', async () => {
    const piece = `${hints}${'a:\r\n'.repeat(900)}\r\n`.repeat(10);
    const { url, start } = await startHttp1(function* () {
      for (;;) yield piece;
    });
    const { finch } = await start();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 100; index += 1) {
      expect(await rejection(finch.get(`${url}/flood`))).toMatchObject(tooLarge);
    }
    // Each flood that was kept would be 20 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(400_000_000);
  });
});

describe('over HTTP/1.1, what goes on for ever', () => {
  test.each<[string, string, string, object]>([
    ['a field', 'HTTP/1.1 200 OK\r\na: ', 'x'.repeat(10_000), tooLarge],
    ['a name', 'HTTP/1.1 200 OK\r\n', 'x'.repeat(10_000), tooLarge],
    ['a reason phrase', 'HTTP/1.1 200 ', 'x'.repeat(10_000), { requestSent: true }],
    ['white space before the response', '', '\r\n'.repeat(1000), { requestSent: true }],
    [
      'an extension of a chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;',
      'x'.repeat(10_000),
      { requestSent: true },
    ],
    [
      'zeros before the size of a chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
      '0'.repeat(10_000),
      { requestSent: true },
    ],
  ])('%s ends the request [W1]', async (_what, start, rest, expected) => {
    const world = await startHttp1(function* () {
      yield start;
      for (;;) yield rest;
    });
    const { finch } = await world.start();
    await fails(finch, world.url, expected);
  });
});

describe('over HTTP/2', () => {
  const kinds: Record<string, Parameters<typeof answering>[0]> = {
    '260,000 fields in the head': (peer, { stream }) => {
      const status = encodeFields([[':status', '200']]);
      const field = encodeFields([['a', '']]);
      peer.headers(stream, Buffer.concat([status, Buffer.alloc(many * field.length, field)]), {
        parts: 100,
      });
    },
    'interim responses of 990 fields without end': async (peer, { stream }) => {
      const block = Buffer.concat([
        encodeFields([[':status', '103']]),
        ...Array<Buffer>(990).fill(encodeFields([['a', '']])),
      ]);
      while (!peer.socket.destroyed && peer.came('RST_STREAM', { stream }).length === 0) {
        for (let index = 0; index < 20; index += 1) peer.headers(stream, block);
        await peer.flush();
      }
    },
    'small interim responses without end': async (peer, { stream }) => {
      const interim = encodeHeaders(stream, [
        [':status', '103'],
        ['a', 'b'],
      ]);
      const piece = Buffer.alloc(200 * interim.length, interim);
      while (!peer.socket.destroyed && peer.came('RST_STREAM', { stream }).length === 0) {
        await peer.write(piece);
      }
    },
    'trailers of 260,000 fields': (peer, { stream }) => {
      peer.respond(stream);
      const field = encodeFields([['a', '']]);
      const block = Buffer.alloc(many * field.length, field);
      peer.headers(stream, block, { endStream: true, parts: 100 });
    },
    'a field of the table that stands for much': (peer, { stream }) => {
      peer.headers(
        stream,
        Buffer.concat([
          encodeFields([[':status', '200']]),
          Buffer.alloc(60_000, encodeIndexed(17)),
        ]),
      );
    },
  };

  test.each(Object.entries(kinds))('%s end the request [W1]', async (_what, flood) => {
    const { finch, url } = await startH2App({
      script: answering((peer, frame) =>
        frame.fields.get(':path') === '/flood'
          ? flood?.(peer, frame)
          : peer.answer(frame.stream, 'fine'),
      ),
    });
    const error = await fails(finch, url, { requestSent: true });
    expect(error.name).toMatch(/^(ResponseTooLargeError|ProtocolError|ConnectionClosedError)$/);
  });
});
