import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { ConnectionClosedError, InvalidRequestError } from '../../../src/index.ts';
import { ExchangeLog, send } from '../exchange-log.ts';
import { openHttp2Wire, startHttp2Server } from './open-http2-wire.ts';

const settings = { enableConnectProtocol: true };

const echo = (stream: ServerHttp2Stream): void => {
  stream.respond({ ':status': 200, x: 'y' });
  stream.pipe(stream);
};

describe('extended CONNECT', () => {
  test('hands over the stream, which carries bytes both ways beside other requests', async () => {
    let arrived: IncomingHttpHeaders = {};
    await using server = await startHttp2Server(
      (stream, headers) => {
        if (headers[':method'] === 'CONNECT') arrived = headers;
        echo(stream);
      },
      { settings },
    );
    using open = await openHttp2Wire(server.port, { authority: 'a.example' });
    await open.until((wire) => wire.limitKnown);
    const log = await send(open.wire, { target: '/chat', upgrade: 'websocket' }).done;
    expect(arrived).toMatchObject({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':authority': 'a.example',
      ':path': '/chat',
    });
    expect(log.kinds).toEqual(['upgrade']);
    const { socket } = log;
    socket?.write('ping');
    const [chunk] = (await once(socket as never, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('ping');
    expect((await send(open.wire, { method: 'POST', body: 'other' }).done).body).toBe('other');
    socket?.end();
    await once(socket as never, 'close');
    expect(open.wire.usable).toBe(true);
  });

  test('that the server does not allow is refused before it is sent', async () => {
    await using server = await startHttp2Server(echo);
    using open = await openHttp2Wire(server.port);
    await open.until((wire) => wire.limitKnown);
    expect(send(open.wire, { upgrade: 'websocket' }).error).toBeInstanceOf(InvalidRequestError);
  });

  test('waits for the SETTINGS of the server, which say whether it is allowed', async () => {
    await using allowing = await startHttp2Server(echo, { settings });
    using open = await openHttp2Wire(allowing.port);
    expect(open.wire.limitKnown).toBe(false);
    const log = await send(open.wire, { upgrade: 'websocket' }).done;
    expect(log.kinds).toEqual(['upgrade']);
    log.socket?.destroy();
    await using refusing = await startHttp2Server(echo);
    using other = await openHttp2Wire(refusing.port);
    const refused = send(other.wire, { upgrade: 'websocket' });
    const aborted = new ExchangeLog(other.wire);
    const request = { method: 'GET', target: '/', headers: [], upgrade: 'websocket' };
    other.wire.send(request, aborted).abort(new Error('given up'));
    expect((await refused.done).error).toBeInstanceOf(InvalidRequestError);
    expect((await aborted.done).error?.message).toBe('given up');
    expect(other.wire.underWay).toBe(0);
    expect((await send(other.wire, { method: 'POST', body: 'next' }).done).body).toBe('next');
  });

  test('that waits ends with the connection', async () => {
    await using server = await startHttp2Server(echo, { settings });
    using open = await openHttp2Wire(server.port);
    const waiting = send(open.wire, { upgrade: 'websocket' });
    open.wire.destroy(new Error('closed'));
    expect((await waiting.done).error?.message).toContain('closed');
  });

  test('that the server rejects has an ordinary response', async () => {
    await using server = await startHttp2Server(
      (stream) => {
        stream.respond({ ':status': 403 });
        stream.end('no');
      },
      { settings },
    );
    using open = await openHttp2Wire(server.port);
    await open.until((wire) => wire.limitKnown);
    const log = await send(open.wire, { upgrade: 'websocket' }).done;
    expect(log.kinds).toEqual(['headers', 'data', 'end']);
    expect(log.body).toBe('no');
  });

  test('that nobody takes is an error of its own request', async () => {
    await using server = await startHttp2Server(echo, { settings });
    using open = await openHttp2Wire(server.port);
    await open.until((wire) => wire.limitKnown);
    const log = new ExchangeLog(open.wire);
    Object.assign(log, { onUpgrade: undefined });
    open.wire.send({ method: 'GET', target: '/', headers: [], upgrade: 'websocket' }, log);
    expect((await log.done).error).toBeInstanceOf(ConnectionClosedError);
    expect(open.wire.usable).toBe(true);
  });
});

describe('CONNECT', () => {
  test('[M37] has an authority, no scheme and no path', async () => {
    let arrived: IncomingHttpHeaders = {};
    await using server = await startHttp2Server((stream, headers) => {
      arrived = headers;
      echo(stream);
    });
    using open = await openHttp2Wire(server.port);
    const log = await send(open.wire, { method: 'CONNECT', target: 'db.example:5432' }).done;
    expect(log.kinds).toEqual(['upgrade']);
    expect(arrived[':authority']).toBe('db.example:5432');
    expect(arrived).not.toHaveProperty(':scheme');
    expect(arrived).not.toHaveProperty(':path');
    log.socket?.end('bytes');
    let text = '';
    for await (const chunk of log.socket ?? []) text += String(chunk);
    expect(text).toBe('bytes');
  });

  test('a tunnel takes a place under the limit, and ends with the connection', async () => {
    await using server = await startHttp2Server(echo, { settings: { maxConcurrentStreams: 1 } });
    using open = await openHttp2Wire(server.port);
    await open.until((wire) => wire.limitKnown);
    const log = await send(open.wire, { method: 'CONNECT', target: 'a:1' }).done;
    expect(send(open.wire).error).toMatchObject({ requestSent: false });
    const { socket } = log;
    const failed = once(socket as never, 'error');
    server.sessions[0]?.destroy();
    await failed;
    await open.closed;
  });
});
