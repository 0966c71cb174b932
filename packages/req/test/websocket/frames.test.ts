/** The frames of RFC 6455, as the cases of Autobahn ask for them, over both carriers. */
import { deflateRawSync } from 'node:zlib';
import type { Finch } from '@linnet/finch';
import { eventually, TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { Req, ReqWebSocket, WebSocketMessage, WebSocketSettings } from '../../src/index.ts';
import { startClient } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import {
  closeOf,
  fin,
  frameOf,
  rsv1,
  rsv2,
  startRaw,
  type Carrier,
  type RawServer,
  type Script,
} from '../support/raw-web-socket-server.ts';
import { ca } from '../support/web-socket-server.ts';

const carriers: Carrier[] = ['HTTP/1.1', 'HTTP/2'];
const [text, binary, close, ping] = [1, 2, 8, 9];

/** Ends the stream when the client has sent its close frame, as servers do. */
const polite: Script = {
  onFrame: ({ opcode }, stream) => {
    if (opcode === close) stream.end();
  },
};

interface Setup {
  readonly req: Req;
  readonly finch: Finch;
  readonly server: RawServer;
}

async function setUp(carrier: Carrier, script: Script): Promise<Setup> {
  const client = await startClient({}, { '#websocket': { connOpts: { tls: { ca } } } });
  return { ...client, server: await startRaw(carrier, { ...polite, ...script }) };
}

async function collect(socket: ReqWebSocket): Promise<WebSocketMessage[]> {
  const messages: WebSocketMessage[] = [];
  for await (const message of socket) messages.push(message);
  return messages;
}

/** No connection is left with the pool, nor in use. */
const released = (finch: Finch) =>
  eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 }));

/** The code of the close frame that the client sent. */
const closeCodeOf = ({ frames }: RawServer): number | undefined => {
  const frame = frames.find(({ opcode }) => opcode === close);
  return frame === undefined || frame.payload.length < 2 ? undefined : frame.payload.readUInt16BE();
};

const euro = Buffer.from('€');
const good: [string, Buffer[], WebSocketMessage[]][] = [
  ['one frame', [frameOf(fin | text, 'hello')], ['hello']],
  ['empty messages', [frameOf(fin | text), frameOf(fin | binary)], ['', Buffer.alloc(0)]],
  [
    'fragments, and a ping between them',
    [frameOf(text, 'Hel'), frameOf(fin | ping, 'p'), frameOf(0, 'l'), frameOf(fin, 'o')],
    ['Hello'],
  ],
  [
    'empty fragments',
    [frameOf(text), frameOf(0), frameOf(fin, 'x'), frameOf(text), frameOf(fin)],
    ['x', ''],
  ],
  [
    'a character over two fragments',
    [frameOf(text, euro.subarray(0, 2)), frameOf(fin, euro.subarray(2))],
    ['€'],
  ],
  ['a pong that was not asked for', [frameOf(fin | 10, 'x'), frameOf(fin | text, 'a')], ['a']],
  ['a long message', [frameOf(fin | text, 'x'.repeat(60_000))], ['x'.repeat(60_000)]],
  [
    'a control frame of 125 bytes',
    [frameOf(fin | ping, 'x'.repeat(125)), frameOf(fin | text, 'a')],
    ['a'],
  ],
];

test.each(carriers.flatMap((carrier) => good.map((each) => [carrier, ...each] as const)))(
  '%s: %s is read, also byte by byte, and with the answer to the handshake',
  async (carrier, _, frames, messages) => {
    const bytes = Buffer.concat([...frames, closeOf(1000, 'done')]);
    const { req, finch, server } = await setUp(carrier, { first: bytes });
    const socket = await req.webSocket(server.url);
    const read = await collect(socket);
    expect(read.map((each) => (typeof each === 'string' ? each : Buffer.from(each)))).toEqual(
      messages,
    );
    expect(await socket.closed).toEqual({ code: 1000, reason: 'done' });
    const pings = frames.filter((frame) => frame[0] === (fin | ping));
    const pongs = server.frames.filter(({ opcode }) => opcode === 10);
    expect(pongs.map(({ payload }) => payload)).toEqual(pings.map((frame) => frame.subarray(2)));
    expect(closeCodeOf(server)).toBe(1000);
    await released(finch);
    if (bytes.length > 1000) return;
    const slow = await startRaw(carrier, polite);
    const second = await req.webSocket(slow.url);
    for (const byte of bytes) {
      await new Promise((resolve) => slow.streams[0]?.write(Buffer.from([byte]), resolve));
    }
    expect(await collect(second)).toHaveLength(messages.length);
    await released(finch);
  },
);

