import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import {
  ConnectionClosedError,
  InvalidRequestError,
  RequestBodyError,
} from '../../../src/index.ts';
import type { WireBody, WireRequest } from '../../../src/index.ts';
import { turn } from '../../support/eventually.ts';
import { asyncPieces, sources } from '../body-sources.ts';
import { ExchangeLog, send } from '../exchange-log.ts';
import { openHttp2Wire, startHttp2Server } from './open-http2-wire.ts';

const echo = (stream: ServerHttp2Stream): void => {
  stream.respond({ ':status': 200 });
  stream.pipe(stream);
};

/** Answers with a hash of the body. */
const hashed = (stream: ServerHttp2Stream): void => {
  const hash = createHash('sha1');
  stream.on('data', (chunk: Buffer) => hash.update(chunk));
  stream.on('end', () => {
    stream.respond({ ':status': 200 });
    stream.end(hash.digest('hex'));
  });
};

const bodies: Readonly<Record<string, () => WireBody>> = {
  text: () => 'hello',
  bytes: () => Buffer.from('xhellox').subarray(1, 6),
  ...sources,
};

describe('a body', () => {
  test.each(Object.keys(bodies))('[H179] [H180] of %s arrives whole', async (name) => {
    await using server = await startHttp2Server(echo);
    using open = await openHttp2Wire(server.port);
    const log = await send(open.wire, { method: 'POST', body: bodies[name]?.() }).done;
    expect(log.error).toBeUndefined();
    expect(log.body).toBe('hello');
  });

  test.each(['', [], (async function* none() {})()] as WireBody[])(
    '[H178] that is empty is echoed as nothing (%#)',
    async (body) => {
      await using server = await startHttp2Server(echo);
      using open = await openHttp2Wire(server.port);
      const log = await send(open.wire, { method: 'POST', body }).done;
      expect(log.kinds).toEqual(['headers', 'end']);
    },
  );

  test.each([
    ['[H198] a large text', () => 'x'.repeat(1_572_864)],
    ['[H177] large pieces', () => ['x'.repeat(1_000_000), Buffer.alloc(572_864, 'x')]],
    ['[H187] many pieces', () => Array.from({ length: 48 }, () => 'x'.repeat(32_768))],
  ] as const)(
    '%s arrives through small windows, and tells of its progress',
    async (_what, make) => {
      await using server = await startHttp2Server(
        async (stream) => {
          let length = 0;
          for await (const chunk of stream) length += (chunk as Buffer).length;
          stream.respond({ ':status': 200 });
          stream.end(String(length));
        },
        { settings: { initialWindowSize: 10_000 } },
      );
      using open = await openHttp2Wire(server.port);
      let progress = 0;
      let sent = 0;
      const log = new ExchangeLog(open.wire);
      Object.assign(log, { onProgress: () => (progress += 1), onSent: () => (sent += 1) });
      open.wire.send({ method: 'POST', target: '/', headers: [], body: make() }, log);
      await log.done;
      expect(log.body).toBe('1572864');
      expect(progress).toBeGreaterThan(10);
      expect(sent).toBe(1);
    },
  );

  test('of its own for each of several requests at once arrives whole, though memory is used again', async () => {
    await using server = await startHttp2Server(hashed);
    using open = await openHttp2Wire(server.port);
    using other = await openHttp2Wire(server.port);
    const bodies = Array.from({ length: 8 }, (_, seed) =>
      Buffer.from(Uint8Array.from({ length: 700_000 + seed }, (__, at) => at * (7 + seed) + seed)),
    );
    for (let round = 0; round < 3; round++) {
      const logs = await Promise.all(
        bodies.map(
          (body, index) =>
            send(index % 2 === 0 ? open.wire : other.wire, { method: 'POST', body }).done,
        ),
      );
      const hashes = bodies.map((body) => createHash('sha1').update(body).digest('hex'));
      expect(logs.map(({ body }) => body)).toEqual(hashes);
    }
  });

  test.each([
    ['ASCII', ''],
    ['other characters, too', 'é€😀'],
  ])('that is a long text of %s arrives whole, with trailers or without', async (_what, other) => {
    await using server = await startHttp2Server(hashed, {
      settings: { initialWindowSize: 10_000 },
    });
    using open = await openHttp2Wire(server.port);
    const body = other + Array.from({ length: 60_000 }, (_, number) => number).join(' ');
    const hash = createHash('sha1').update(body).digest('hex');
    for (const trailers of [undefined, () => ['x-sum', '1']]) {
      const log = await send(open.wire, { method: 'POST', body, trailers }).done;
      expect(log.error).toBeUndefined();
      expect(log.body).toBe(hash);
    }
  });

  test('is asked for only as fast as the window takes it', async () => {
    const { promise, resolve: drain } = Promise.withResolvers<void>();
    await using server = await startHttp2Server(async (stream) => {
      await promise;
      stream.resume();
      await once(stream, 'end');
      stream.respond({ ':status': 200 }, { endStream: true });
    });
    using open = await openHttp2Wire(server.port);
    let pulled = 0;
    function* source(): Generator<Uint8Array> {
      while (pulled < 200) {
        pulled += 1;
        yield Buffer.alloc(10_000);
      }
    }
    const log = send(open.wire, { method: 'POST', body: source() });
    for (let before = -1; before !== pulled;) {
      before = pulled;
      for (let turn = 0; turn < 50; turn += 1) await new Promise((done) => setImmediate(done));
    }
    expect(pulled).toBeLessThan(100);
    // Others are not held up.
    expect(open.wire.usable).toBe(true);
    drain();
    expect((await log.done).status).toBe(200);
    expect(pulled).toBe(200);
  });

  test('of many small pieces leaves with all of them that are there in a turn', async () => {
    await using server = await startHttp2Server(echo);
    using open = await openHttp2Wire(server.port);
    await open.until((wire) => wire.limitKnown);
    let pulled = 0;
    function* source(): Generator<string> {
      for (; pulled < 100; pulled += 1) yield 'x';
    }
    const log = send(open.wire, { method: 'POST', body: source() });
    // The head leaves at the end of the first one.
    await turn(2);
    expect(pulled).toBe(100);
    expect((await log.done).body).toBe('x'.repeat(100));
  });

  test('tells while its source is being waited for', async () => {
    await using server = await startHttp2Server(echo);
    using open = await openHttp2Wire(server.port);
    const waits: boolean[] = [];
    const log = new ExchangeLog(open.wire);
    Object.assign(log, { onBodyWait: (waiting: boolean) => waits.push(waiting) });
    open.wire.send({ method: 'POST', target: '/', headers: [], body: asyncPieces() }, log);
    await log.done;
    expect(waits.length % 2).toBe(0);
    expect(waits.every((waiting, index) => waiting === (index % 2 === 0))).toBe(true);
  });

  test.each([
    ['shorter', '6'],
    ['longer', '4'],
  ])('that is %s than declared fails, and resets the stream', async (_what, length) => {
    const codes: number[] = [];
    await using server = await startHttp2Server((stream) => {
      stream.on('close', () => codes.push(stream.rstCode));
      stream.resume();
    });
    using open = await openHttp2Wire(server.port);
    const log = await send(open.wire, {
      method: 'POST',
      headers: ['content-length', length],
      body: asyncPieces(),
    }).done;
    expect(log.error).toBeInstanceOf(InvalidRequestError);
    expect(log.kinds).toEqual(['error']);
    expect(open.wire.usable).toBe(true);
    await open.wire.ping?.();
    for (const code of codes) expect(code).not.toBe(0);
  });

  test('[D11] whose source throws fails only its own request', async () => {
    await using server = await startHttp2Server(echo);
    using open = await openHttp2Wire(server.port);
    const other = send(open.wire, { method: 'POST', body: asyncPieces() });
    const failure = new Error('source');
    const log = await send(open.wire, {
      method: 'POST',
      body: (async function* source() {
        yield 'a';
        throw failure;
      })(),
    }).done;
    expect(log.error).toMatchObject({ code: 'ERR_MINT_REQUEST_BODY', phase: 'send' });
    expect(log.error?.message).toMatch(/^The request body failed: source \(/);
    expect(log.error?.cause).toBe(failure);
    expect((await other.done).body).toBe('hello');
  });

  test('[D11] that is no text and no bytes fails only its own request', async () => {
    await using server = await startHttp2Server(echo);
    using open = await openHttp2Wire(server.port);
    const log = await send(open.wire, { method: 'POST', body: [1] as never }).done;
    expect(log.error).toBeInstanceOf(RequestBodyError);
    expect(open.wire.usable).toBe(true);
  });

  test('is let go of when the connection closes', async () => {
    await using server = await startHttp2Server((stream) => stream.session?.destroy());
    using open = await openHttp2Wire(server.port);
    const { promise: released, resolve } = Promise.withResolvers<void>();
    async function* source(): AsyncGenerator<string> {
      try {
        for (;;) yield 'x'.repeat(1000);
      } finally {
        resolve();
      }
    }
    const log = await send(open.wire, { method: 'POST', body: source() }).done;
    expect(log.error).toBeInstanceOf(ConnectionClosedError);
    await released;
  });

  test('is not touched by a request that never leaves: it can be sent elsewhere', async () => {
    await using server = await startHttp2Server(echo);
    using open = await openHttp2Wire(server.port);
    await open.until((wire) => wire.limitKnown);
    let pulled = 0;
    const source = {
      *[Symbol.iterator]() {
        pulled += 1;
        yield 'hello';
      },
    };
    const log = send(open.wire, { method: 'POST', body: source });
    await Promise.resolve();
    // The end of this turn, in which it would have left, is not come.
    open.wire.destroy();
    await log.done;
    expect(log.error).toMatchObject({ name: 'ConnectionClosedError', requestSent: false });
    await open.closed;
    expect(pulled).toBe(0);
  });

  test('[H174] [H182] is followed by trailer fields', async () => {
    const { promise, resolve } = Promise.withResolvers<IncomingHttpHeaders>();
    await using server = await startHttp2Server((stream) => {
      stream.on('trailers', (trailers: IncomingHttpHeaders) => resolve(trailers));
      echo(stream);
    });
    using open = await openHttp2Wire(server.port);
    const request: Partial<WireRequest> = {
      method: 'POST',
      body: asyncPieces(),
      trailers: () => ['X-Sum', '1', 'x-sum', '2'],
    };
    const log = await send(open.wire, request).done;
    expect(log.body).toBe('hello');
    expect(await promise).toMatchObject({ 'x-sum': '1, 2' });
  });

  test('may be nothing but trailer fields', async () => {
    await using server = await startHttp2Server((stream) => {
      stream.on('trailers', (trailers) => {
        stream.respond({ ':status': 200 });
        stream.end(String(trailers['x']));
      });
      stream.resume();
    });
    using open = await openHttp2Wire(server.port);
    const log = await send(open.wire, { method: 'POST', trailers: () => ['x', 'y'] }).done;
    expect(log.body).toBe('y');
  });

  test.each([
    ['a forbidden name', ['content-length', '1']],
    ['a line break', ['x', 'a\nb']],
  ])('with %s in its trailers fails', async (_what, trailers) => {
    await using server = await startHttp2Server((stream) => stream.resume());
    using open = await openHttp2Wire(server.port);
    const log = await send(open.wire, { method: 'POST', body: 'a', trailers: () => trailers }).done;
    expect(log.error).toBeInstanceOf(InvalidRequestError);
    expect(open.wire.usable).toBe(true);
  });
});

describe('expectContinue', () => {
  test('holds the body back until 100 comes', async () => {
    const order: string[] = [];
    await using server = await startHttp2Server((stream, headers) => {
      order.push(String(headers.expect));
      stream.on('data', () => order.push('body'));
      stream.on('end', () => {
        stream.respond({ ':status': 200 });
        stream.end();
      });
      setImmediate(() => {
        order.push('100');
        stream.additionalHeaders({ ':status': 100 });
      });
    });
    using open = await openHttp2Wire(server.port);
    const log = await send(open.wire, { method: 'POST', body: 'hello', expectContinue: 60_000 })
      .done;
    expect(order).toEqual(['100-continue', '100', 'body']);
    expect(log.kinds).toEqual(['informational', 'headers', 'end']);
  });

  test('does not wait for ever', async () => {
    await using server = await startHttp2Server(echo);
    using open = await openHttp2Wire(server.port);
    const held = send(open.wire, { method: 'POST', body: 'hello', expectContinue: 1 });
    // `echo` has answered, but its answer ends with the body.
    expect((await held.done).kinds[0]).toBe('headers');
  });

  test('spares the body when a final response comes first', async () => {
    let came = 0;
    await using server = await startHttp2Server((stream) => {
      stream.on('data', (chunk: Buffer) => (came += chunk.length));
      stream.respond({ ':status': 417 });
      stream.end('no');
    });
    using open = await openHttp2Wire(server.port);
    let begun = false;
    const log = await send(open.wire, {
      method: 'POST',
      body: (function* source() {
        begun = true;
        yield 'hello';
      })(),
      expectContinue: 60_000,
    }).done;
    expect(log.status).toBe(417);
    expect(log.body).toBe('no');
    await open.wire.ping?.();
    expect([came, begun]).toEqual([0, false]);
    expect(open.wire.usable).toBe(true);
  });
});

describe('an early final response', () => {
  test('is delivered, and ends the upload', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    await using server = await startHttp2Server((stream) => {
      stream.on('close', resolve);
      stream.respond({ ':status': 413 });
      stream.end('too large');
    });
    using open = await openHttp2Wire(server.port);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    async function* source(): AsyncGenerator<string> {
      try {
        for (;;) yield 'x'.repeat(1000);
      } finally {
        release();
      }
    }
    const log = await send(open.wire, { method: 'POST', body: source() }).done;
    expect(log.status).toBe(413);
    expect(log.body).toBe('too large');
    await released;
    await closed;
    expect(open.wire.usable).toBe(true);
  });
});
