import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { EventStreamError, ReqCancelledError, type ServerEvent } from '../../src/index.ts';
import { EventReader } from '../../src/events/server-event.ts';
import { rejection, startReq } from '../support/client.ts';
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
