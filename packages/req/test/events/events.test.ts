import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib';
import { eventually, TestClock } from '@linnet/otp/testing';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import {
  EventStreamError,
  ReqCancelledError,
  ReqOptionsError,
  type ServerEvent,
} from '../../src/index.ts';
import { EventReader } from '../../src/events/server-event.ts';
import { startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { startServer, type Seen } from '../support/server.ts';

const startEvents = (answer: (request: Seen, response: ServerResponse, index: number) => void) =>
  startServer((request, response, index) => {
    response.setHeader('content-type', 'text/event-stream; charset=utf-8');
    answer(request, response, index);
  });

async function take(events: AsyncIterable<ServerEvent>, count: number): Promise<ServerEvent[]> {
  const list: ServerEvent[] = [];
  for await (const event of events) if (list.push(event) === count) break;
  return list;
}

async function parse(...pieces: (string | Buffer)[]): Promise<ServerEvent[]> {
  async function* bytes() {
    for (const piece of pieces) yield Buffer.from(piece);
  }
  return take(new EventReader('').read(bytes()), Number.POSITIVE_INFINITY);
}

const event = (data: string, type = 'message', lastEventId = ''): ServerEvent => ({
  type,
  data,
  lastEventId,
});

test.each<[string, (string | Buffer)[], ServerEvent[]]>([
  ['data of several lines', ['data: a\ndata: b\n\n'], [event('a\nb')]],
  [
    'CR, LF and CRLF',
    ['data: a\r\rdata: b\r\n\r\ndata: c\n\n'],
    [event('a'), event('b'), event('c')],
  ],
  ['one blank after the colon', ['data:  a\n\ndata:b\n\n'], [event(' a'), event('b')]],
  ['a field without a colon', ['data\n\n'], [event('')]],
  ['comments and unknown fields', [': hi\nfoo: bar\ndata: a\n\n'], [event('a')]],
  ['a type, for one event', ['event: x\ndata: a\n\ndata: b\n\n'], [event('a', 'x'), event('b')]],
  [
    'an id, that stays',
    ['id: 7\ndata: a\n\ndata: b\n\n'],
    [event('a', 'message', '7'), event('b', 'message', '7')],
  ],
  [
    'an id that is emptied',
    ['id: 7\ndata: a\n\nid\ndata: b\n\n'],
    [event('a', 'message', '7'), event('b')],
  ],
  ['an id with NUL, ignored', ['id: a\0b\ndata: a\n\n'], [event('a')]],
  ['no event without data', ['event: x\n\nid: 1\n\n'], []],
  ['an event that is cut off', ['data: a\n\ndata: b\n'], [event('a')]],
  ['a byte order mark', ['\ufeffdata: a\n\n'], [event('a')]],
  [
    'characters over the border of pieces',
    [Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xe2]), Buffer.from([0x82, 0xac, 0x0a, 0x0a])],
    [event('€')],
  ],
])('the parser takes %s', async (_, pieces, events) => {
  expect(await parse(...pieces)).toEqual(events);
});

test('a connection that ends is opened again, with the last id', async () => {
  const req = await startReq();
  const server = await startEvents((request, response, index) => {
    response.end(
      `retry: 0\nid: ${index}\ndata: ${String(request.headers['last-event-id'] ?? 'none')}\n\n`,
    );
  });
  const events = await take(req.events(server.url), 3);
  expect(events.map(({ data }) => data)).toEqual(['none', '0', '1']);
  expect(server.seen[0]?.headers).toMatchObject({
    accept: 'text/event-stream',
    'cache-control': 'no-store',
  });
});

test.each(['a\u0001b', 'a\u007fb'])(
  'an id that no header can carry is not sent: %j',
  async (id) => {
    const req = await startReq();
    const server = await startEvents((request, response) => {
      const last = JSON.stringify(request.headers['last-event-id'] ?? 'none');
      response.end(`retry: 0\nid: ${id}\ndata: ${last}\n\n`);
    });
    const none = event('"none"', 'message', id);
    expect(await take(req.events(server.url), 2)).toEqual([none, none]);
    expect(() => req.events(server.url, { lastEventId: id })).toThrow(ReqOptionsError);
  },
);

