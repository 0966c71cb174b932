import { expect, test } from 'vitest';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import { send } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

/** Whether the connection stays open after a response with this head. */
async function staysOpen(
  version: string,
  fields: string,
  request: string[] = [],
): Promise<boolean> {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(`HTTP/${version} 200 OK\r\n${fields}content-length: 2\r\n\r\nok`);
    await peer.readRequest().catch(() => {});
    if (!peer.socket.destroyed) await peer.write(response('again'));
  });
  using open = await openWire(server.port);
  const first = await send(open.wire, { headers: request }).done;
  expect(first.body).toBe('ok');
  const { usable } = open.wire;
  expect(first.events.at(-1)).toMatchObject({ usable });
  const then = usable ? (await send(open.wire).done).body : await open.closed;
  expect(then).toBe(usable ? 'again' : undefined);
  return usable;
}

test.each([
  ['H144', '1.1', '', true],
  ['H145', '1.1', 'connection: close\r\n', false],
  ['H146', '1.1', 'connection: keep-alive\r\n', true],
  ['H147', '1.0', '', false],
  ['H148', '1.0', 'connection: keep-alive\r\n', true],
  ['H150', '1.1', 'connection: keep-alive, Upgrade\r\n', true],
  ['H151', '1.1', 'connection: close, Foo\r\n', false],
  ['H152', '1.1', 'connection: keep-alive\r\nconnection: close\r\n', false],
  ['H153', '1.1', 'connection: Close\r\n', false],
  ['H154', '1.1', 'connection:   close  \r\n', false],
  ['H158', '1.1', 'connection: keep-alive, close\r\n', false],
  ['H159', '1.1', '', true],
  ['H159', '1.0', '', false],
  ['H160', '1.1', 'connection: {"close": 1}; @, /\r\n', true],
  ['H160', '1.1', 'connection: @;{}, close\r\n', false],
  ['H162', '1.1', 'connection: \r\n', true],
  ['H162', '1.1', 'connection:  , \r\n', true],
  ['M15', '1.0', 'connection: keep-alive, close\r\n', false],
  ['M15', '1.0', 'connection: keep-alive\r\nConnection: Close\r\n', false],
  ['M15', '1.1', 'connection: closed\r\n', true],
])('[%s] HTTP/%s with %j: open afterwards is %s', async (_case, version, fields, open) => {
  expect(await staysOpen(version, fields)).toBe(open);
});

test.each([
  ['H149', 'close', 'connection: keep-alive\r\n', false],
  ['H156', 'close', '', false],
  ['H156', 'Keep-Alive, Close', '', false],
  ['H157', 'keep-alive', '', true],
])('[%s] a request with connection: %s, a response with %j: open is %s', async (...given) => {
  const [, connection, fields, open] = given;
  expect(await staysOpen('1.1', fields, ['connection', connection])).toBe(open);
});

test('[H155] does not reuse a connection of an unknown version', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/3.0 200 OK\r\ncontent-length: 2\r\n\r\nok');
  });
  using open = await openWire(server.port);
  await send(open.wire).done;
  expect(open.wire.usable).toBe(false);
});

test('sends connection: close when the request asks for it', async () => {
  await using server = await startHttp1Server(async (peer) => {
    const { text: head } = await peer.readRequest();
    expect(head).toContain('\r\nconnection: close\r\n');
    expect(head).not.toContain('keep-alive');
    await peer.write(response('ok'));
  });
  using open = await openWire(server.port);
  expect((await send(open.wire, { headers: ['Connection', 'close'] }).done).body).toBe('ok');
});

test("closes an idle connection before the server's hint runs out", async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('ok', ['keep-alive: timeout=2']));
    await peer.closed;
  });
  using open = await openWire(server.port, { keepAliveThreshold: 1990 });
  const log = await send(open.wire).done;
  expect(log.events.at(-1)).toMatchObject({ usable: true });
  expect(await open.closed).toBeUndefined();
});

test('does not reuse a connection whose hint is shorter than the threshold', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('ok', ['keep-alive: timeout=1']));
  });
  using open = await openWire(server.port);
  const log = await send(open.wire).done;
  expect(log.events.at(-1)).toMatchObject({ usable: false });
});

test('notices that the server closes an idle connection', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('ok'));
  });
  using open = await openWire(server.port);
  await send(open.wire).done;
  (await server.peer(0)).end();
  expect(await open.closed).toMatchObject({
    code: 'ERR_MINT_CONNECTION_CLOSED',
    reason: 'closed_by_peer',
  });
  expect(open.wire.usable).toBe(false);
});

test('notices that the server resets an idle connection that was never used', async () => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  (await server.peer(0)).resetConnection();
  expect(await open.closed).toMatchObject({ reason: 'ECONNRESET' });
});

test('[A3] [D16] tells that nothing came when a reused connection closes under a request', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('ok'));
    await peer.readRequest();
    peer.end();
  });
  using open = await openWire(server.port);
  await send(open.wire).done;
  const log = await send(open.wire).done;
  expect(log.error).toMatchObject({
    code: 'ERR_MINT_CONNECTION_CLOSED',
    reused: true,
    requestSent: true,
    bytesReceived: 0,
  });
});
