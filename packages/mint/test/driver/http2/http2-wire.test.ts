import { describe, expect, test } from 'vitest';
import { send } from '../exchange-log.ts';
import { openHttp2Wire, startHttp2Server } from './open-http2-wire.ts';

describe.each([{ tls: false }, { tls: true }])('over a socket with tls: $tls', ({ tls }) => {
  test('sends a request and hands on head, body and end', async () => {
    await using server = await startHttp2Server(
      (stream, headers) => {
        stream.respond({
          ':status': 200,
          'x-path': headers[':path'],
          'set-cookie': ['a=1', 'b=2'],
        });
        stream.end('hello');
      },
      { tls },
    );
    using open = await openHttp2Wire(server.port, { ca: server.ca });
    const log = await send(open.wire, { target: '/a?b=c' }).done;
    expect(log.kinds).toEqual(['headers', 'data', 'end']);
    expect(log.status).toBe(200);
    expect(log.body).toBe('hello');
    const head = log.events[0];
    if (head?.type !== 'headers') throw new Error('no head');
    expect(head.headers).toEqual(expect.arrayContaining(['x-path', '/a?b=c', 'a=1', 'b=2']));
    expect(head.headers.some((part) => part.startsWith(':'))).toBe(false);
    expect(open.wire.usable).toBe(true);
    expect(open.wire.served).toBe(1);
    expect(open.wire.protocol).toBe('http2');
    open.wire.destroy();
    expect(await open.closed).toBeUndefined();
    expect(open.closings).toHaveLength(1);
  });
});

test('carries a hundred requests at once', async () => {
  await using server = await startHttp2Server((stream, headers) => {
    stream.respond({ ':status': 200 });
    stream.end(headers[':path']);
  });
  using open = await openHttp2Wire(server.port);
  const logs = Array.from({ length: 100 }, (_, index) => send(open.wire, { target: `/${index}` }));
  await Promise.all(logs.map((log) => log.done));
  expect(logs.map((log) => log.body)).toEqual(logs.map((_, index) => `/${index}`));
});