test('so is one that breaks', async () => {
  const req = await startReq({ retry: false });
  const server = await startEvents((_, response, index) => {
    if (index === 1) response.destroy();
    else response.write(`retry: 0\ndata: ${index}\n\n`, () => index === 0 && response.destroy());
  });
  expect((await take(req.events(server.url), 2)).map(({ data }) => data)).toEqual(['0', '2']);
});

test('204 is the end, and so is the first connection without reconnect', async () => {
  const req = await startReq();
  const server = await startEvents((_, response, index) => {
    if (index > 0) response.writeHead(204).end();
    else response.end('retry: 0\ndata: a\n\n');
  });
  expect(await take(req.events(server.url), 9)).toEqual([event('a')]);
  const once = await startEvents((_, response) => response.end('data: a\n\n'));
  expect(await take(req.events(once.url, { reconnect: false }), 9)).toEqual([event('a')]);
});

test('another status or type is an error, and is not tried again', async () => {
  const req = await startReq({ retry: false });
  const server = await startServer((request, response) => {
    response
      .writeHead(request.url === '/500' ? 500 : 200, { 'content-type': 'text/plain' })
      .end('x');
  });
  const status = await rejection(take(req.events(`${server.url}/500`), 1));
  expect(status).toBeInstanceOf(EventStreamError);
  expect(status).toMatchObject({ code: 'ERR_REQ_EVENT_STREAM', reason: 'status', status: 500 });
  const type = await rejection(take(req.events(server.url), 1));
  expect(type).toMatchObject({ reason: 'content_type', contentType: 'text/plain' });
  expect(server.seen).toHaveLength(2);
});

test('events of a POST begin after an id, and end with the signal, also in the wait', async () => {
  const req = await startReq();
  const server = await startEvents((_, response) => response.end('data: a\n\n'));
  const controller = new AbortController();
  const events = req.events(server.url, {
    method: 'POST',
    json: { q: 1 },
    lastEventId: '42',
    reconnect: true,
    reconnectDelay: 60_000,
    signal: controller.signal,
  });
  expect((await events.next()).value).toEqual(event('a', 'message', '42'));
  const next = rejection(events.next());
  setImmediate(() => controller.abort());
  expect(await next).toBeInstanceOf(ReqCancelledError);
  expect(server.seen[0]).toMatchObject({ method: 'POST', headers: { 'last-event-id': '42' } });
  expect(server.seen[0]?.body.toString()).toBe('{"q":1}');
});

test('leaving the loop closes the connection', async () => {
  const req = await startReq();
  const server = await startEvents((_, response) => void response.write('data: a\n\n'));
  expect(await take(req.events(server.url), 1)).toEqual([event('a')]);
});

