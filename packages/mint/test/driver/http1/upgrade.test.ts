import { once } from 'node:events';
import { expect, test } from 'vitest';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import { ExchangeLog, send } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

const switching =
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n';

test('[D9] [M11] hands the socket over on 101, with the bytes that followed, and forgets it', async () => {
  await using server = await startHttp1Server(async (peer) => {
    expect((await peer.readRequest()).text).toContain(
      '\r\nconnection: upgrade\r\nupgrade: echo\r\n',
    );
    await peer.write(`${switching}first`);
    await peer.readUntil('ping');
    await peer.write('pong');
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, { upgrade: 'echo' }).done;
  expect(log.events).toEqual([{ type: 'upgrade', status: 101 }]);
  expect(open.closings).toEqual([undefined]);
  expect(open.wire.usable).toBe(false);
  const { socket } = log;
  let text = '';
  socket?.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  socket?.write('ping');
  while (!text.endsWith('pong')) await once(socket as never, 'data');
  expect(text).toBe('firstpong');
  expect(socket?.listenerCount('error')).toBe(0);
  open.wire.destroy();
  expect(socket?.destroyed).toBe(false);
  expect(send(open.wire).error).toMatchObject({ requestSent: false });
  socket?.destroy();
  expect(log.endings).toBe(1);
});

test('an answer that is no switch is an ordinary response; the connection is not reused', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('no', [], '426 Upgrade Required'));
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, { upgrade: 'echo' }).done;
  expect(log.kinds).toEqual(['headers', 'data', 'end']);
  expect(log.status).toBe(426);
  expect(log.events.at(-1)).toMatchObject({ usable: false });
  expect(await open.closed).toBeUndefined();
});

test('[M12] hands the socket over when CONNECT succeeds, whatever length the head announces', async () => {
  await using server = await startHttp1Server(async (peer) => {
    expect((await peer.readRequest()).text).toMatch(
      /^CONNECT api\.example\.com:443 HTTP\/1\.1\r\n/,
    );
    await peer.write('HTTP/1.1 200 Connection established\r\ncontent-length: 0\r\n\r\n');
    await peer.readUntil('ping');
    await peer.write('pong');
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, { method: 'CONNECT', target: 'api.example.com:443' }).done;
  expect(log.kinds.at(-1)).toBe('upgrade');
  expect(log.events.at(-1)).toEqual({ type: 'upgrade', status: 200 });
  log.socket?.write('ping');
  const [chunk] = (await once(log.socket as never, 'data')) as [Buffer];
  expect(chunk.toString()).toBe('pong');
  log.socket?.destroy();
});

test('[M12] [M46] a refused CONNECT is a response without its body, and closes the connection', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('pay first', ['proxy-authenticate: Basic'], '407 Proxy Auth'));
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, { method: 'CONNECT', target: 'api.example.com:443' }).done;
  expect(log.kinds).toEqual(['headers', 'end']);
  expect(log.status).toBe(407);
  expect(log.events.at(-1)).toMatchObject({ usable: false });
  await open.closed;
  await (
    await server.peer(0)
  ).closed;
});

test('[M10] skips interim responses to a CONNECT', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\na: b\r\n\r\n');
    await peer.write('HTTP/1.1 200 Connection established\r\n\r\n');
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, { method: 'CONNECT', target: 'api.example.com:443' }).done;
  expect(log.kinds.at(-1)).toBe('upgrade');
  expect(log.events.at(-1)).toEqual({ type: 'upgrade', status: 200 });
  log.socket?.destroy();
});

test('fails once when the handler throws at a refused CONNECT', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('no', [], '403 Forbidden'));
  });
  using open = await openWire(server.port);
  const log = new ExchangeLog(open.wire);
  const bug = new Error('a bug in the handler');
  log.onHeaders = () => {
    throw bug;
  };
  open.wire.send({ method: 'CONNECT', target: 'a:1', headers: [] }, log);
  await log.done;
  expect(log.error).toBe(bug);
  expect(log.endings).toBe(1);
  expect(await open.closed).toBeUndefined();
});

test('closes the socket when the handler does not take upgrades', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(switching);
  });
  using open = await openWire(server.port);
  const log = new ExchangeLog(open.wire);
  Object.defineProperty(log, 'onUpgrade', { value: undefined });
  open.wire.send({ method: 'GET', target: '/', headers: [], upgrade: 'echo' }, log);
  await log.done;
  expect(log.kinds).toEqual(['error']);
  expect(await open.closed).toBeUndefined();
  await (
    await server.peer(0)
  ).closed;
});

test.each([
  ['content-length: 5\r\ntransfer-encoding: chunked'],
  ['content-length: 5\r\ncontent-length: 7'],
  ['content-length: nonsense'],
  ['transfer-encoding: gzip'],
])('[W12] an answer to CONNECT that opens the tunnel is not framed by %j', async (fields) => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(`HTTP/1.1 200 Connection established\r\n${fields}\r\n\r\nhello`);
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, { method: 'CONNECT', target: 'api.example.com:443' }).done;
  expect(log.kinds).toEqual(['upgrade']);
  expect(String(log.socket?.read())).toBe('hello');
  log.socket?.destroy();
});

test.each(['connection: upgrade', 'upgrade: echo', 'connection: keep-alive\r\nupgrade: echo'])(
  'does not take a 101 with no more than %j for the switch that was asked for',
  async (fields) => {
    await using server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`);
    });
    using open = await openWire(server.port);
    const log = await send(open.wire, { upgrade: 'echo' }).done;
    expect(log.error).toMatchObject({ code: 'ERR_MINT_PROTOCOL', reason: 'unexpected_upgrade' });
  },
);

test.each(['ECHO', ' echo '])('takes a switch to %j as the one to "echo"', async (name) => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(switching.replace('echo', name));
  });
  using open = await openWire(server.port);
  const log = await send(open.wire, { upgrade: 'echo' }).done;
  expect(log.kinds).toEqual(['upgrade']);
  log.socket?.destroy();
});

test.each(['other', 'echo, other', 'echo/2', ''])(
  'refuses a switch to %j where "echo" was asked for',
  async (name) => {
    await using server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(switching.replace('echo', name));
    });
    using open = await openWire(server.port);
    const log = await send(open.wire, { upgrade: 'echo' }).done;
    expect(log.error).toMatchObject({ code: 'ERR_MINT_PROTOCOL', reason: 'unexpected_upgrade' });
    await (
      await server.peer(0)
    ).closed;
  },
);

test.each(['HEAD', 'CONNECT'])('does not send a %s with an upgrade', async (method) => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const log = await send(open.wire, { method, target: 'a:1', upgrade: 'echo' }).done;
  expect(log.error).toMatchObject({ code: 'ERR_MINT_INVALID_REQUEST', option: 'method' });
  expect(open.wire.usable).toBe(true);
});
