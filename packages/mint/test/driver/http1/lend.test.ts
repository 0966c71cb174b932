import { once } from 'node:events';
import { createLentSocket } from '../../../src/index.ts';
import type { LentSocket } from '../../../src/index.ts';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import { expect, test } from 'vitest';
import { send } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

const request = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

/** Reads until the text ends so. */
async function readUntil(socket: LentSocket, end: string): Promise<string> {
  let text = '';
  socket.resume();
  while (!text.endsWith(end)) text += String((await once(socket, 'data'))[0]);
  socket.removeAllListeners('data').pause();
  return text;
}

test('lends the connection as a stream of bytes, and takes requests again when it is given back', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for (const body of ['lent', 'sent', 'lent']) {
      await peer.readRequest();
      await peer.write(response(body));
    }
  });
  using open = await openWire(server.port);
  const { wire } = open;
  const first = wire.lend?.() as LentSocket;
  expect(wire).toMatchObject({ usable: false, underWay: 1, served: 0 });
  first.write(request, 'latin1');
  expect(await readUntil(first, 'lent')).toContain('200 OK');
  expect(first.giveBack()).toBe(true);
  expect(first.giveBack()).toBe(false);
  first.destroy();
  expect(wire).toMatchObject({ usable: true, underWay: 0, served: 1 });

  expect((await send(wire).done).kinds).toEqual(['headers', 'data', 'end']);

  const second = wire.lend?.() as LentSocket;
  // Written at once, although the connection was not polled since the response.
  second.write(Buffer.from(request));
  await readUntil(second, 'lent');
  expect(second.giveBack()).toBe(true);
  expect(wire.served).toBe(3);
  expect(open.closings).toEqual([]);
});

test('takes no request meanwhile, and lends nothing twice', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
  });
  using open = await openWire(server.port);
  const lent = open.wire.lend?.();
  expect(send(open.wire).error).toMatchObject({ code: 'ERR_MINT_INVALID_REQUEST' });
  expect(() => open.wire.lend?.()).toThrow('serves another request');
  lent?.destroy();
});

test('is not given back while something is unread or unwritten', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('late'));
  });
  using open = await openWire(server.port);
  const lent = open.wire.lend?.() as LentSocket;
  lent.cork();
  lent.write(request);
  expect(lent.giveBack()).toBe(false);
  lent.uncork();
  await once(lent, 'readable');
  expect(lent.giveBack()).toBe(false);
  lent.destroy();
  expect(await open.closed).toBeUndefined();
});

test('ends the connection when the stream is destroyed, and the stream when the connection ends', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest().catch(() => {});
  });
  {
    using open = await openWire(server.port);
    const lent = open.wire.lend?.() as LentSocket;
    lent.write(request);
    lent.destroy();
    expect(await open.closed).toBeUndefined();
  }
  {
    using open = await openWire(server.port);
    const lent = open.wire.lend?.() as LentSocket;
    const failed = once(lent, 'error');
    const reason = new Error('no more');
    open.wire.destroy(reason);
    expect(await failed).toEqual([reason]);
  }
  {
    using open = await openWire(server.port);
    const lent = open.wire.lend?.() as LentSocket;
    open.wire.destroy(new Error('to a user who does not listen'));
    await once(lent, 'close');
  }
});

test('stays open when nothing was written to a stream that is destroyed', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('x'));
  });
  using open = await openWire(server.port);
  const lent = open.wire.lend?.() as LentSocket;
  lent.destroy();
  await once(lent, 'close');
  expect((await send(open.wire).done).kinds).toEqual(['headers', 'data', 'end']);
});

test('lends a stream that was given back another connection, and what was written to it meanwhile is sent', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for await (const _request of peer.requests()) await peer.write(response('x'));
  });
  using one = await openWire(server.port);
  using other = await openWire(server.port);
  const lent = one.wire.lend?.() as LentSocket;
  expect(() => other.wire.lend?.(lent)).toThrow('cannot have a connection');
  lent.write(request);
  await readUntil(lent, 'x');
  expect(lent.giveBack()).toBe(true);
  lent.write(request);
  expect(other.wire.lend?.(lent)).toBe(lent);
  await readUntil(lent, 'x');
  expect(lent.giveBack()).toBe(true);
  expect([one.wire.served, other.wire.served]).toEqual([1, 1]);
  one.wire.destroy();
  expect(lent.destroyed).toBe(false);
  other.wire.destroy();
  expect(lent.destroyed).toBe(true);
});

