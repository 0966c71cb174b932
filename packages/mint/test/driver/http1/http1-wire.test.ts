import { expect, test } from 'vitest';
import {
  ConnectionClosedError,
  InvalidRequestError,
  dial,
  createHttp1Wire,
} from '../../../src/index.ts';
import { startHttpServer } from '../../support/http-server.ts';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import { createSocketPath } from '../../support/socket-path.ts';
import { send } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

test('sends a request and hands on status, fields in order and body', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('hello', ['X-Second: 2', 'a: 1', 'A: 3']));
  });
  using open = await openWire(server.port);
  const log = await send(open.wire).done;
  expect(log.kinds).toEqual(['headers', 'data', 'end']);
  expect(log.events[0]).toEqual({
    type: 'headers',
    status: 200,
    headers: ['X-Second', '2', 'a', '1', 'A', '3', 'content-length', '5'],
  });
  expect(log.body).toBe('hello');
});

test('writes the request as it was given, with the authority as host unless there is one', async () => {
  const heads: string[] = [];
  await using server = await startHttp1Server(async (peer) => {
    for (;;) {
      heads.push((await peer.readRequest()).text);
      await peer.write(response('ok'));
    }
  });
  using open = await openWire(server.port, { authority: 'api.example.com' });
  await send(open.wire, { target: '/a?b=c', headers: ['X-Case', 'Kept', 'x-case', 'twice'] }).done;
  await send(open.wire, { method: 'PURGE', headers: ['host', 'other.example:81'] }).done;
  expect(heads).toEqual([
    'GET /a?b=c HTTP/1.1\r\nhost: api.example.com\r\nconnection: keep-alive\r\n' +
      'X-Case: Kept\r\nx-case: twice\r\n\r\n',
    'PURGE / HTTP/1.1\r\nhost: other.example:81\r\nconnection: keep-alive\r\n\r\n',
  ]);
});

test('serves request after request on one connection', async () => {
  await using server = await startHttpServer((request, reply) => reply.end(request.url));
  using open = await openWire(server.port);
  for (let index = 0; index < 5; index += 1) {
    const log = await send(open.wire, { target: `/${index}` }).done;
    expect(log.body).toBe(`/${index}`);
    expect(log.events.at(-1)).toMatchObject({ usable: true });
  }
  expect(server.connections).toBe(1);
  expect(open.wire.served).toBe(5);
});

test('takes the next request from inside the end of the one before', async () => {
  await using server = await startHttpServer((request, reply) => reply.end(request.url));
  using open = await openWire(server.port);
  const bodies: string[] = [];
  await new Promise<void>((resolve) => {
    const next = (index: number): void => {
      const log = send(open.wire, { target: `/${index}` });
      log.atEnd = () => {
        bodies.push(log.body);
        if (index === 4) resolve();
        else next(index + 1);
      };
    };
    next(0);
  });
  expect(bodies).toEqual(['/0', '/1', '/2', '/3', '/4']);
  expect(server.connections).toBe(1);
});

test('is unusable while it serves a request, and refuses a second one', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\n');
  });
  using open = await openWire(server.port);
  expect(open.wire.usable).toBe(true);
  const first = send(open.wire);
  expect(open.wire.usable).toBe(false);
  const second = send(open.wire);
  expect(second.error).toBeInstanceOf(InvalidRequestError);
  expect(first.events).toEqual([]);
});

test('[M12] takes no body after HEAD, whatever the fields say, and reuses the connection', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for (const fields of [
      'content-length: 5\r\n',
      'transfer-encoding: chunked\r\n',
      '',
      'connection: close\r\ncontent-length: 5\r\n',
    ]) {
      expect((await peer.readRequest()).text).toContain('connection: keep-alive');
      await peer.write(`HTTP/1.1 200 OK\r\n${fields}\r\n`);
    }
  });
  using open = await openWire(server.port);
  for (const usable of [true, true, true, false]) {
    const log = await send(open.wire, { method: 'HEAD' }).done;
    expect(log.kinds).toEqual(['headers', 'end']);
    expect(log.events.at(-1)).toMatchObject({ usable });
  }
  expect(await open.closed).toBeUndefined();
});

