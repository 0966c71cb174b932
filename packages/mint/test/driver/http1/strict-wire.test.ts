import { expect, test } from 'vitest';
import { ConnectionClosedError, ProtocolError } from '../../../src/index.ts';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import { send } from '../exchange-log.ts';
import type { ExchangeLog } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';
import type { OpenWireOptions } from '../open-wire.ts';

const ok = 'HTTP/1.1 200 OK\r\n';

/** Answers one request with just these bytes and, if asked, ends the stream. */
async function answer(
  bytes: string,
  settings: { end?: boolean; method?: string; wire?: OpenWireOptions } = {},
): Promise<{ log: ExchangeLog; closed: Promise<Error | undefined>; usable: () => boolean }> {
  const server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(bytes);
    if (settings.end === true) peer.end();
  });
  const open = await openWire(server.port, settings.wire);
  const log = await send(open.wire, { method: settings.method ?? 'GET' }).done;
  const closed = open.closed.then((error) => server.close().then(() => error));
  return { log, closed, usable: () => open.wire.usable };
}

async function expectProtocolError(bytes: string, reason: string | RegExp = /./): Promise<void> {
  const { log, closed } = await answer(bytes);
  expect(log.error).toBeInstanceOf(ProtocolError);
  expect(log.error).toMatchObject({ requestSent: true, reused: false, phase: 'receive' });
  expect((log.error as ProtocolError).reason).toMatch(reason);
  expect(log.endings).toBe(1);
  expect(await closed).toBeInstanceOf(ProtocolError);
}

test.each(['+5', '+0', '-0', '', '0x5', '2meta', '5 ', 'ffffffffffffffffff'])(
  '[M1] refuses the chunk size %j',
  async (size) => {
    await expectProtocolError(
      `${ok}transfer-encoding: chunked\r\n\r\n${size}\r\nhello\r\n0\r\n\r\n`,
      'invalid_chunk_size',
    );
  },
);

test('[M1] [M7] takes hexadecimal chunk sizes of either case, with extensions', async () => {
  const long = 'x'.repeat(0xaf);
  const { log } = await answer(
    `${ok}transfer-encoding: chunked\r\n\r\naF;ext;a="b"\r\n${long}\r\n0;last\r\n\r\n`,
  );
  expect(log.body).toBe(long);
  expect(log.kinds).toEqual(['headers', 'data', 'end']);
});

test.each(['foo', '-10', '+0', '', '1 0', '0x10', '5,5', '99999999999999999999999'])(
  '[M2] refuses the content-length %j',
  async (length) => {
    await expectProtocolError(`${ok}content-length: ${length}\r\n\r\nhello`);
  },
);

test.each(['5', '5  ', ' 5', '05'])('[M2] takes the content-length %j', async (length) => {
  const { log } = await answer(`${ok}content-length: ${length}\r\n\r\nhello`);
  expect(log.kinds).toEqual(['headers', 'data', 'end']);
  expect(log.body).toBe('hello');
  expect(log.events.at(-1)).toMatchObject({ usable: true });
});

test('[M3] refuses two content-lengths, even equal ones', async () => {
  await expectProtocolError(
    `${ok}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`,
    'invalid_content_length',
  );
});

test.each([
  'content-length: 5\r\ntransfer-encoding: chunked',
  'transfer-encoding: chunked\r\ncontent-length: 5',
])('[M4] refuses a length beside a transfer coding: %j', async (fields) => {
  await expectProtocolError(`${ok}${fields}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`);
});

test.each([
  'HTTP/1.1 foo',
  'HTP/1.1 200 OK',
  'HTTP/1.1 20 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/1.1  200 OK',
  'HTTP/1.1 099 OK',
  'HTTP/1.2 200 OK',
  'HTTP/2.0 200 OK',
  'HTTP/0.9 200 OK',
  'http/1.1 200 OK',
  'ICY 200 OK',
  'HTTP/1.1 200 O\rK',
])('[M5] refuses the status line %j', async (line) => {
  await expectProtocolError(`${line}\r\ncontent-length: 5\r\n\r\nhello`);
});

test('[H167] refuses HTTP/2 frames on an HTTP/1 connection', async () => {
  await expectProtocolError('\0\0\x12\x04\0\0\0\0\0', 'invalid_status_line');
});

test('[H168] takes a normal response to the byte, and keeps the connection', async () => {
  const { log, usable } = await answer(response('Hello, World!', ['content-type: text/plain']));
  expect(log.kinds).toEqual(['headers', 'data', 'end']);
  expect(log.events[0]).toMatchObject({
    status: 200,
    headers: ['content-type', 'text/plain', 'content-length', '13'],
  });
  expect(log.body).toBe('Hello, World!');
  expect(usable()).toBe(true);
});