test('an event that is cut off is asked for again: its id was not the last one', async () => {
  const req = await startReq();
  const server = await startEvents((_, response, index) => {
    if (index === 0) response.end('id: 1\rdata: a\r\rid: 2\ndata: cut');
    else if (index === 1) response.end('id: x\0y\ndata: b\n\n');
    else response.writeHead(204).end();
  });
  const events = req.events(server.url, { reconnectDelay: 0 });
  expect((await take(events, 3)).map(({ data, lastEventId }) => [data, lastEventId])).toEqual([
    ['a', '1'],
    ['b', '1'],
  ]);
  expect(server.seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1', '1']);
});

test('a POST is sent once: its end is the end, and a connection that is lost an error', async () => {
  const req = await startReq();
  const server = await startEvents(({ url }, response) => {
    if (url === '/lost') response.write('data: a\n\n', () => response.destroy());
    else response.end('retry: 0\ndata: a\n\n');
  });
  const post = { method: 'POST', json: {} };
  expect(await take(req.events(server.url, post), 9)).toEqual([event('a')]);
  expect(await rejection(take(req.events(`${server.url}/lost`, post), 9))).toMatchObject({
    code: 'ERR_FINCH_CONNECTION_CLOSED',
  });
  expect(server.seen).toHaveLength(2);
  const again = await take(req.events(server.url, { ...post, reconnect: true }), 3);
  expect(again.map(({ data }) => data)).toEqual(['a', 'a', 'a']);
  // A body that was read cannot be sent again, whatever is wished.
  const body = Readable.from(['{}']);
  const once = req.events(server.url, { method: 'POST', body, reconnect: true });
  expect(await take(once, 9)).toEqual([event('a')]);
});

test('a server that asks for no wait, and then is down, is not asked in a loop without a wait', async () => {
  const req = await startReq({ retry: false });
  const clock = new TestClock().install(onTestFinished);
  const server = await startEvents((_, response, index) => {
    if (index === 0) response.end('retry: 0\ndata: a\n\n');
    else response.end(': nothing\n\n');
  });
  const controller = new AbortController();
  const events = req.events(server.url, { signal: controller.signal });
  expect((await events.next()).value).toEqual(event('a'));
  const next = rejection(events.next());
  const asked = async (ms: number, times: number) => {
    await clock.advance(ms);
    expect(server.seen.filter(({ url }) => url === '/')).toHaveLength(times);
  };
  await eventually(() => asked(0, 3));
  for (let turn = 0; turn < 20; turn++) {
    await fetch(`${server.url}/other`);
    await asked(0, 3);
  }
  await clock.advance(100);
  await eventually(() => asked(0, 4));
  controller.abort();
  expect(await next).toBeInstanceOf(ReqCancelledError);
});

test('an event that is larger than what is held ends the stream, in one line or in many', async () => {
  const req = await startReq();
  const mebibyte = 'x'.repeat(2 ** 20);
  const server = await startEvents(({ url }, response) => {
    const piece = url === '/lines' ? `data: ${mebibyte}\n` : mebibyte;
    response.write('data: ');
    const more = () => response.destroyed || response.write(piece, () => setImmediate(more));
    more();
  });
  for (const path of ['/line', '/lines']) {
    const error = await rejection(take(req.events(server.url + path), 1));
    expect(error).toMatchObject({ code: 'ERR_REQ_EVENT_STREAM', reason: 'too_large' });
  }
});

/** The rules of the standard (HTML, 9.2.5 and 9.2.6), as they stand there. */
function standard(text: string): ServerEvent[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  lines.pop();
  const events: ServerEvent[] = [];
  let [data, type, id] = ['', '', ''];
  for (const line of lines) {
    if (line === '') {
      if (data !== '') events.push(event(data.slice(0, -1), type || 'message', id));
      [data, type] = ['', ''];
      continue;
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') type = value;
    else if (field === 'data') data += `${value}\n`;
    else if (field === 'id' && !value.includes('\0')) id = value;
  }
  return events;
}

const fragments = [
  'data',
  'event',
  'id',
  'retry',
  ':',
  ': ',
  ' ',
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  'x',
  '7',
].concat(['\0', '\ufeff', '€', 'data: a\n', 'Data', '\u2028', 'id: 1\n', 'event: e\n']);

test('any text, cut into any pieces, has the events of the standard', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...fragments), { maxLength: 30 }),
      fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 12 }),
      async (parts, cuts) => {
        const text = parts.join('');
        const bytes = Buffer.from(text);
        const pieces: Buffer[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const end = at + (cuts[cut % cuts.length] as number) + (cut % 3 === 0 ? 1 : 0);
          pieces.push(bytes.subarray(at, end));
          at = end;
        }
        expect(await parse(...pieces)).toEqual(standard(text));
      },
    ),
    { numRuns: 2000 },
  );
});

test.each<[string, number | undefined]>([
  ['10', 10],
  ['0', 0],
  ['1e3', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['', undefined],
  [' 5', undefined],
])('retry: %j is a wait only of digits', async (value, ms) => {
  const reader = new EventReader('');
  async function* bytes() {
    yield Buffer.from(`retry:${value === '' ? '' : ` ${value}`}\n\n`);
  }
  await take(reader.read(bytes()), 1);
  expect(reader.retry).toBe(ms);
});

test.each([
  ['gzip', createGzip, constants.Z_SYNC_FLUSH],
  ['br', createBrotliCompress, constants.BROTLI_OPERATION_FLUSH],
  ['zstd', createZstdCompress, constants.ZSTD_e_flush],
] as const)('events are read as they come, also through %s', async (coding, create, flush) => {
  const req = await startReq();
  const server = await startEvents((_, response) => {
    response.setHeader('content-encoding', coding);
    const encoder = create();
    encoder.pipe(response);
    encoder.write('data: a\n\n');
    encoder.flush(flush);
  });
  expect(await take(req.events(server.url), 1)).toEqual([event('a')]);
});