test.each([204, 304])('[A2] [M12] does not close the connection after %i', async (status) => {
  await using server = await startHttp1Server(async (peer) => {
    for (;;) {
      await peer.readRequest();
      await peer.write(`HTTP/1.1 ${status} Fine\r\netag: "a"\r\n\r\n`);
    }
  });
  using open = await openWire(server.port);
  for (let index = 0; index < 5; index += 1) {
    const log = await send(open.wire).done;
    expect(log.kinds).toEqual(['headers', 'end']);
    expect(log.status).toBe(status);
  }
  expect(server.peers).toHaveLength(1);
});

test.each([
  [204, false],
  [304, true],
])('[W22] a %i that tells a length: open afterwards is %s', async (status, usable) => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(`HTTP/1.1 ${status} Fine\r\ncontent-length: 5\r\n\r\n`);
  });
  using open = await openWire(server.port);
  const log = await send(open.wire).done;
  expect(log.kinds).toEqual(['headers', 'end']);
  expect(log.events.at(-1)).toMatchObject({ usable });
});

test('[D6] [M10] keeps interim responses apart from the final one, 100 included', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n');
    await peer.write('x-only: early\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Con');
    await peer.write(`tinue\r\n\r\n${response('made', ['x-final: yes'], '201 Created')}`);
    await peer.readRequest();
    await peer.write(response('again'));
  });
  using open = await openWire(server.port);
  const log = await send(open.wire).done;
  expect(log.events).toEqual([
    { type: 'informational', status: 100, headers: [] },
    { type: 'informational', status: 103, headers: ['link', '</a>', 'x-only', 'early'] },
    { type: 'informational', status: 102, headers: [] },
    { type: 'informational', status: 100, headers: [] },
    { type: 'headers', status: 201, headers: ['x-final', 'yes', 'content-length', '4'] },
    { type: 'data', text: 'made' },
    { type: 'end', trailers: [], usable: true },
  ]);
  expect((await send(open.wire).done).body).toBe('again');
});

test('[D7] [M9] hands trailers on apart from the fields, without those that have no business there', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx: head\r\n\r\n');
    await peer.write(
      '0\r\nX-Sum: 1\r\nset-cookie: a=b\r\nAuthorization: c\r\nhost: d\r\nx-sum: 2\r\n',
    );
    await peer.write('\r\n');
  });
  using open = await openWire(server.port);
  const log = await send(open.wire).done;
  expect(log.events).toEqual([
    { type: 'headers', status: 200, headers: ['transfer-encoding', 'chunked', 'x', 'head'] },
    { type: 'end', trailers: ['X-Sum', '1', 'x-sum', '2'], usable: true },
  ]);
});

test('reads a response that comes byte by byte', async () => {
  const bytes =
    'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked \r\n' +
    'x-long: value \r\n\r\n4;ext="a"\r\n0123\r\n1\r\n4\r\n0\r\nx-trailer: t\r\n\r\n';
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    for (const byte of bytes) await peer.write(byte);
  });
  using open = await openWire(server.port);
  const log = await send(open.wire).done;
  expect(log.kinds).toEqual(['informational', 'headers', 'data', 'end']);
  expect(log.body).toBe('01234');
  expect(log.events.find((event) => event.type === 'headers')).toMatchObject({
    headers: ['Transfer-Encoding', 'chunked', 'x-long', 'value'],
  });
  expect(log.events.at(-1)).toEqual({ type: 'end', trailers: ['x-trailer', 't'], usable: true });
});

test('[M44] speaks over a unix socket', async () => {
  using socketPath = createSocketPath();
  await using server = await startHttpServer((request, reply) => reply.end(request.headers.host), {
    path: socketPath.path,
  });
  expect(server.port).toBe(0);
  using open = await openWire(0, { address: { path: socketPath.path }, authority: 'localhost' });
  expect((await send(open.wire).done).body).toBe('localhost');
  expect(open.wire.info).toMatchObject({ remoteAddress: undefined, tls: undefined });
});

test('tells the addresses of its connection, also after its end', async () => {
  await using server = await startHttpServer((_request, reply) => reply.end());
  using open = await openWire(server.port);
  await send(open.wire).done;
  open.wire.destroy();
  await open.closed;
  expect(open.wire.info).toMatchObject({ remoteAddress: '127.0.0.1', remotePort: server.port });
});

test('cannot be made over a socket that is closed', async () => {
  await using server = await startHttp1Server();
  const origin = `http://127.0.0.1:${server.port}`;
  const address = { host: '127.0.0.1', port: server.port };
  const { socket } = await dial({ origin, address }).result;
  socket.destroy();
  expect(() => createHttp1Wire(socket, { origin, authority: 'a' })).toThrow(ConnectionClosedError);
});
