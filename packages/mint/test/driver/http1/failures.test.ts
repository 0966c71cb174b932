import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ConnectionClosedError, ProtocolError } from '../../../src/index.ts';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import { ExchangeLog, send } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

const chunked =
  'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n' +
  '5\r\nhello\r\n0\r\nx: y\r\n\r\n';

/** Lets everything that is due happen: timers of 0 ms, I/O that came, `setImmediate`. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test.each([chunked, response('hello'), 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello'])(
  'ends exactly once, wherever the server resets the connection: %j',
  async (bytes) => {
    for (let length = 0; length <= bytes.length; length += 1) {
      await using server = await startHttp1Server(async (peer) => {
        await peer.readRequest();
        await peer.write(bytes.slice(0, length));
        peer.resetConnection();
      });
      using open = await openWire(server.port);
      const log = await send(open.wire).done;
      await open.closed;
      await turns();
      expect(log.endings).toBe(1);
      expect(open.closings).toHaveLength(1);
      expect([undefined, 'ConnectionClosedError']).toContain(log.error?.name);
      expect(open.wire.usable).toBe(false);
    }
  },
);

test('ends exactly once, wherever garbage comes in', async () => {
  const bytes = response('hello');
  for (let length = 0; length < bytes.length; length += 1) {
    await using server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(`${bytes.slice(0, length)}\x00\x00\x00\x00\x00\x00`);
      peer.end();
    });
    using open = await openWire(server.port);
    const log = await send(open.wire).done;
    await open.closed;
    await turns();
    expect(log.endings).toBe(1);
    expect(open.closings).toHaveLength(1);
    expect([undefined, 'ConnectionClosedError', 'ProtocolError']).toContain(log.error?.name);
  }
});

/** What can be done to an exchange at any moment, and how it then ends. */
const interruptions = {
  abort: (log: ExchangeLog) => log.exchange?.abort(new Error('enough')),
  destroy: (_log: ExchangeLog, destroy: (error?: Error) => void) => destroy(new Error('enough')),
};

test.each(['abort', 'destroy'] as const)(
  'ends exactly once, at once and with the given error, on %s after any byte',
  async (kind) => {
    for (let length = 0; length < chunked.length; length += 1) {
      await using server = await startHttp1Server(async (peer) => {
        await peer.readRequest();
        await peer.write(chunked.slice(0, length));
      });
      using open = await openWire(server.port);
      const log = send(open.wire);
      const peer = await server.peer(0);
      await turns();
      expect(log.endings).toBe(0);
      interruptions[kind](log, (error) => open.wire.destroy(error));
      expect(log.error).toMatchObject({ message: 'enough' });
      expect(open.wire.usable).toBe(false);
      expect(await open.closed).toBeUndefined();
      interruptions[kind](log, (error) => open.wire.destroy(error));
      await turns();
      expect(log.endings).toBe(1);
      expect(open.closings).toHaveLength(1);
      await peer.closed;
    }
  },
);

test.each(['onInformational', 'onHeaders', 'onData'] as const)(
  'can be aborted from inside %s',
  async (method) => {
    await using server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(chunked);
    });
    using open = await openWire(server.port);
    const log = new ExchangeLog(open.wire);
    const original = log[method].bind(log) as (...given: unknown[]) => boolean;
    log[method] = (...given: unknown[]) => {
      const result = original(...given);
      log.exchange?.abort(new Error('enough'));
      expect(log.error).toMatchObject({ message: 'enough' });
      return result;
    };
    log.exchange = open.wire.send({ method: 'GET', target: '/', headers: [] }, log);
    await log.done;
    await open.closed;
    await turns();
    expect(log.endings).toBe(1);
    expect(log.events.at(-1)).toMatchObject({ type: 'error' });
  },
);

test.each(['onInformational', 'onHeaders', 'onData'] as const)(
  'fails with what the handler throws in %s',
  async (method) => {
    await using server = await startHttp1Server(async (peer) => {
      await peer.readRequest();
      await peer.write(chunked);
    });
    using open = await openWire(server.port);
    const log = new ExchangeLog(open.wire);
    const bug = new TypeError('a bug in the handler');
    log[method] = () => {
      throw bug;
    };
    open.wire.send({ method: 'GET', target: '/', headers: [] }, log);
    await log.done;
    expect(log.error).toBe(bug);
    await open.closed;
    await turns();
    expect(log.endings).toBe(1);
  },
);

test('lets go of a request that was aborted before it was sent, and keeps the connection', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for (;;) {
      await peer.readRequest();
      await peer.write(response('ok'));
    }
  });
  using open = await openWire(server.port);
  const first = send(open.wire, { target: '/first' });
  const { second, third } = await new Promise<{ second: ExchangeLog; third: ExchangeLog }>(
    (resolve) => {
      first.atEnd = () => {
        const aborted = send(open.wire, { target: '/second' });
        aborted.exchange?.abort(new Error('enough'));
        resolve({ second: aborted, third: send(open.wire, { target: '/third' }) });
      };
    },
  );
  await third.done;
  await turns();
  expect(second.events).toEqual([{ type: 'error', error: new Error('enough') }]);
  expect(third.body).toBe('ok');
  const { received } = await server.peer(0);
  expect(received).toContain('/third');
  expect(received).not.toContain('/second');
});