test.each([
  'a : b',
  'a b: c',
  ': novalue',
  'nocolon',
  ' a: b',
  'a: b\nc: d',
  'a: b\rc',
  'a: b\x00c',
  'a: b\x01c',
  'a\xe9: b',
])('refuses the field line %j', async (line) => {
  await expectProtocolError(`${ok}${line}\r\ncontent-length: 5\r\n\r\nhello`);
});

test.each(['a: b\r\n c', 'a: b \r\n\tc', 'a: b\r\n  \r\n c', 'a:\r\n b\r\n\t  c \t'])(
  '[D26] [W22] takes the line break of the folded field %j for a space',
  async (line) => {
    const { log } = await answer(`${ok}${line}\r\ncontent-length: 5\r\nz: z\r\n\r\nhello`);
    expect(log.events[0]).toMatchObject({
      headers: ['a', 'b c', 'content-length', '5', 'z', 'z'],
    });
    expect(log.body).toBe('hello');
  },
);

test.each(['a: b\r\n c', 'a: b\r\n\tc'])(
  '[D26] [W22] refuses the folded field %j where it is told to',
  async (line) => {
    const wire = { obsFold: 'refuse' } as const;
    const { log } = await answer(`${ok}${line}\r\ncontent-length: 5\r\n\r\nhello`, { wire });
    expect(log.error).toMatchObject({ code: 'ERR_MINT_PROTOCOL', reason: 'invalid_header' });
  },
);

test.each([
  ' a: b\r\ncontent-length: 5',
  'content-length: 5\r\n 5',
  'transfer-encoding:\r\n chunked',
  'transfer-encoding: chunked\r\n , gzip',
])('[W22] refuses a fold where it could change the framing: %j', async (fields) => {
  await expectProtocolError(
    `${ok}${fields}\r\n\r\nhello`,
    /^(invalid_header|unsupported_transfer_encoding)$/,
  );
});

test('[W22] a folded connection field counts', async () => {
  const { log } = await answer(
    `${ok}connection: keep-alive,\r\n close\r\ncontent-length: 5\r\n\r\nhello`,
  );
  expect(log.events.at(-1)).toMatchObject({ usable: false });
});

test.each([
  'HTTP/1.1 200 OK\r\rSet-Cookie: evil=1',
  'HTTP/1.1 200 OK\rSet-Cookie: evil=1',
  'HTTP/1.1 200\rSet-Cookie: evil=1',
  'HTTP/1.1 200 OK\r\na: b\r\rSet-Cookie: evil=1',
  'HTTP/1.1 200 O\0K',
  'HTTP/1.1 200 O\x01K',
  'HTTP/1.1 200 O\x7fK',
  'HTTP/1.1 200\0',
  'HTTP/1.1 200\tOK',
])('[W5] [W7] refuses the head %j', async (head) => {
  await expectProtocolError(`${head}\r\ncontent-length: 5\r\n\r\nhello`);
});

test.each([
  '5; a=b',
  '5 ;a=b',
  '5;a = b',
  '5\t;\ta\t=\tb',
  '5;a="x;y\\"z" ;c',
  '5;a;b=c;d = "e"',
  '5 ; a',
])('[W6] takes the chunk size %j', async (size) => {
  const { log } = await answer(
    `${ok}transfer-encoding: chunked\r\n\r\n${size}\r\nhello\r\n0\r\n\r\n`,
  );
  expect(log.body).toBe('hello');
  expect(log.events.at(-1)).toMatchObject({ usable: true });
});

test.each([
  '5;',
  '5;=b',
  '5;a=',
  '5;a b',
  '5;a=b c',
  '5;a="b',
  '5;a="b"c',
  '5;a,b',
  '5;a=b ',
  '5;a\0',
  '5;a="\r"',
  '5 a',
])('[W6] refuses the chunk size %j', async (size) => {
  await expectProtocolError(
    `${ok}transfer-encoding: chunked\r\n\r\n${size}\r\nhello\r\n0\r\n\r\n`,
    /^invalid_chunk/,
  );
});

test('refuses LF alone as the end of a line, unless it is told to take it', async () => {
  const bytes =
    'HTTP/1.1 200 OK\nContent-Type: text/plain\na: b\n c\nTransfer-Encoding: chunked\n\n' +
    '5\nhello\n0\nt: u\n\n';
  await expectProtocolError(bytes, 'invalid_status_line');
  const { log } = await answer(bytes, { wire: { bareLineFeeds: true } });
  expect(log.events[0]).toMatchObject({
    headers: ['Content-Type', 'text/plain', 'a', 'b c', 'Transfer-Encoding', 'chunked'],
  });
  expect(log.body).toBe('hello');
  expect(log.events.at(-1)).toMatchObject({ trailers: ['t', 'u'], usable: true });
});

