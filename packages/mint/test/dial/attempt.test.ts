import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { dial, TlsIdentity, ConnectError, ConnectTimeoutError, TlsError } from '../../src/index.ts';
import type { Dial, DialOptions, DialTarget, Dialled, Make, Clock } from '../../src/index.ts';
import { createAuthority, startHttp1Server } from '../../src/testing/index.ts';
import type { Http1Peer, ScriptedServer, ScriptedServerOptions } from '../../src/testing/index.ts';
import { eventually } from '../support/eventually.ts';
import { ManualClock } from '../support/manual-clock.ts';

const authority = createAuthority();
const certificate = authority.issue(['localhost']);
const tls = new TlsIdentity({ ca: authority.ca });

async function start(options: ScriptedServerOptions = {}): Promise<ScriptedServer<Http1Peer>> {
  const server = await startHttp1Server(() => {}, options);
  onTestFinished(() => server.close());
  return server;
}

function target({ port }: ScriptedServer<Http1Peer>, more: Partial<DialTarget> = {}): DialTarget {
  return {
    origin: `https://localhost:${port}`,
    address: { host: '127.0.0.1', port },
    servername: 'localhost',
    ...more,
  };
}

function failure(dialling: Dial<unknown>): Promise<unknown> {
  return dialling.result.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Waits until the server has seen all clients leave. */
async function expectLeft({ server }: ScriptedServer<Http1Peer>): Promise<void> {
  const count = promisify(server.getConnections.bind(server));
  await eventually(async () => expect(await count()).toBe(0));
}

test('the deadline is on the clock that is given', async () => {
  const server = await start();
  const clock = new ManualClock();
  const dialling = dial(target(server, { tls }), { clock, connectTimeout: 60_000 });
  await server.peer(0);
  clock.advance(59_999);
  expect(clock.pending).toBe(1);
  clock.advance(1);
  const error = await failure(dialling);
  expect(error).toBeInstanceOf(ConnectTimeoutError);
  expect(error).toMatchObject({ waited: 60_000, limit: 60_000 });
  await expectLeft(server);
});

test.each([
  ['opens', {}],
  ['fails', { alpnProtocols: ['h2'], requireAlpn: true }],
])('a dial that %s leaves no alarm', async (_what, options: DialOptions) => {
  const server = await start({ tls: certificate });
  const clock = new ManualClock();
  const dialling = dial(target(server, { tls }), { clock, ...options });
  await dialling.result.then(
    ({ socket }) => socket.destroy(),
    () => {},
  );
  expect(clock.pending).toBe(0);
});

test('times are measured on the clock that is given', async () => {
  const server = await start();
  const clock = new ManualClock();
  const to = target(server, { address: { host: 'slow.example', port: server.port } });
  const dialling = dial(to, {
    clock,
    lookup: (_host, _options, callback) => {
      setImmediate(() => {
        clock.advance(40);
        callback(null, [{ address: '127.0.0.1', family: 4 }]);
      });
    },
  });
  const { socket, timings } = await dialling.result;
  socket.destroy();
  expect(timings).toEqual({ lookup: 40, connect: 0, tls: 0, total: 40 });
});

test('[W14] a cancellation tells the time since the dial began', async () => {
  const server = await start();
  const clock = new ManualClock();
  const dialling = dial(target(server, { tls }), { clock });
  await server.peer(0);
  clock.advance(500);
  dialling.cancel();
  const error = await failure(dialling);
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({ reason: 'cancelled', waited: 500 });
});

test('[W14] a failure of TLS tells the time since the dial began', async () => {
  const server = await start();
  const clock = new ManualClock();
  const dialling = dial(target(server, { tls }), { clock });
  const peer = await server.peer(0);
  clock.advance(500);
  peer.end();
  expect(await failure(dialling)).toMatchObject({ code: 'ERR_MINT_TLS', waited: 500 });
});

test('a second cancellation changes nothing', async () => {
  const server = await start();
  const dialling = dial(target(server, { tls }));
  dialling.cancel(new Error('first'));
  dialling.cancel(new Error('second'));
  expect(await failure(dialling)).toEqual(new Error('first'));
});

// What the dial is for ------------------------------------------------------------

function made<T>(
  server: ScriptedServer<Http1Peer>,
  make: Make<T>,
  options: DialOptions = {},
): Dial<T> {
  return dial(target(server, { tls }), options, make);
}

test('a dial is for what is made of its connection', async () => {
  const server = await start({ tls: certificate });
  const result = await made(server, (dialled) => ({ wire: dialled.socket.destroy() })).result;
  expect(result.wire.destroyed).toBe(true);
});

test('[W2] what throws between the open connection and the wire closes the socket', async () => {
  const server = await start({ tls: certificate });
  const dialling = made(server, () => {
    throw new Error('no wire');
  });
  expect(await failure(dialling)).toEqual(new Error('no wire'));
  await expectLeft(server);
});

test('[W2] what cancels the dial between the open connection and the wire closes the socket', async () => {
  const server = await start({ tls: certificate });
  const controller = new AbortController();
  const dialling = made<Dialled>(
    server,
    (dialled) => {
      controller.abort(new Error('enough'));
      return dialled;
    },
    { signal: controller.signal },
  );
  expect(await failure(dialling)).toEqual(new Error('enough'));
  await expectLeft(server);
});

test('nothing is made of a connection whose dial was cancelled in the moment of its opening', async () => {
  const server = await start();
  const makings: Dialled[] = [];
  let isUnderWay = false;
  const clock: Clock = {
    // Read when the socket opens: what is queued then comes before all else.
    now: () => {
      if (isUnderWay) queueMicrotask(() => dialling.cancel());
      return 0;
    },
    after: () => ({ cancel: () => {} }),
  };
  const dialling = dial(target(server), { clock }, (dialled) => makings.push(dialled));
  isUnderWay = true;
  expect(await failure(dialling)).toMatchObject({ reason: 'cancelled' });
  expect(makings).toEqual([]);
  await expectLeft(server);
});

test('[W2] a server that selects no protocol fails the dial where one is required, and no socket stays', async () => {
  const server = await start({ tls: certificate });
  const options = { alpnProtocols: ['h2'], requireAlpn: true };
  const error = await failure(dial(target(server, { tls }), options));
  expect(error).toBeInstanceOf(TlsError);
  expect(error).toMatchObject({ reason: 'NO_APPLICATION_PROTOCOL', servername: 'localhost' });
  expect((error as Error).message).toContain('h2');
  await expectLeft(server);
});

test('a server that selects one of the protocols suits where one is required', async () => {
  const server = await start({ tls: { ...certificate, ALPNProtocols: ['h2'] } });
  const options = { alpnProtocols: ['h2', 'http/1.1'], requireAlpn: true };
  const { socket, alpnProtocol } = await dial(target(server, { tls }), options).result;
  socket.destroy();
  expect(alpnProtocol).toBe('h2');
});

test('a protocol cannot be required without TLS', async () => {
  const server = await start();
  const options = { alpnProtocols: ['h2'], requireAlpn: true };
  const { socket } = await dial(target(server), options).result;
  socket.destroy();
});

test('a session is forgotten with which a dial failed', async () => {
  // With TLS 1.2 the session comes within the handshake.
  const server = await start({ tls: { ...certificate, maxVersion: 'TLSv1.2' } });
  const identity = new TlsIdentity({ ca: authority.ca });
  const isResumed = async (): Promise<boolean> => {
    const to = target(server, { tls: identity });
    const { socket } = await dial(to, { alpnProtocols: ['h2'] }).result;
    const isReused = (socket as TLSSocket).isSessionReused();
    socket.destroy();
    return isReused;
  };
  expect(await isResumed()).toBe(false);
  expect(await isResumed()).toBe(true);
  const options = { alpnProtocols: ['h2'], requireAlpn: true };
  expect(await failure(dial(target(server, { tls: identity }), options))).toBeInstanceOf(TlsError);
  expect(await isResumed()).toBe(false);
});
