import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { WireBody, WireRequest } from '../../../src/index.ts';
import { startHttpServer } from '../../support/http-server.ts';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import type { Http1Peer, ScriptedServer } from '../../../src/testing/index.ts';
import { sources } from '../body-sources.ts';
import { send } from '../exchange-log.ts';
import type { ExchangeLog } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

/** What arrives at the server for a request, and how the exchange ends. */
async function transmit(request: Partial<WireRequest>): Promise<string> {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('ok'));
  });
  using open = await openWire(server.port, { authority: 'a' });
  const log = await send(open.wire, { method: 'POST', ...request }).done;
  expect(log.body).toBe('ok');
  return (await server.peer(0)).received;
}

const head = 'POST / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\n';

test.each<[string, WireBody | undefined]>([
  ['nothing', undefined],
  ['null', null],
  ['an empty string', ''],
  ['no bytes', new Uint8Array()],
])('[M17] [H137] [H138] declares a length of 0 for a POST with %s', async (_what, body) => {
  expect(await transmit({ body })).toBe(`${head}content-length: 0\r\n\r\n`);
});

test.each(['GET', 'DELETE', 'HEAD', 'OPTIONS'])(
  '[H139] [H140] declares no length for a %s without a body',
  async (method) => {
    await using server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
    using open = await openWire(server.port);
    await send(open.wire, { method }).done;
    expect((await server.peer(0)).received).not.toContain('content-length');
  },
);

test.each([
  ['GET', false],
  ['DELETE', false],
  ['PATCH', true],
  ['QUERY', true],
])('a body of a %s is sent; the connection is reused: %s', async (method, usable) => {
  await using server = await startHttpServer((request, reply) => request.pipe(reply));
  using open = await openWire(server.port);
  const log = await send(open.wire, { method, body: 'hello' }).done;
  expect(log.body).toBe('hello');
  expect(log.events.at(-1)).toMatchObject({ usable });
});

test('[M17] sends text as UTF-8 and declares its length in bytes', async () => {
  expect(await transmit({ body: 'né' })).toBe(
    `${head}content-length: 3\r\n\r\n${Buffer.from('né').toString('latin1')}`,
  );
});

test('sends bytes, and the part of a buffer that a view shows', async () => {
  const bytes = new Uint8Array(Buffer.from('xhellox').buffer.slice(0)).fill(0);
  bytes.set(Buffer.from('xhellox'));
  expect(await transmit({ body: bytes.subarray(1, 6) })).toBe(
    `${head}content-length: 5\r\n\r\nhello`,
  );
});

test('[H141] sends the length that the caller declares once', async () => {
  const received = await transmit({ headers: ['Content-Length', '5'], body: 'hello' });
  expect(received.match(/content-length/gi)).toHaveLength(1);
});

test.each(Object.keys(sources))('[M18] [H111] sends %s in chunks', async (name) => {
  expect(await transmit({ body: sources[name]?.() })).toBe(
    `${head}transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`,
  );
});

test.each(Object.keys(sources))(
  '[M18] sends %s as it is when its length is declared',
  async (name) => {
    expect(await transmit({ body: sources[name]?.(), headers: ['content-length', '5'] })).toBe(
      `${head}content-length: 5\r\n\r\nhello`,
    );
  },
);

test('sends a stream without a piece as an empty body', async () => {
  expect(await transmit({ body: [] })).toBe(`${head}content-length: 0\r\n\r\n`);
});

test.each([
  ['longer', ['hel', 'lo!']],
  ['shorter', ['hel']],
])('fails when a stream is %s than declared, and closes the connection', async (_how, body) => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const log = await send(open.wire, { method: 'POST', headers: ['content-length', '5'], body })
    .done;
  expect(log.error).toMatchObject({ code: 'ERR_MINT_INVALID_REQUEST', option: 'body' });
  await open.closed;
  expect((await server.peer(0)).received).not.toContain('lo!');
});

test('[H113] fails with the error of the source as the cause, and closes the connection', async () => {
  const broken = new Error('the disk is gone');
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const log = await send(open.wire, {
    method: 'POST',
    body: (async function* pieces() {
      yield 'hel';
      throw broken;
    })(),
  }).done;
  expect(log.error).toMatchObject({ code: 'ERR_MINT_REQUEST_BODY', phase: 'send' });
  expect(log.error?.message).toMatch(/^The request body failed: the disk is gone \(/);
  expect(log.error?.cause).toBe(broken);
  expect(await open.closed).toBeUndefined();
  expect((await server.peer(0)).received).not.toContain('0\r\n\r\n');
});

test('fails when a piece is neither text nor bytes', async () => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const body = [1] as unknown as WireBody;
  const log = await send(open.wire, { method: 'POST', body }).done;
  expect(log.error?.cause).toBeInstanceOf(TypeError);
});