const invalid = Buffer.from([0xce, 0xba, 0xe1, 0xbd, 0xb9, 0xcf, 0x83, 0xed, 0xa0, 0x80]);
const bad: [string, Buffer, number][] = [
  ['a reserved bit', frameOf(fin | rsv2 | text, 'x'), 1002],
  ['a compressed frame that was not agreed on', frameOf(fin | rsv1 | text, 'x'), 1002],
  ['reserved opcode 3', frameOf(fin | 3), 1002],
  ['reserved opcode 11', frameOf(fin | 11), 1002],
  ['a masked frame', Buffer.from([fin | text, 0x81, 1, 2, 3, 4, 5]), 1002],
  ['a continuation of nothing', frameOf(fin, 'x'), 1002],
  ['a message within another', Buffer.concat([frameOf(text, 'x'), frameOf(fin | text, 'y')]), 1002],
  ['a ping in fragments', frameOf(ping, 'x'), 1002],
  ['a ping of 126 bytes', frameOf(fin | ping, 'x'.repeat(126)), 1002],
  ['a close frame of 126 bytes', closeOf(1000, 'x'.repeat(124)), 1002],
  ['text that is not UTF-8', frameOf(fin | text, invalid), 1007],
  [
    'the same in fragments',
    Buffer.concat([frameOf(text, invalid.subarray(0, 5)), frameOf(fin, invalid.subarray(5))]),
    1007,
  ],
  ['text that ends within a character', frameOf(fin | text, euro.subarray(0, 2)), 1007],
  ['a close frame of one byte', frameOf(fin | close, 'x'), 1002],
  ['a close frame with a reason that is not UTF-8', closeOf(1000, invalid), 1007],
  [
    'a message that says it is larger than any',
    Buffer.from([fin | binary, 127, 255, 255, 255, 255, 255, 255, 255, 255]),
    1009,
  ],
  [
    'a message larger than maxPayload, by its head alone',
    Buffer.from([fin | binary, 127, 0, 0, 0, 0, 16, 0, 0, 0]),
    1009,
  ],
  [
    'fragments that are together larger',
    Buffer.concat(
      Array.from({ length: 5 }, (_, n) => frameOf(n === 0 ? binary : 0, Buffer.alloc(30_000))),
    ),
    1009,
  ],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): [string, Buffer, number] => [`close code ${code}`, closeOf(code), 1002],
  ),
];

test.each(carriers.flatMap((carrier) => bad.map((each) => [carrier, ...each] as const)))(
  '%s: %s ends the connection, which says why and is let go',
  async (carrier, _, bytes, code) => {
    const { req, finch, server } = await setUp(carrier, {
      first: Buffer.concat([frameOf(fin | text, 'good'), bytes]),
    });
    const socket = await req.webSocket(server.url, { maxPayload: 100_000 });
    const messages: WebSocketMessage[] = [];
    const read = async () => {
      for await (const message of socket) messages.push(message);
    };
    expect(await rejection(read())).toMatchObject({ code: 'ERR_REQ_WEB_SOCKET', reason: 'closed' });
    expect(messages).toEqual(['good']);
    await socket.closed;
    await eventually(() => expect(closeCodeOf(server)).toBe(code));
    await released(finch);
  },
);

test.each(
  carriers.flatMap((carrier) =>
    [1000, 1001, 1003, 1011, 1012, 1013, 1014, 3000, 4999].map((code) => [carrier, code] as const),
  ),
)(
  '%s: close code %i of the server ends the loop, and is answered with the same',
  async (carrier, code) => {
    const { req, finch, server } = await setUp(carrier, { first: closeOf(code, 'bye') });
    const socket = await req.webSocket(server.url);
    expect(await collect(socket)).toEqual([]);
    expect(await socket.closed).toEqual({ code, reason: 'bye' });
    expect(closeCodeOf(server)).toBe(code);
    await released(finch);
  },
);

test.each(carriers)('%s: a close frame without a code is 1005', async (carrier) => {
  const { req, server } = await setUp(carrier, { first: frameOf(fin | close) });
  const socket = await req.webSocket(server.url);
  expect(await collect(socket)).toEqual([]);
  expect(await socket.closed).toEqual({ code: 1005, reason: '' });
});

