import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import type { LookupFunction } from 'node:net';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import {
  ConnectError,
  ConnectTimeoutError,
  OptionsError,
  TlsError,
  dial,
  TlsIdentity,
} from '../../src/index.ts';
import type { Dial, DialOptions, DialTarget } from '../../src/index.ts';
import { turn } from '../support/eventually.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { startHttp1Server } from '../../src/testing/index.ts';
import { createSocketPath } from '../support/socket-path.ts';

function target(port: number, more: Partial<DialTarget> = {}): DialTarget {
  return {
    origin: `http://127.0.0.1:${port}`,
    address: { host: '127.0.0.1', port },
    ...more,
  };
}

/** Dials and closes what comes of it after the test. */
function dialUp(to: DialTarget, options?: DialOptions): Dial {
  const dialling = dial(to, options);
  onTestFinished(() =>
    dialling.result.then(
      ({ socket }) => void socket.destroy(),
      () => {},
    ),
  );
  return dialling;
}

async function failure(dialling: Dial): Promise<unknown> {
  return dialling.result.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A port without a listener. */
async function freePort(): Promise<number> {
  const server = await startHttp1Server();
  const { port } = server;
  await server.close();
  return port;
}

/** A port whose listener accepts nothing: when its queue is full, the kernel answers no one any more. */
async function deafPort(): Promise<number> {
  const script = `
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(port.toString());
}

test('[H351] opens a TCP connection and tells how long its parts took', async () => {
  await using server = await startHttp1Server();
  const { socket, alpnProtocol, timings } = await dialUp(target(server.port)).result;
  expect(socket.remotePort).toBe(server.port);
  expect(alpnProtocol).toBeUndefined();
  expect(timings.tls).toBeGreaterThanOrEqual(0);
  expect(timings.lookup + timings.connect).toBeLessThanOrEqual(timings.total + 0.001);
});

test('reads nothing from the socket, and loses nothing of what comes before it is handed on', async () => {
  await using server = await startHttp1Server((peer) => peer.write('banner'));
  const { socket } = await dialUp(target(server.port)).result;
  await (await server.peer(0)).write('');
  await turn(5);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  expect(chunk.toString()).toBe('banner');
});

test('[H100] fails with ECONNREFUSED when there is no listener', async () => {
  const error = await failure(dial(target(await freePort())));
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({ reason: 'ECONNREFUSED' });
  expect((error as ConnectError).waited).toBeGreaterThanOrEqual(0);
});

test('[H354] fails when the name does not exist', async () => {
  const error = await failure(
    dial({ origin: 'http://no.invalid:80', address: { host: 'no.invalid', port: 80 } }),
  );
  expect(error).toBeInstanceOf(ConnectError);
  // EAI_AGAIN where there is no name server to ask.
  expect(['ENOTFOUND', 'EAI_AGAIN']).toContain((error as ConnectError).reason);
});

test('[H353] fails when the port is none', async () => {
  const error = await failure(dial(target(70_000)));
  expect(error).toMatchObject({ code: 'ERR_MINT_CONNECT', reason: 'ERR_SOCKET_BAD_PORT' });
});

test('[H350] opens a connection to localhost', async () => {
  await using server = await startHttp1Server();
  const to = target(server.port, { address: { host: 'localhost', port: server.port } });
  const { socket } = await dialUp(to).result;
  expect(socket.remoteAddress).toBe('127.0.0.1');
});

test('fails when the unix socket does not exist', async () => {
  using socketPath = createSocketPath();
  const error = await failure(dial(target(0, { address: { path: socketPath.path } })));
  expect(error).toMatchObject({ code: 'ERR_MINT_CONNECT', reason: 'ENOENT' });
});

test('fails when the local address does not suit', async () => {
  await using server = await startHttp1Server();
  const error = await failure(dial(target(server.port), { localAddress: '203.0.113.1' }));
  expect(error).toMatchObject({ code: 'ERR_MINT_CONNECT', reason: 'EADDRNOTAVAIL' });
  expect(await failure(dial(target(server.port), { localAddress: 'here' }))).toMatchObject({
    code: 'ERR_MINT_CONNECT',
  });
});

test('connects from the local address that is asked for', async () => {
  await using server = await startHttp1Server();
  const { socket } = await dialUp(target(server.port), { localAddress: '127.0.0.1' }).result;
  expect(socket.localAddress).toBe('127.0.0.1');
});

test('[H99] gives up after connectTimeout while TCP does not answer', async () => {
  const port = await deafPort();
  const dials = Array.from({ length: 8 }, () => dialUp(target(port), { connectTimeout: 300 }));
  const errors = (await Promise.all(dials.map(failure))).filter((error) => error !== undefined);
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors) {
    expect(error).toBeInstanceOf(ConnectTimeoutError);
    expect(error).toMatchObject({ limit: 300, origin: `http://127.0.0.1:${port}` });
  }
});