test('an abort after the end does nothing', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for (;;) {
      await peer.readRequest();
      await peer.write(response('ok'));
    }
  });
  using open = await openWire(server.port);
  const log = await send(open.wire).done;
  log.exchange?.abort(new Error('enough'));
  expect(log.endings).toBe(1);
  expect((await send(open.wire).done).body).toBe('ok');
});

test('destroying an idle wire closes it once, without an error', async () => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const peer = await server.peer(0);
  open.wire.destroy();
  open.wire.destroy(new Error('again'));
  expect(open.wire.usable).toBe(false);
  expect(await open.closed).toBeUndefined();
  await peer.closed;
  await turns();
  expect(open.closings).toEqual([undefined]);
});

test('destroying without an error fails what is in flight as a closed connection', async () => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const log = send(open.wire);
  await (await server.peer(0)).readRequest();
  open.wire.destroy();
  expect(log.error).toBeInstanceOf(ConnectionClosedError);
  expect(log.error).toMatchObject({ requestSent: true, bytesReceived: 0 });
});

test('[M21] a request on a closed wire fails at once, never sent', async () => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  open.wire.destroy();
  expect(send(open.wire).error).toMatchObject({
    code: 'ERR_MINT_CONNECTION_CLOSED',
    requestSent: false,
  });
  await open.closed;
  expect(send(open.wire).error).toMatchObject({ requestSent: false });
});

test.each([
  ['a target with CR and LF', { target: '/a\r\nx: y' }],
  ['a target with a space', { target: '/a b' }],
  ['a method that is no token', { method: 'GE T' }],
  ['a method with CR and LF', { method: 'GET / HTTP/1.1\r\nx: y' }],
  ['a field name that is no token', { headers: ['a b', 'c'] }],
  ['a field value with LF', { headers: ['a', 'b\nc'] }],
  ['a field value with NUL', { headers: ['a', 'b\0c'] }],
  ['transfer-encoding', { headers: ['transfer-encoding', 'chunked'] }],
  ['upgrade', { headers: ['upgrade', 'websocket'] }],
  ['expect', { headers: ['expect', '100-continue'] }],
  ['two hosts', { headers: ['host', 'a', 'Host', 'b'] }],
  ['two lengths', { headers: ['content-length', '1', 'content-length', '1'], body: 'a' }],
  ['a length that is none', { headers: ['content-length', '0x1'], body: 'a' }],
  ['a length that is not that of the body', { headers: ['content-length', '3'], body: 'ab' }],
])('[H115] [H132] [M20] refuses %s and keeps the connection', async (_what, request) => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('ok'));
  });
  using open = await openWire(server.port);
  const method = 'body' in request ? 'POST' : 'GET';
  const log = send(open.wire, { method, ...request });
  await log.done;
  expect(log.error).toMatchObject({ code: 'ERR_MINT_INVALID_REQUEST' });
  expect(log.endings).toBe(1);
  expect((await send(open.wire).done).body).toBe('ok');
  expect((await server.peer(0)).received).not.toContain('x: y');
});

test('an error that nobody waits for does not end the program', async () => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  (await server.peer(0)).resetConnection();
  expect(await open.closed).toMatchObject({ reason: 'ECONNRESET' });
});

test('an exception in onEnd is not hidden', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('ok'));
  });
  using open = await openWire(server.port);
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const uncaught = once(process, 'uncaughtException');
  const log = send(open.wire);
  log.atEnd = () => {
    throw new Error('a bug in the handler');
  };
  const [error] = (await uncaught) as [Error];
  for (const listener of listeners) process.on('uncaughtException', listener);
  expect(error.message).toBe('a bug in the handler');
  expect(log.endings).toBe(1);
});

test('tells the facts of a failure', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhel');
    peer.end();
  });
  using open = await openWire(server.port);
  const { error } = await send(open.wire).done;
  expect(error).not.toBeInstanceOf(ProtocolError);
  expect(error).toMatchObject({
    name: 'ConnectionClosedError',
    origin: `http://127.0.0.1:${server.port}`,
    phase: 'receive',
    reused: false,
    requestSent: true,
    bytesReceived: 42,
  });
});

test('an exception in onSent fails the exchange and closes the connection', async () => {
  await using server = await startHttp1Server();
  using open = await openWire(server.port);
  const log = new ExchangeLog(open.wire);
  const bug = new Error('a bug in the handler');
  const handler = Object.assign(log, {
    onSent: () => {
      throw bug;
    },
  });
  open.wire.send({ method: 'GET', target: '/', headers: [] }, handler);
  await log.done;
  expect(log.error).toBe(bug);
  expect(await open.closed).toBeUndefined();
  expect(log.endings).toBe(1);
});
