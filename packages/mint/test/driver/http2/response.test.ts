import { describe, expect, test } from 'vitest';
import { ResponseTooLargeError } from '../../../src/index.ts';
import { send } from '../exchange-log.ts';
import { openHttp2Wire, startHttp2Server } from './open-http2-wire.ts';

describe('a response', () => {
  test('[D6] does not mix interim responses, or their fields, with the final one', async () => {
    await using server = await startHttp2Server((stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.additionalHeaders({ ':status': 103, link: '</b>' });
      stream.respond({ ':status': 200, x: 'y' });
      stream.end('body');
    });
    using open = await openHttp2Wire(server.port);
    const log = await send(open.wire).done;
    expect(log.kinds).toEqual(['informational', 'informational', 'headers', 'data', 'end']);
    expect(log.events[0]).toEqual({
      type: 'informational',
      status: 103,
      headers: ['link', '</a>'],
    });
    expect(log.events[2]).toMatchObject({ status: 200 });
    expect(JSON.stringify(log.events[2])).not.toContain('link');
  });

  test.each(['body', ''])('[D7] [M29] keeps trailers apart, after %j', async (body) => {
    await using server = await startHttp2Server((stream) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => {
        stream.sendTrailers({ 'grpc-status': '0', 'set-cookie': ['a=b'], 'x-a': '1' });
      });
      stream.end(body);
    });
    using open = await openHttp2Wire(server.port);
    const log = await send(open.wire).done;
    expect(log.body).toBe(body);
    expect(log.events.at(-1)).toMatchObject({
      type: 'end',
      trailers: ['grpc-status', '0', 'x-a', '1'],
    });
  });

  test('[H175] with and without trailers, forty in turn, is whole', async () => {
    let count = 0;
    await using server = await startHttp2Server((stream) => {
      count += 1;
      const waitForTrailers = count % 2 === 0;
      stream.respond({ ':status': 200 }, { waitForTrailers });
      stream.on('wantTrailers', () => stream.sendTrailers({ x: 'y' }));
      stream.end('x'.repeat(10_000));
    });
    using open = await openHttp2Wire(server.port);
    for (let index = 0; index < 40; index += 1) {
      const log = await send(open.wire).done;
      expect(log.body).toHaveLength(10_000);
    }
  });

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('[D8] to %s with %i has no body, whatever length it declares', async (method, status) => {
    await using server = await startHttp2Server((stream) => {
      const length = status === 204 ? {} : { 'content-length': 10 };
      stream.respond({ ':status': status, ...length }, { endStream: true });
    });
    using open = await openHttp2Wire(server.port);
    const log = await send(open.wire, { method }).done;
    expect(log.kinds).toEqual(['headers', 'end']);
    expect(log.status).toBe(status);
  });

  test('beyond maxResponseSize is refused, and costs nobody else anything', async () => {
    await using server = await startHttp2Server((stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.end('x'.repeat(Number(headers[':path']?.slice(1))));
    });
    using open = await openHttp2Wire(server.port, { maxResponseSize: 1000 });
    const [large, small] = [
      send(open.wire, { target: '/1001' }),
      send(open.wire, { target: '/1000' }),
    ];
    expect((await large.done).error).toBeInstanceOf(ResponseTooLargeError);
    expect((await small.done).body).toHaveLength(1000);
  });

  test('with fields beyond maxHeaderSize is refused, on a fresh connection and later', async () => {
    await using server = await startHttp2Server((stream, headers) => {
      stream.respond({ ':status': 200, x: 'x'.repeat(Number(headers[':path']?.slice(1))) });
      stream.end();
    });
    using open = await openHttp2Wire(server.port, { maxHeaderSize: 2000 });
    for (let round = 0; round < 3; round += 1) {
      const [large, small] = [
        send(open.wire, { target: '/2001' }),
        send(open.wire, { target: '/1000' }),
      ];
      expect((await large.done).error).toMatchObject({
        name: 'ResponseTooLargeError',
        option: 'maxHeaderSize',
        limit: 2000,
      });
      expect((await small.done).status).toBe(200);
    }
  });
});

describe('a handler that throws', () => {
  test.each(['onInformational', 'onHeaders', 'onData'] as const)(
    '[D11] in %s fails only its own request',
    async (method) => {
      await using server = await startHttp2Server((stream) => {
        stream.additionalHeaders({ ':status': 103 });
        stream.respond({ ':status': 200 });
        stream.end('body');
      });
      using open = await openHttp2Wire(server.port);
      const other = send(open.wire);
      const thrown = new Error('handler');
      const log = send(open.wire);
      log[method] = () => {
        throw thrown;
      };
      expect((await log.done).error).toBe(thrown);
      expect((await other.done).body).toBe('body');
      expect(open.wire.usable).toBe(true);
    },
  );
});
