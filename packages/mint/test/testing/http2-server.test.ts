import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import {
  createAuthority,
  encodeIndexed,
  encodeInserted,
  frameFlag,
  settingIds,
  startHttp2Server,
} from '../../src/testing/index.ts';
import { eventually } from '../support/eventually.ts';

/** A session of node:http2, an implementation that is not ours. */
function sessionWith(url: string, ca?: string): ClientHttp2Session {
  const settings = { enablePush: false };
  const session = connectHttp2(url, ca === undefined ? { settings } : { settings, ca });
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** The head of the response to a request. */
async function headOf(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> {
  const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  return head;
}

test('a script reads a request with its body, and answers it', async () => {
  await using server = await startHttp2Server(async (peer) => {
    await peer.handshake({ maxConcurrentStreams: 7 });
    const { stream, fields, endStream } = await peer.readRequest();
    const body = await peer.readBody(stream);
    expect(endStream).toBe(false);
    expect(fields.get(':path')).toBe('/upload');
    expect([...fields]).toContainEqual(['x-a', '1']);
    peer.respond(stream, 201, [['x-b', '2']]);
    peer.data(stream, body, { padding: 3 });
    peer.headers(stream, [['x-sum', '5']], { endStream: true, parts: 3 });
  });
  const session = sessionWith(server.url);
  const stream = session.request({ ':method': 'POST', ':path': '/upload', 'x-a': '1' });
  const trailers = once(stream, 'trailers');
  stream.end('hello');

  const head = await headOf(stream);
  expect(head).toMatchObject({ ':status': 201, 'x-b': '2' });
  expect(await text(stream)).toBe('hello');
  expect(await trailers).toContainEqual(expect.objectContaining({ 'x-sum': '5' }));
  expect(session.remoteSettings?.maxConcurrentStreams).toBe(7);
});

test('without a script it does the handshake, over TLS with ALPN', async () => {
  const authority = createAuthority();
  await using server = await startHttp2Server(undefined, { tls: authority.issue(['localhost']) });
  const session = sessionWith(server.url, authority.ca);
  const stream = session.request({ ':path': '/' });
  const peer = await server.peer();
  const request = await peer.readRequest();
  peer.answer(request.stream, 'fine', [['content-type', 'text/plain']]);

  expect(await text(stream)).toBe('fine');
  expect(session.alpnProtocol).toBe('h2');
  expect(peer.dataLength()).toBe(0);
});

test('the requests of a connection end with it, and trailers are none', async () => {
  const paths: string[] = [];
  await using server = await startHttp2Server(async (peer) => {
    await peer.handshake();
    for await (const { stream, fields } of peer.requests()) {
      paths.push(fields.get(':path') ?? '');
      await peer.next('DATA', { stream });
      const trailers = await peer.next('HEADERS', { stream });
      peer.answer(stream, trailers.fields.get('x-sum'));
    }
    paths.push('the end');
  });
  const session = sessionWith(server.url);
  for (const path of ['/a', '/b']) {
    const stream = session.request({ ':method': 'POST', ':path': path }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '5' }));
    stream.end('hello');
    expect(await text(stream)).toBe('5');
  }
  session.close();
  await eventually(() => expect(paths).toEqual(['/a', '/b', 'the end']));
});

test('SETTINGS and PING of the client are answered, unless the script wants to', async () => {
  await using server = await startHttp2Server(async (peer) => {
    peer.answersSettings = false;
    await peer.handshake();
  });
  const session = sessionWith(server.url);
  const peer = await server.peer();
  await once(session, 'remoteSettings');
  let isAcknowledged = false;
  const acknowledged = once(session, 'localSettings').then(() => {
    isAcknowledged = true;
  });
  await new Promise((resolve) => {
    session.ping(resolve);
  });
  await peer.next('PING', { ack: false });
  expect(isAcknowledged).toBe(false);
  peer.settingsAck();
  await acknowledged;

  peer.answersPings = false;
  let isAnswered = false;
  session.ping(() => {
    isAnswered = true;
  });
  const ping = await peer.next('PING', { ack: false });
  await peer.roundTrip();
  expect(isAnswered).toBe(false);
  peer.ping(ping.payload, true);
  await peer.roundTrip();
  expect(isAnswered).toBe(true);
});

test('streams are reset and connections ended with the codes that a script gives', async () => {
  await using server = await startHttp2Server();
  const session = sessionWith(server.url);
  const stream = session.request({ ':path': '/' });
  const peer = await server.peer();
  const { stream: id } = await peer.readRequest();
  peer.reset(id, 'REFUSED_STREAM');
  await once(stream, 'error');
  expect(stream.rstCode).toBe(constants.NGHTTP2_REFUSED_STREAM);

  peer.goaway(id, 99, 'bye');
  expect(await once(session, 'goaway')).toEqual([99, id, Buffer.from('bye')]);
});

test('what a client resets, updates and sets is read by name', async () => {
  await using server = await startHttp2Server();
  const session = sessionWith(server.url);
  const stream = session.request({ ':path': '/' });
  const peer = await server.peer();
  await peer.next('SETTINGS', { ack: true });
  const settings = peer.frames.find(({ type, ack }) => type === 'SETTINGS' && !ack);
  expect(settings?.settings.get(settingIds.enablePush)).toBe(0);

  const request = await peer.readRequest();
  expect(request.has(frameFlag.END_HEADERS)).toBe(true);
  stream.close(constants.NGHTTP2_CANCEL);
  expect((await peer.next('RST_STREAM', { stream: request.stream })).error).toBe('CANCEL');
  session.setLocalWindowSize(1_000_000);
  // What node:http2 has to say of its windows goes out with something else.
  session.ping(() => {});
  expect((await peer.next('WINDOW_UPDATE', { stream: 0 })).increment).toBeGreaterThan(0);
});

test('header blocks may refer to the dynamic table, or be no header blocks', async () => {
  await using server = await startHttp2Server();
  const session = sessionWith(server.url);
  const first = session.request({ ':path': '/' });
  const peer = await server.peer();
  const { stream } = await peer.readRequest();
  const block = [encodeIndexed(8), encodeInserted('x-token', 'abc'), encodeIndexed(62)];
  peer.headers(stream, Buffer.concat(block), { endStream: true, dependsOn: 0 });
  expect(await headOf(first)).toMatchObject({ ':status': 200, 'x-token': 'abc, abc' });

  const second = session.request({ ':path': '/' });
  second.on('error', () => {});
  peer.headers((await peer.readRequest()).stream, Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
  expect((await peer.next('GOAWAY')).error).toBe('COMPRESSION_ERROR');
});

test('a client that speaks no HTTP/2 is told apart from one that says nothing', async () => {
  const server = await startHttp2Server();
  const socket = connectSocket(server.port, '127.0.0.1');
  socket.on('error', () => {}).write('GET / HTTP/1.1\r\n\r\n');
  const peer = await server.peer();
  await peer.closed;

  expect(peer.socket.errored).toMatchObject({
    message: 'The client speaks no HTTP/2: "GET / HTTP/1.1\\r\\n\\r\\n"',
  });
  await expect(server.close()).rejects.toThrow('The connection closed before SETTINGS came');
});