test.each([
  ['names and values', 'a: x\r\n'.repeat(1), 'x'.repeat(300_000)],
  ['fields', 'a:\r\n'.repeat(20_000), ''],
])('[W1] bounds a header section by its %s', async (_what, fields, value) => {
  const { log } = await answer(`${ok}${fields}b: ${value}\r\ncontent-length: 0\r\n\r\n`);
  expect(log.error).toMatchObject({ code: 'ERR_MINT_RESPONSE_TOO_LARGE', option: 'maxHeaderSize' });
});

test('[W1] bounds the fields of a trailer section', async () => {
  const { log } = await answer(
    `${ok}transfer-encoding: chunked\r\n\r\n0\r\n${'a:\r\n'.repeat(20_000)}\r\n`,
  );
  expect(log.error).toMatchObject({ code: 'ERR_MINT_RESPONSE_TOO_LARGE', option: 'maxHeaderSize' });
});

test.each([
  ['few large ones', 'a:\r\n'.repeat(5000), 103],
  ['many', 'b: c\r\n'.repeat(10), 990],
])('[W1] bounds all interim responses together: %s', async (_what, fields, times) => {
  const interims = `HTTP/1.1 103 Early Hints\r\n${fields}\r\n`.repeat(times);
  const { log } = await answer(`${interims}${ok}content-length: 0\r\n\r\n`);
  expect(log.error).toMatchObject({ code: 'ERR_MINT_RESPONSE_TOO_LARGE', option: 'maxHeaderSize' });
});

test('keeps bytes above ASCII in values, and no white space around them', async () => {
  const { log } = await answer(`${ok}a:   \xe9 b\t \r\nempty:\r\ncontent-length: 0\r\n\r\n`);
  expect(log.events[0]).toMatchObject({
    headers: ['a', '\xe9 b', 'empty', '', 'content-length', '0'],
  });
});

test('[M6] refuses a header section beyond maxHeaderSize', async () => {
  const { log } = await answer(`${ok}a: ${'x'.repeat(2000)}\r\ncontent-length: 0\r\n\r\n`, {
    wire: { maxHeaderSize: 2000 },
  });
  expect(log.error).toMatchObject({
    code: 'ERR_MINT_RESPONSE_TOO_LARGE',
    option: 'maxHeaderSize',
    limit: 2000,
  });
});

test('[M6] takes a header section of 200 kB by default', async () => {
  const { log } = await answer(`${ok}a: ${'x'.repeat(200_000)}\r\ncontent-length: 0\r\n\r\n`);
  expect(log.kinds).toEqual(['headers', 'end']);
});

test('[M6] refuses a trailer section beyond maxHeaderSize', async () => {
  const { log } = await answer(
    `${ok}transfer-encoding: chunked\r\n\r\n0\r\na: ${'x'.repeat(2000)}\r\n\r\n`,
    { wire: { maxHeaderSize: 2000 } },
  );
  expect(log.error).toMatchObject({
    code: 'ERR_MINT_RESPONSE_TOO_LARGE',
    option: 'maxHeaderSize',
    limit: 2000,
  });
});

test('refuses a body beyond maxResponseSize', async () => {
  const { log } = await answer(response('123456'), { wire: { maxResponseSize: 5 } });
  expect(log.error).toMatchObject({
    code: 'ERR_MINT_RESPONSE_TOO_LARGE',
    limit: 5,
    received: 6,
  });
});

test('[M8] hands on what came of a huge chunk at once', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(`${ok}transfer-encoding: chunked\r\n\r\nfffffff\r\nfirst`);
  });
  using open = await openWire(server.port);
  const log = send(open.wire);
  await log.until(() => log.body === 'first');
  expect(log.endings).toBe(0);
});