const headers = { 'sec-websocket-extensions': 'permessage-deflate; server_no_context_takeover' };
const compressed = (bytes: Uint8Array | string) => {
  const raw = deflateRawSync(bytes, { finishFlush: 2 });
  return raw.subarray(0, raw.length - 4);
};

test.each(carriers)('%s: compressed messages are read, in fragments, too', async (carrier) => {
  const zipped = compressed('hello hello hello');
  const frames = [
    frameOf(fin | rsv1 | text, zipped),
    frameOf(rsv1 | text, zipped.subarray(0, 3)),
    frameOf(fin | ping, 'x'),
    frameOf(fin, zipped.subarray(3)),
    frameOf(fin | text, 'plain'),
    closeOf(1000),
  ];
  const { req, finch, server } = await setUp(carrier, { headers, first: Buffer.concat(frames) });
  const socket = await req.webSocket(server.url);
  expect(await collect(socket)).toEqual(['hello hello hello', 'hello hello hello', 'plain']);
  await released(finch);
});

test.each(
  carriers.flatMap((carrier) =>
    (
      [
        ['a bomb', frameOf(fin | rsv1 | binary, compressed(Buffer.alloc(10_000_000))), 1009],
        ['bytes that are not compressed', frameOf(fin | rsv1 | text, 'no deflate'), 1007],
        [
          'a compressed continuation',
          Buffer.concat([frameOf(rsv1 | text, 'a'), frameOf(fin | rsv1, 'b')]),
          1002,
        ],
        ['a compressed ping', frameOf(fin | rsv1 | ping), 1002],
      ] as [string, Buffer, number][]
    ).map((each) => [carrier, ...each] as const),
  ),
)('%s: %s ends a connection with compression', async (carrier, _, first, code) => {
  const { req, finch, server } = await setUp(carrier, { headers, first });
  const socket = await req.webSocket(server.url, { maxPayload: 100_000 });
  expect(await rejection(collect(socket))).toMatchObject({ reason: 'closed' });
  await eventually(() => expect(closeCodeOf(server)).toBe(code));
  await released(finch);
});

test.each(carriers)(
  '%s: a stream that ends, or breaks, without a close frame is lost, its messages are read',
  async (carrier) => {
    const message = frameOf(fin | text, 'last');
    for (const end of ['end', 'destroy'] as const) {
      const { req, finch, server } = await setUp(carrier, { first: message });
      const socket = await req.webSocket(server.url);
      const read = collectUntilLost(socket);
      await eventually(() => expect(server.streams).toHaveLength(1));
      await new Promise((resolve) => server.streams[0]?.write(message, resolve));
      server.streams[0]?.[end]();
      const { messages, error } = await read;
      expect(error).toMatchObject({ reason: 'closed', closeCode: 1006 });
      expect(messages.length).toBeGreaterThanOrEqual(end === 'end' ? 2 : 0);
      await released(finch);
    }
  },
);

async function collectUntilLost(socket: ReqWebSocket) {
  const messages: WebSocketMessage[] = [];
  try {
    for await (const message of socket) messages.push(message);
    return { messages, error: undefined };
  } catch (error) {
    return { messages, error };
  }
}

