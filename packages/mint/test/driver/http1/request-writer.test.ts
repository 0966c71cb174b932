import { expect, test } from 'vitest';
import { startHttpServer } from '../../support/http-server.ts';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import { send } from '../exchange-log.ts';
import type { ExchangeLog } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

/** Longer than any test. */
const patient = 60_000;

test('holds the body back until the server says 100 Continue', async () => {
  await using server = await startHttp1Server(async (peer) => {
    const head = await peer.readUntil('\r\n\r\n');
    expect(head).toBe(
      'PUT /big HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\nx: y\r\n' +
        'expect: 100-continue\r\ncontent-length: 5\r\n\r\n',
    );
    expect(peer.received).toBe(head);
    await peer.write('HTTP/1.1 100 Continue\r\n\r\n');
    expect(await peer.read(5)).toBe('hello');
    await peer.write(response('stored'));
    await peer.readRequest();
    await peer.write(response('again'));
  });
  using open = await openWire(server.port, { authority: 'a' });
  const log = await send(open.wire, {
    method: 'PUT',
    target: '/big',
    headers: ['x', 'y'],
    body: 'hello',
    expectContinue: patient,
  }).done;
  expect(log.kinds).toEqual(['informational', 'headers', 'data', 'end']);
  expect(log.events[0]).toMatchObject({ status: 100 });
  expect(log.events.at(-1)).toMatchObject({ usable: true });
  expect((await send(open.wire).done).body).toBe('again');
});

test('sends the body after the given time when the server says nothing', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('stored'));
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, { method: 'PUT', body: ['hel', 'lo'], expectContinue: 1 }).done;
  expect(log.body).toBe('stored');
  expect((await server.peer(0)).received).toContain('3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n');
  expect(log.events.at(-1)).toMatchObject({ usable: true });
});

test('spares the body when the server refuses it, and closes the connection', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readUntil('\r\n\r\n');
    await peer.write(response('no', [], '417 Expectation Failed'));
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, { method: 'PUT', body: 'hello', expectContinue: patient }).done;
  expect(log.status).toBe(417);
  expect(log.body).toBe('no');
  expect(log.events.at(-1)).toMatchObject({ usable: false });
  expect(await open.closed).toBeUndefined();
  expect((await server.peer(0)).received).not.toContain('hello');
});

test('says nothing of an expectation when there is no body to hold back', async () => {
  await using server = await startHttp1Server(async (peer) => {
    expect((await peer.readRequest()).text).not.toContain('expect');
    await peer.write(response('ok'));
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, { method: 'POST', expectContinue: patient }).done;
  expect(log.events.at(-1)).toMatchObject({ usable: true });
});

test.each(['abort', 'reset'] as const)(
  'ends once on %s while the body is held back',
  async (how) => {
    await using server = await startHttp1Server();
    using open = await openWire(server.port);
    const log = send(open.wire, { method: 'PUT', body: 'hello', expectContinue: patient });
    const peer = await server.peer(0);
    await peer.readUntil('\r\n\r\n');
    if (how === 'abort') log.exchange?.abort(new Error('enough'));
    else peer.resetConnection();
    await log.done;
    await open.closed;
    expect(log.endings).toBe(1);
    expect(peer.received).not.toContain('hello');
  },
);

test('[M19] sends trailers after a body in chunks', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readUntil('x-sum: 5\r\n\r\n');
    await peer.write(response('ok'));
    await peer.readRequest();
    await peer.write(response('again'));
  });
  using open = await openWire(server.port, { authority: 'a' });
  let length = 0;
  const log = await send(open.wire, {
    method: 'POST',
    headers: ['trailer', 'x-sum'],
    body: (function* pieces() {
      for (const piece of ['hel', 'lo']) {
        length += piece.length;
        yield piece;
      }
    })(),
    trailers: () => ['x-sum', String(length)],
  }).done;
  expect(log.body).toBe('ok');
  expect((await server.peer(0)).received).toBe(
    'POST / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\ntrailer: x-sum\r\n' +
      'transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nx-sum: 5\r\n\r\n',
  );
  expect((await send(open.wire).done).body).toBe('again');
});

