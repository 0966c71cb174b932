import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import {
  createAuthority,
  createSelfSigned,
  response,
  startHttp1Server,
} from '../../src/testing/index.ts';
import { eventually } from '../support/eventually.ts';
import { createSocketPath } from '../support/socket-path.ts';

/** The response to a request of node:http, which is an implementation that is not ours. */
async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(request.end(), 'response')) as [IncomingMessage];
  return answer;
}

/** What a request fails with. */
async function failureOf(request: ClientRequest): Promise<Error> {
  const [error] = (await once(request.end(), 'error')) as [Error];
  return error;
}

test('a script reads a request, and what it writes is what the client gets', async () => {
  await using server = await startHttp1Server(async (peer) => {
    const { method, target, headers, body, text: whole } = await peer.readRequest();
    const summary = `${method} ${target} ${headers.get('x-a') ?? ''} ${body.toString()}`;
    expect(whole).toMatch(/^POST \/p\?q=1 HTTP\/1\.1\r\n/);
    await peer.write(response(summary, ['x-b: 2'], '201 Made'));
  });
  const request = httpRequest(`${server.url}/p?q=1`, {
    method: 'POST',
    headers: { 'X-A': '1', 'content-length': 5 },
  });
  request.write('hello');
  const answer = await responseTo(request);

  expect(answer).toMatchObject({ statusCode: 201, statusMessage: 'Made', headers: { 'x-b': '2' } });
  expect(await text(answer)).toBe('POST /p?q=1 1 hello');
});

test('a chunked body is given without its framing, and its trailers apart', async () => {
  await using server = await startHttp1Server();
  const socket = connectSocket(server.port, '127.0.0.1');
  socket.write('PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n');
  socket.write('3\r\nabc\r\n7\r\n\r\n0\r\n\r\n\r\n0\r\nx-sum: 1\r\n\r\nGET /next HTTP/1.1\r\n\r\n');
  const peer = await server.peer();

  const { body, trailers } = await peer.readRequest();
  expect(body.toString()).toBe('abc\r\n0\r\n\r\n');
  expect(trailers.list).toEqual(['x-sum', '1']);
  expect(await peer.readRequest()).toMatchObject({ method: 'GET', target: '/next' });
  socket.destroy();
});

test('text is read up to a mark, or by length, from where the last reading ended', async () => {
  await using server = await startHttp1Server();
  const socket = connectSocket(server.port, '127.0.0.1');
  socket.write('abc--defgh');
  const peer = await server.peer(0);

  expect(await peer.readUntil('--')).toBe('abc--');
  expect(await peer.read(3)).toBe('def');
  expect(peer.received).toBe('abc--defgh');
  socket.end();
  await peer.ended;
});

test('a script that waits for what never comes fails the closing of the server, and says what came', async () => {
  const server = await startHttp1Server((peer) => peer.readUntil('\r\n\r\n'));
  const socket = connectSocket(server.port, '127.0.0.1');
  socket.end('GET / HT');
  const peer = await server.peer();
  peer.end();
  await peer.closed;

  await expect(server.close()).rejects.toThrow(
    'The connection closed before "\\r\\n\\r\\n" came. What came: "GET / HT"',
  );
});

test('the requests of a connection come one after the other, and end with it', async () => {
  const targets: string[] = [];
  await using server = await startHttp1Server(async (peer) => {
    for await (const { target } of peer.requests()) {
      targets.push(target);
      await peer.write(response(target));
    }
    targets.push('the end');
  });
  const socket = connectSocket(server.port, '127.0.0.1');
  socket.end('GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n');
  expect(await text(socket)).toContain('/b');
  await eventually(() => expect(targets).toEqual(['/a', '/b', 'the end']));
});

test('a script that still waits when the server closes is no failure', async () => {
  const server = await startHttp1Server((peer) => peer.readRequest());
  const socket = connectSocket(server.port, '127.0.0.1');
  await server.peer();
  await server.close();
  await once(socket.resume(), 'close');
});

test('whoever waits for a connection is told when the server closes before it comes', async () => {
  const server = await startHttp1Server();
  const waiting = server.peer(2);
  await server.close();

  await expect(waiting).rejects.toThrow('closed before connection 2 came');
});

test('a client gets ECONNRESET from a connection that is reset', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    peer.resetConnection();
  });
  expect(await failureOf(httpRequest(server.url))).toMatchObject({ code: 'ECONNRESET' });
});

test('with TLS it is reached by a client that trusts its authority, and by no other', async () => {
  const authority = createAuthority();
  await using server = await startHttp1Server(
    async (peer) => {
      await peer.readRequest();
      await peer.write(response('secret'));
    },
    { tls: authority.issue(['localhost']) },
  );
  expect(server.url).toBe(`https://localhost:${server.port}`);

  const answer = await responseTo(httpsRequest(server.url, { ca: authority.ca }));
  expect(await text(answer)).toBe('secret');

  const other = createSelfSigned(['localhost']).cert;
  await failureOf(httpsRequest(server.url, { ca: other }));
  expect(server.peers).toHaveLength(1);
});

test('it listens on a unix socket', async () => {
  using where = createSocketPath();
  await using server = await startHttp1Server((peer) => peer.write(response('by path')), where);
  expect(server.port).toBe(0);

  const answer = await responseTo(httpRequest({ socketPath: where.path }));
  expect(await text(answer)).toBe('by path');
});