test('asks for a piece only when the one before it found room', async () => {
  const piece = Buffer.alloc(64 * 1024);
  let asked = 0;
  let stop = false;
  await using server = await startHttp1Server((peer) => {
    peer.socket.pause();
  });
  using open = await openWire(server.port);
  const log = send(open.wire, {
    method: 'POST',
    body: (async function* pieces() {
      while (!stop) {
        asked += 1;
        yield piece;
      }
    })(),
  });
  // Neither side moves any more once the buffers of the kernel are full.
  const peer = await server.peer(0);
  for (let before = -1; before !== asked;) {
    before = asked;
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(asked).toBeGreaterThan(0);
  const stalledAt = asked;
  peer.socket.resume();
  while (asked === stalledAt) await new Promise((resolve) => setImmediate(resolve));
  stop = true;
  await peer.readUntil('\r\n0\r\n\r\n');
  await peer.write(response('ok'));
  expect((await log.done).body).toBe('ok');
});

/** A source that never comes to its second piece, and tells when it is let go of. */
function endless(): { source: Record<string, () => WireBody>; released: Promise<void> } {
  let release!: () => void;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = Buffer.from('hel');
  const source: Record<string, () => WireBody> = {
    'a Node stream': () => {
      const stream = new Readable({
        read() {},
        destroy(_error, callback) {
          release();
          callback(null);
        },
      });
      stream.push(first);
      return stream;
    },
    'a web stream': () =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(first);
        },
        cancel: release,
      }),
    'an async iterator': () => ({
      [Symbol.asyncIterator]: () => {
        let asked = 0;
        return {
          next: () =>
            (asked += 1) === 1
              ? Promise.resolve({ done: false as const, value: first })
              : new Promise<never>(() => {}),
          return: () => {
            release();
            return Promise.resolve({ done: true as const, value: undefined });
          },
        };
      },
    }),
  };
  return { source, released };
}

async function exchangeWithEndless(
  name: string,
  during: (server: ScriptedServer<Http1Peer>) => Promise<void>,
  then: 'abort' | 'answer',
): Promise<void> {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const { source, released } = endless();
  const log = send(open.wire, { method: 'POST', body: source[name]?.() });
  const peer = await server.peer(0);
  await peer.readUntil('hel');
  await during(server);
  if (then === 'abort') log.exchange?.abort(new Error('enough'));
  await log.done;
  await released;
  expect(log.endings).toBe(1);
  await open.closed;
}

test.each(['a Node stream', 'a web stream', 'an async iterator'])(
  'lets go of %s at once when the request is aborted while it waits for a piece',
  async (name) => {
    await exchangeWithEndless(name, () => Promise.resolve(), 'abort');
  },
);

test.each(['a Node stream', 'a web stream', 'an async iterator'])(
  'lets go of %s when the response is complete before the request, and closes the connection',
  async (name) => {
    await exchangeWithEndless(
      name,
      async (server) => {
        await (await server.peer(0)).write(response('too much', [], '413 Content Too Large'));
      },
      'answer',
    );
  },
);

test('hands on an early response whole, then closes the connection', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readUntil('hel');
    await peer.write(response('too much', [], '413 Content Too Large'));
  });
  using open = await openWire(server.port);
  const { source } = endless();
  const log = await send(open.wire, { method: 'POST', body: source['a web stream']?.() }).done;
  expect(log.status).toBe(413);
  expect(log.body).toBe('too much');
  expect(log.events.at(-1)).toMatchObject({ usable: false });
  expect(await open.closed).toBeUndefined();
});

test('leaves a source alone whose request was not sent, so that it can be sent elsewhere', async () => {
  await using server = await startHttp1Server(async (peer, index) => {
    await peer.readRequest();
    await peer.write(index === 0 ? response('first') + response('EVIL') : response('ok'));
  });
  using open = await openWire(server.port);
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.from('hello'));
      controller.close();
    },
    cancel: () => {
      cancelled = true;
    },
  });
  const first = send(open.wire);
  const second = await new Promise<ExchangeLog>((resolve) => {
    first.atEnd = () => resolve(send(open.wire, { method: 'POST', body }));
  });
  await second.done;
  expect(second.error).toMatchObject({ requestSent: false });
  const refused = send(open.wire, { method: 'POST', body });
  expect(refused.error).toMatchObject({ requestSent: false });
  expect(cancelled).toBe(false);
  using fresh = await openWire(server.port);
  expect((await send(fresh.wire, { method: 'POST', body }).done).body).toBe('ok');
  expect((await server.peer(1)).received).toContain('hello');
});

test('echoes a large streamed body', async () => {
  await using server = await startHttpServer((request, reply) => request.pipe(reply));
  using open = await openWire(server.port);
  const piece = 'x'.repeat(100_000);
  const log = await send(open.wire, {
    method: 'PUT',
    body: Array.from({ length: 50 }, () => piece),
  }).done;
  expect(log.body.length).toBe(5_000_000);
  expect(log.events.at(-1)).toMatchObject({ usable: true });
});