test('a node:http server reads the trailers', async () => {
  await using server = await startHttpServer((request, reply) => {
    request.resume().on('end', () => reply.end(JSON.stringify(request.trailers)));
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, {
    method: 'POST',
    body: 'hello',
    trailers: () => ['X-Sum', '5'],
  }).done;
  expect(log.body).toBe('{"x-sum":"5"}');
});

test.each([
  ['content-length', '5'],
  ['Transfer-Encoding', 'chunked'],
  ['authorization', 'a'],
  ['a b', 'c'],
  ['a', 'b\r\nc: d'],
])('[M19] refuses the trailer %j: %j', async (...trailer) => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const log = await send(open.wire, { method: 'POST', body: 'hello', trailers: () => trailer })
    .done;
  expect(log.error).toMatchObject({ code: 'ERR_MINT_INVALID_REQUEST', option: 'trailers' });
  await open.closed;
  expect((await server.peer(0)).received).not.toContain('0\r\n');
});

test('fails with the error of the source as the cause', async () => {
  const broken = new Error('the disk is gone');
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const log = await send(open.wire, {
    method: 'POST',
    body: (function* pieces() {
      yield 'hel';
      throw broken;
    })(),
    trailers: () => [],
  }).done;
  expect(log.error?.cause).toBe(broken);
  expect(log.endings).toBe(1);
});

test.each([
  ['longer', ['hel', 'lo!']],
  ['shorter', ['hel']],
])('fails when the body is %s than declared', async (_how, body) => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const log = await send(open.wire, {
    method: 'POST',
    headers: ['content-length', '5'],
    body,
    expectContinue: 1,
  }).done;
  expect(log.error).toMatchObject({ code: 'ERR_MINT_INVALID_REQUEST', option: 'body' });
});

test('a request that was given up before it was sent does not take the place of the next one', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for (;;) {
      await peer.readRequest();
      await peer.write(response('ok'));
    }
  });
  using open = await openWire(server.port);
  const first = send(open.wire, { target: '/first' });
  const third = await new Promise<ExchangeLog>((resolve) => {
    first.atEnd = () => {
      send(open.wire, { target: '/second' }).exchange?.abort(new Error('enough'));
      resolve(send(open.wire, { method: 'PUT', target: '/third', body: 'a', trailers: () => [] }));
    };
  });
  expect((await third.done).body).toBe('ok');
  const { received } = await server.peer(0);
  expect(received).toContain('PUT /third');
  expect(received).not.toContain('/second');
});

test('trailers are sent, too, where the same fields were sent without them before', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('ok'));
    expect(await peer.readUntil('x: y\r\n\r\n')).toContain('transfer-encoding: chunked');
    await peer.write(response('again'));
  });
  using open = await openWire(server.port);
  const headers = Object.freeze(['a', 'b']);
  await send(open.wire, { headers }).done;
  const log = await send(open.wire, { headers, body: null, trailers: () => ['x', 'y'] }).done;
  expect(log.body).toBe('again');
});

test('characters above ASCII in a field are bytes beside a body of ASCII, and of UTF-8', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for (const text of ['hello', 'h\xc3\xa9llo']) {
      const { text: request } = await peer.readRequest();
      expect(request).toContain('x: \xe9\r\n');
      expect(request.endsWith(`\r\n\r\n${text}`)).toBe(true);
      await peer.write(response('ok'));
    }
  });
  using open = await openWire(server.port);
  for (const body of ['hello', 'héllo']) {
    const log = await send(open.wire, { method: 'POST', headers: ['x', '\xe9'], body }).done;
    expect(log.body).toBe('ok');
  }
});