test('[H131] gives up after connectTimeout while the TLS handshake is not answered', async () => {
  await using server = await startHttp1Server();
  const dialling = dial(target(server.port, { tls: new TlsIdentity() }), { connectTimeout: 50 });
  expect(await failure(dialling)).toBeInstanceOf(ConnectTimeoutError);
  await (
    await server.peer(0)
  ).closed;
});

test('gives up after connectTimeout while the lookup is not answered, and opens nothing later', async () => {
  await using server = await startHttp1Server();
  let answer!: () => void;
  const lookup: LookupFunction = (_host, _options, callback) => {
    answer = () => callback(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  const to = target(server.port, { address: { host: 'slow.example', port: server.port } });
  expect(await failure(dial(to, { connectTimeout: 20, lookup }))).toBeInstanceOf(
    ConnectTimeoutError,
  );
  answer();
  await turn(20);
  expect(server.peers).toHaveLength(0);
});

test('can be cancelled during the lookup: nothing is opened later', async () => {
  await using server = await startHttp1Server();
  let answer: (() => void) | undefined;
  const lookup: LookupFunction = (_host, _options, callback) => {
    answer = () => callback(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  const to = target(server.port, { address: { host: 'slow.example', port: server.port } });
  const dialling = dial(to, { lookup });
  dialling.cancel();
  expect(await failure(dialling)).toMatchObject({ reason: 'cancelled' });
  answer?.();
  await turn(20);
  expect(server.peers).toHaveLength(0);
});

test('can be cancelled during the TCP handshake: no socket stays', async () => {
  const port = await deafPort();
  const before = sockets();
  const dials = Array.from({ length: 8 }, () => dial(target(port)));
  await turn();
  for (const dialling of dials) dialling.cancel(new Error('enough'));
  const results = await Promise.allSettled(dials.map((dialling) => dialling.result));
  for (const result of results) {
    expect(result).toEqual({ status: 'rejected', reason: new Error('enough') });
  }
  await turn(5);
  // Those of the tests before may have closed meanwhile.
  expect(sockets()).toBeLessThanOrEqual(before);
});

test('can be cancelled during the TLS handshake: the server sees the connection close', async () => {
  await using server = await startHttp1Server();
  const dialling = dial(target(server.port, { tls: new TlsIdentity() }));
  const peer = await server.peer(0);
  await peer.read(1);
  dialling.cancel(new Error('enough'));
  await peer.closed;
  expect(await failure(dialling)).toEqual(new Error('enough'));
});

test('is cancelled by a signal, before and during', async () => {
  await using server = await startHttp1Server();
  expect(await failure(dial(target(server.port), { signal: AbortSignal.abort('early') }))).toBe(
    'early',
  );
  const controller = new AbortController();
  const dialling = dial(target(server.port, { tls: new TlsIdentity() }), {
    signal: controller.signal,
  });
  const peer = await server.peer(0);
  controller.abort('late');
  expect(await failure(dialling)).toBe('late');
  await peer.closed;
  expect(server.peers).toHaveLength(1);
});

test('a cancellation after the connection opened does nothing', async () => {
  await using server = await startHttp1Server();
  const controller = new AbortController();
  const dialling = dialUp(target(server.port), { signal: controller.signal });
  const { socket } = await dialling.result;
  dialling.cancel();
  controller.abort();
  expect(socket.destroyed).toBe(false);
});

test('a failure that is not waited for does not end the program', async () => {
  dial(target(await freePort()));
  const cancelled = dial(target(await freePort()));
  cancelled.cancel();
  await turn(20);
});

test('leaves no timer and no listener behind', async () => {
  await using server = await startHttp1Server();
  const clock = new ManualClock();
  const { signal } = new AbortController();
  const options = { signal, clock };
  const { socket } = await dialUp(target(server.port), options).result;
  await failure(dial(target(await freePort()), options));
  expect(clock.pending).toBe(0);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  for (const event of ['lookup', 'connect', 'secureConnect', 'close']) {
    expect(socket.listenerCount(event)).toBe(0);
  }
  // An error before the socket is handed on ends no program.
  socket.emit('error', new Error('lost'));
});

test('opens sockets outside the async context of the caller', async () => {
  await using server = await startHttp1Server((peer) => peer.write('hello'));
  const storage = new AsyncLocalStorage<string>();
  const { socket } = await storage.run('mine', () => dialUp(target(server.port)).result);
  const seen = await new Promise((resolve) => {
    storage.run('mine, too', () => socket.once('data', () => resolve(storage.getStore())));
  });
  expect(seen).toBeUndefined();
});

test('tries the next address of a name when one refuses', async () => {
  await using server = await startHttp1Server();
  const lookup: LookupFunction = (_host, _options, callback) => {
    callback(null, [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]);
  };
  const to = target(server.port, { address: { host: 'both.example', port: server.port } });
  const { socket } = await dialUp(to, { lookup, autoSelectFamily: true }).result;
  expect(socket.remoteAddress).toBe('127.0.0.1');
});

test('names the reason when every address of a name refuses', async () => {
  const port = await freePort();
  const lookup: LookupFunction = (_host, _options, callback) => {
    callback(null, [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]);
  };
  const to = target(port, { address: { host: 'both.example', port } });
  expect(await failure(dial(to, { lookup, autoSelectFamily: true }))).toMatchObject({
    code: 'ERR_MINT_CONNECT',
    reason: 'ECONNREFUSED',
  });
});

test('[M43] uses the family that is asked for', async () => {
  await using server = await startHttp1Server();
  let asked: unknown;
  const lookup: LookupFunction = (_host, options, callback) => {
    asked = options.family;
    callback(null, options.all === true ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
  };
  const to = target(server.port, { address: { host: 'four.example', port: server.port } });
  await dialUp(to, { lookup, family: 4 }).result;
  expect(asked).toBe(4);
});

test('opens a unix socket', async () => {
  using socketPath = createSocketPath();
  await using server = await startHttp1Server((peer) => peer.write('hello'), socketPath);
  const { socket } = await dialUp(target(0, { address: { path: socketPath.path } })).result;
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  expect(chunk.toString()).toBe('hello');
  expect(server.peers).toHaveLength(1);
});

test.runIf(process.platform === 'linux')('[W22] opens an abstract unix socket', async () => {
  const path = `\0linnet-${process.pid}-${performance.now()}`;
  await using server = await startHttp1Server((peer) => peer.write('hello'), { path });
  const { socket } = await dialUp(target(0, { address: { path } })).result;
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  expect(chunk.toString()).toBe('hello');
  expect(server.peers).toHaveLength(1);
});

test.runIf(process.platform === 'linux')(
  '[W22] fails when there is no such abstract unix socket',
  async () => {
    const path = `\0linnet-${process.pid}-nobody`;
    expect(await failure(dial(target(0, { address: { path } })))).toMatchObject({
      code: 'ERR_MINT_CONNECT',
      reason: 'ECONNREFUSED',
    });
  },
);

test('a lookup that throws fails the dial', async () => {
  const lookup: LookupFunction = () => {
    throw new Error('no resolver');
  };
  const to = target(80, { address: { host: 'any.example', port: 80 } });
  const error = await failure(dial(to, { lookup }));
  expect(error).toBeInstanceOf(ConnectError);
  expect((error as Error).message).toContain('no resolver');
});

test('keys that cannot be read are an error of the options, which shows nothing of the key', () => {
  const make = (): TlsIdentity => new TlsIdentity({ key: 'secret', cert: 'nonsense' });
  expect(make).toThrow(OptionsError);
  expect(make).toThrow(expect.objectContaining({ option: 'tls', code: 'ERR_MINT_OPTIONS' }));
  expect(inspect(thrownBy(make))).not.toContain('secret');
});

test('a connection that closes inside the TLS handshake is a failure of TLS', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.read(1);
    peer.end();
  });
  const error = await failure(dial(target(server.port, { tls: new TlsIdentity() })));
  expect(error).toBeInstanceOf(TlsError);
  expect(error).toMatchObject({ reason: 'ECONNRESET' });
});

test('a peer that does not speak TLS is a failure of TLS', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.read(1);
    await peer.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const error = await failure(dial(target(server.port, { tls: new TlsIdentity() })));
  expect(error).toBeInstanceOf(TlsError);
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCP/.test(name)).length;
}