test('lends a connection to a stream that had none, and what was written to it before is sent', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('late'));
  });
  using open = await openWire(server.port);
  const socket = createLentSocket();
  expect(socket).not.toHaveProperty('remotePort', server.port);
  expect(socket.giveBack()).toBe(false);
  socket.write(request, 'latin1');
  expect(open.wire.lend?.(socket)).toBe(socket);
  expect(socket).toHaveProperty('remotePort', server.port);
  expect(await readUntil(socket, 'late')).toContain('200 OK');
  expect(socket.giveBack()).toBe(true);

  const given = createLentSocket().destroy();
  expect(() => open.wire.lend?.(given)).toThrow('cannot have a connection');
});

test('closes a connection before the server does, when that says how long it keeps it idle', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for await (const _request of peer.requests()) await peer.write(response('lent'));
  });
  using open = await openWire(server.port, { keepAliveThreshold: 1990 });
  const first = open.wire.lend?.() as LentSocket;
  first.write(request, 'latin1');
  await readUntil(first, 'lent');
  expect(first.giveBack(2000)).toBe(true);
  expect(open.wire.usable).toBe(true);
  expect(await open.closed).toBeUndefined();

  using other = await openWire(server.port);
  const second = other.wire.lend?.() as LentSocket;
  second.write(request, 'latin1');
  await readUntil(second, 'lent');
  expect(second.giveBack(2000)).toBe(false);
  second.destroy();
});

test('a stream that awaits another connection does not end with its last one', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for await (const _request of peer.requests()) await peer.write(response('x'));
  });
  using one = await openWire(server.port);
  using other = await openWire(server.port);
  const lent = one.wire.lend?.() as LentSocket;
  lent.write(request);
  await readUntil(lent, 'x');
  expect(lent.giveBack()).toBe(true);
  lent.awaitConnection();
  one.wire.destroy();
  lent.write(request);
  other.wire.lend?.(lent);
  await readUntil(lent, 'x');
  expect(lent.giveBack()).toBe(true);
});

test('gives its user what the server sent before it closed, then the end', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.0 200 OK\r\n\r\nlast');
    peer.end();
  });
  using open = await openWire(server.port);
  const lent = open.wire.lend?.() as LentSocket;
  lent.write(request);
  expect((await lent.toArray()).join('')).toBe('HTTP/1.0 200 OK\r\n\r\nlast');
  await open.closed;
  expect(lent.destroyed).toBe(true);
});

test('what comes before the user has written anything is no answer, and ends the connection', async () => {
  const lending = Promise.withResolvers<void>();
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('first'));
    await lending.promise;
    await peer.write(response('for the next one'));
  });
  using open = await openWire(server.port);
  await send(open.wire).done;
  const lent = open.wire.lend?.() as LentSocket;
  lent.on('error', () => {});
  lending.resolve();
  expect(await open.closed).toMatchObject({ code: 'ERR_MINT_PROTOCOL' });
  expect(lent.destroyed).toBe(true);
});

test('reads no faster than its user, and writes no faster than the server', async () => {
  const size = 8 * 1024 * 1024;
  await using server = await startHttp1Server(async (peer) => {
    await peer.read(size);
    for (let sent = 0; sent < size; sent += 65_536) await peer.write('x'.repeat(65_536));
  });
  using open = await openWire(server.port);
  const lent = open.wire.lend?.() as LentSocket;
  let full = 0;
  for (let sent = 0; sent < size; sent += 1024 * 1024) {
    if (!lent.write(Buffer.alloc(1024 * 1024))) {
      full += 1;
      await once(lent, 'drain');
    }
  }
  expect(full).toBeGreaterThan(0);
  let read = 0;
  for await (const chunk of lent) {
    read += (chunk as Buffer).length;
    expect(lent.readableLength).toBeLessThan(1024 * 1024);
    if (read === size) break;
  }
  expect(read).toBe(size);
});

test('passes on the time-out of the socket, until it is given back', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(response('x'));
    await peer.readRequest().catch(() => {});
  });
  using open = await openWire(server.port);
  const lent = open.wire.lend?.() as LentSocket & {
    setTimeout(ms: number, then?: () => void): void;
  };
  await new Promise<void>((resolve) => lent.setTimeout(5, resolve));
  lent.write(request);
  await readUntil(lent, 'x');
  let times = 0;
  lent.on('timeout', () => (times += 1));
  expect(lent.giveBack()).toBe(true);
  lent.setTimeout(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(times).toBe(0);
  expect(open.wire.usable).toBe(true);
});