test.each([
  'gzip, chunked',
  'chunked, gzip',
  'gzip',
  'identity',
  'chunked, chunked',
  'xchunked',
  'chunked;q=1',
  '',
  'chunked\r\ntransfer-encoding: gzip',
  'gzip\r\ntransfer-encoding: chunked',
])('[D5] does not read on after the transfer coding %j: it is refused', async (coding) => {
  await expectProtocolError(
    `${ok}transfer-encoding: ${coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    'unsupported_transfer_encoding',
  );
});

test.each(['Chunked', ' chunked ', ',chunked'])('takes the transfer coding %j', async (coding) => {
  const { log } = await answer(`${ok}transfer-encoding: ${coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`);
  expect(log.body).toBe('hello');
  expect(log.events.at(-1)).toMatchObject({ usable: true });
});

test('does not reuse a connection after a chunked response of HTTP/1.0', async () => {
  const { log, closed } = await answer(
    'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n' +
      '5\r\nhello\r\n0\r\n\r\n',
  );
  expect(log.body).toBe('hello');
  expect(log.events.at(-1)).toMatchObject({ usable: false });
  expect(await closed).toBeUndefined();
});

test('[M9] refuses a content-length in the trailer section', async () => {
  await expectProtocolError(
    `${ok}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\ncontent-length: 3\r\n\r\n`,
  );
});

test.each([ok, 'HTTP/1.0 200 OK\r\n'])(
  '[M13] reads a body without a length to the end of the stream: %j',
  async (line) => {
    const { log, closed } = await answer(`${line}\r\nhello`, { end: true });
    expect(log.kinds).toEqual(['headers', 'data', 'end']);
    expect(log.body).toBe('hello');
    expect(log.events.at(-1)).toMatchObject({ usable: false });
    expect(await closed).toBeUndefined();
  },
);

test.each([
  ['inside the head', `${ok}content-le`],
  ['before the body', `${ok}content-length: 10\r\n\r\n`],
  ['inside the body', `${ok}content-length: 10\r\n\r\nhello`],
  ['inside the last body', `${ok}connection: close\r\ncontent-length: 10\r\n\r\nhello`],
  ['inside a chunk', `${ok}transfer-encoding: chunked\r\n\r\n5\r\nhel`],
  ['before the last chunk', `${ok}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ['inside the last chunked body', `${ok}connection: close\r\ntransfer-encoding: chunked\r\n\r\n5`],
  ['inside the trailers', `${ok}transfer-encoding: chunked\r\n\r\n0\r\na: b\r\n`],
  ['after an interim response', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
])('[M14] fails when the stream ends %s', async (_where, bytes) => {
  const { log } = await answer(bytes, { end: true });
  expect(log.error).toBeInstanceOf(ConnectionClosedError);
  expect(log.error).toMatchObject({ requestSent: true, bytesReceived: bytes.length });
  expect(log.endings).toBe(1);
});

test('fails a body without a length when the connection is reset', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(`${ok}\r\nhello`);
    await peer.readUntil('never').catch(() => {});
  });
  using open = await openWire(server.port);
  const log = send(open.wire);
  await log.until(() => log.body === 'hello');
  (await server.peer(0)).resetConnection();
  await log.done;
  expect(log.error).toMatchObject({ code: 'ERR_MINT_CONNECTION_CLOSED', reason: 'ECONNRESET' });
});

test.each([
  ['another response', response('EVIL')],
  ['half a response', 'HTTP/1.1 2'],
  ['garbage', '\x00'],
])('[D4] [M16] closes the connection when %s follows in the same packet', async (_what, more) => {
  const { log, closed, usable } = await answer(response('hello') + more);
  expect(log.kinds).toEqual(['headers', 'data', 'end']);
  expect(log.body).toBe('hello');
  expect(usable()).toBe(false);
  expect(await closed).toMatchObject({ code: 'ERR_MINT_PROTOCOL', reason: 'unexpected_data' });
});

test('[D4] skips an empty line after a response', async () => {
  const { log, usable } = await answer(`${response('hello')}\r\n`);
  expect(log.body).toBe('hello');
  expect(usable()).toBe(true);
});

test('[D4] never gives surplus bytes to the request that follows at once', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('hello') + response('EVIL'));
  });
  using open = await openWire(server.port);
  const first = send(open.wire);
  const second = await new Promise<ExchangeLog>((resolve) => {
    first.atEnd = () => resolve(send(open.wire));
  });
  await second.done;
  expect(second.events).toHaveLength(1);
  expect(second.error).toMatchObject({
    code: 'ERR_MINT_CONNECTION_CLOSED',
    requestSent: false,
    reused: true,
    bytesReceived: 0,
  });
  expect((await server.peer(0)).received.match(/GET/g)).toHaveLength(1);
});

test('[H164] [M16] closes an idle connection on which something arrives', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('hello'));
  });
  using open = await openWire(server.port);
  await send(open.wire).done;
  await (await server.peer(0)).write(response('EVIL'));
  expect(await open.closed).toMatchObject({ reason: 'unexpected_data' });
  expect(send(open.wire).error).toMatchObject({ requestSent: false });
});

test('[M16] closes a connection on which the server speaks first', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.write('SSH-2.0-OpenSSH_9.2\r\n');
  });
  using open = await openWire(server.port);
  expect(await open.closed).toBeInstanceOf(ProtocolError);
  expect(open.closings).toHaveLength(1);
});

test.each([
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: foo\r\n\r\nabc',
  'HTTP/1.1 101 Switching Protocols\r\n\r\nabc',
])('[D9] does not take a protocol switch that nobody asked for: %j', async (bytes) => {
  await expectProtocolError(bytes, 'unexpected_upgrade');
});

test('takes an offer to upgrade for what it is', async () => {
  const { log } = await answer(response('ok', ['connection: upgrade', 'upgrade: h2c']));
  expect(log.body).toBe('ok');
  expect(log.events.at(-1)).toMatchObject({ usable: true });
});