test.each(carriers)(
  '%s: many messages before a close are all read, however slow the reader is',
  async (carrier) => {
    const many = Array.from({ length: 1000 }, (_, n) =>
      frameOf(fin | text, `${n} ${'x'.repeat(200)}`),
    );
    const { req, finch, server } = await setUp(carrier, {
      first: Buffer.concat([...many, closeOf(1000)]),
    });
    const socket = await req.webSocket(server.url);
    await eventually(() => expect(server.streams).toHaveLength(1));
    let read = 0;
    for await (const message of socket) {
      expect(String(message).split(' ')[0]).toBe(String(read));
      read += 1;
      if (read % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(read).toBe(1000);
    await released(finch);
  },
);

test.each(
  carriers.flatMap((carrier) =>
    (
      [
        [
          'a subprotocol that was not asked for',
          { 'sec-websocket-protocol': 'other' },
          { subprotocols: ['mine'] },
        ],
        ['a subprotocol though none was asked for', { 'sec-websocket-protocol': 'other' }, {}],
        [
          'an extension that was not offered',
          { 'sec-websocket-extensions': 'x-webkit-deflate-frame' },
          {},
        ],
        ['compression though it was not offered', headers, { perMessageDeflate: false }],
        [
          'compression with parameters that do not exist',
          { 'sec-websocket-extensions': 'permessage-deflate; foo' },
          {},
        ],
      ] as [string, Record<string, string>, WebSocketSettings][]
    ).map((each) => [carrier, ...each] as const),
  ),
)(
  '%s: %s fails the handshake, and the connection is let go',
  async (carrier, _, fields, settings) => {
    const { req, finch, server } = await setUp(carrier, { headers: fields });
    expect(await rejection(req.webSocket(server.url, settings))).toMatchObject({
      code: 'ERR_REQ_WEB_SOCKET',
      reason: 'handshake',
    });
    await released(finch);
  },
);

test.each(carriers)('%s: a server that is silent, even to a ping, is lost', async (carrier) => {
  const { req, finch, server } = await setUp(carrier, {});
  const clock = new TestClock().install(onTestFinished);
  const socket = await req.webSocket(server.url, { pingInterval: 1000 });
  const read = collectUntilLost(socket);
  const pings = () => server.frames.filter(({ opcode }) => opcode === ping).length;
  await clock.advance(1000);
  await eventually(() => expect(pings()).toBe(1));
  await clock.advance(1000);
  expect((await read).error).toMatchObject({
    reason: 'closed',
    closeCode: 1006,
    cause: { message: expect.stringContaining('1000 ms') as string },
  });
  await released(finch);
});

test.each(carriers)('%s: one that answers pings, or sends anything, is not', async (carrier) => {
  const { req, server } = await setUp(carrier, {
    onFrame: ({ opcode, payload }, stream) => {
      if (opcode === ping) stream.write(frameOf(fin | 10, payload));
      if (opcode === close) stream.end();
    },
  });
  const clock = new TestClock().install(onTestFinished);
  await using socket = await req.webSocket(server.url, { pingInterval: 1000 });
  const messages: WebSocketMessage[] = [];
  const read = (async () => {
    for await (const message of socket) messages.push(message);
  })();
  for (let round = 1; round <= 5; round++) {
    await clock.advance(1000);
    await eventually(() =>
      expect(server.frames.filter(({ opcode }) => opcode === ping)).toHaveLength(round),
    );
    // When this has come, the pong before it has, too.
    server.streams[0]?.write(frameOf(fin | text, 'a'));
    await eventually(() => expect(messages).toHaveLength(round));
  }
  server.streams[0]?.write(closeOf(1000));
  await read;
  expect(await socket.closed).toEqual({ code: 1000, reason: '' });
});

test('a reader that is slow is not taken for a server that is lost', async () => {
  const first = Buffer.concat(Array.from({ length: 100 }, () => frameOf(fin | text, 'x')));
  const { req, server } = await setUp('HTTP/1.1', { first });
  const clock = new TestClock().install(onTestFinished);
  const socket = await req.webSocket(server.url, { pingInterval: 1000 });
  // So much waits for the reader that the connection is not read.
  await new Promise((resolve) => setImmediate(resolve));
  for (let round = 1; round <= 5; round++) {
    await clock.advance(1000);
    await eventually(() =>
      expect(server.frames.filter(({ opcode }) => opcode === ping)).toHaveLength(round),
    );
  }
  server.streams[0]?.write(closeOf(1000));
  expect(await collect(socket)).toHaveLength(100);
});

test.each(carriers)('%s: a server that does not read holds the sender back', async (carrier) => {
  const { req, finch, server } = await setUp(carrier, {});
  const socket = await req.webSocket(server.url);
  await eventually(() => expect(server.streams).toHaveLength(1));
  server.streams[0]?.pause();
  const part = Buffer.alloc(1_000_000, 'x');
  // More than the buffers of a socket, or the window of a stream, hold.
  const parts = carrier === 'HTTP/2' ? 4 : 20;
  let taken = 0;
  const sending = (async () => {
    for (; taken < parts; taken++) await socket.send(part);
  })();
  // What the server says goes there and back meanwhile; what it does not read waits.
  for (let turn = 0; turn < 20; turn++) {
    server.streams[0]?.write(frameOf(fin | text, 'a'));
    expect((await socket[Symbol.asyncIterator]().next()).value).toBe('a');
  }
  const before = taken;
  expect(before).toBeLessThan(parts);
  expect(socket.bufferedAmount).toBeGreaterThan(0);
  server.streams[0]?.resume();
  await sending;
  const received = () => server.frames.filter(({ opcode }) => opcode === binary).length;
  await eventually(() => expect(received()).toBe(parts));
  socket.terminate();
  await released(finch);
});
