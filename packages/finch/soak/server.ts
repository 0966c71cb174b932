/**
 * The misbehaving server: a process of its own. On a TCP port, a Unix socket
 * and a port with TLS it answers as `behaviours.ts` says, and treats some
 * connections badly before any request. With TLS it speaks HTTP/2 to those who
 * want it, and on another port without TLS; then it does what `h2-behaviours.ts`
 * says. With TLS it announces HTTP/3, which it speaks on a UDP port, by
 * `h3-behaviours.ts`, where QUIC can be loaded. With `slow` it is slow to accept: its
 * backlog is short, and it sleeps.
 *
 * Its parent talks to it over IPC: it is told where it listens, and asks for
 * figures. It ends when the parent does.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { quicAvailable } from '@linnet/mint';
import { startHttp3Server } from '@linnet/mint/testing';
import { answer, badBehaviours, reset, surplusBehaviours } from './behaviours.ts';
import { serveGarbage, serveHttp2 } from './h2-server.ts';
import { serveHttp3 } from './h3-server.ts';
import { Random } from './random.ts';
import { readRequests } from './request-reader.ts';
import type { ServerFigures, ServerSetup, ServerWhere } from './server-process.ts';

const random = new Random(0);
const sockets = new Set<Socket>();
const answered: Record<string, number> = {};
const complaints: string[] = [];
let connections = 0;
let requests = 0;
let faults = 0;
/** What is announced with TLS; nothing without HTTP/3. */
let altSvc: string | undefined;

function count(what: string): void {
  answered[what] = (answered[what] ?? 0) + 1;
}

function onAnswered(behaviour: string, isBad: boolean): void {
  requests++;
  count(behaviour);
  if (isBad) faults++;
}

function onComplaint(what: string): void {
  if (complaints.length < 20) complaints.push(what);
}

/** What some connections get before any request. */
const onAccept = { serve: 90, reset: 3, close: 3, deaf: 2, 'garbage-first': 2 } as const;

function acceptPlain(socket: Socket): void {
  accept(socket, false, undefined);
}

function acceptTls(socket: TLSSocket): void {
  accept(socket, socket.alpnProtocol === 'h2', altSvc);
}

function accept(socket: Socket, isHttp2: boolean, announced: string | undefined): void {
  connections++;
  const timers = new Set<NodeJS.Timeout>();
  const own = random.fork();
  let served = 0;
  socket.on('error', () => {});
  const later = (ms: number, act: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!socket.destroyed && socket.writable) act();
    }, ms);
    timers.add(timer);
  };
  socket.once('close', () => {
    for (const timer of timers) clearTimeout(timer);
  });
  const kind = own.weighted(onAccept);
  if (kind !== 'serve') {
    faults++;
    count(`accept: ${kind}`);
  }
  switch (kind) {
    case 'reset':
      reset(socket);
      return;
    case 'close':
      socket.resume();
      socket.end();
      return;
    case 'deaf':
      // Reads again at last: only who reads learns that the other side is gone.
      socket.pause();
      later(1500, () => {
        socket.resume();
        socket.end();
      });
      return;
    case 'garbage-first':
      socket.write('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n');
      socket.resume();
      return;
    case 'serve':
      if (isHttp2 && own.chance(0.03)) {
        faults++;
        count('accept: garbage-frames');
        serveGarbage(socket, own);
        return;
      }
      if (isHttp2) {
        serveHttp2(socket, { random: own, announced, later, onAnswered, onComplaint });
        return;
      }
      readRequests(socket, (request) => {
        const number = ++served;
        if (socket.destroyed || !socket.writable) return;
        requests++;
        const isLast = (): boolean => served === number;
        const behaviour = answer({ socket, request, random: own, announced, later, isLast });
        count(behaviour);
        if (behaviour in badBehaviours || behaviour in surplusBehaviours) faults++;
      });
  }
}

/** Sockets are counted below TLS, so that failed handshakes are as well. */
function listen(
  server: Server,
  where: object = { port: 0, host: '127.0.0.1' },
): Promise<AddressInfo | string | null> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  return new Promise((resolve) => {
    server.listen(where, () => resolve(server.address()));
  });
}

const portOf = (address: AddressInfo | string | null): number => (address as AddressInfo).port;

async function start({ seed, slow, path, key, cert }: ServerSetup): Promise<ServerWhere> {
  Object.assign(random, new Random(seed));
  const h2c = (socket: Socket): void => accept(socket, true, undefined);
  if (slow) {
    const where = { port: 0, host: '127.0.0.1', backlog: 1 };
    const address = await listen(createServer(acceptPlain), where);
    const h2cAddress = await listen(createServer(h2c), where);
    const lock = new Int32Array(new SharedArrayBuffer(4));
    setInterval(() => Atomics.wait(lock, 0, 0, random.between(20, 250)), 300);
    return { port: portOf(address), tlsPort: 0, h2cPort: portOf(h2cAddress), h3Port: 0 };
  }
  const port = portOf(await listen(createServer(acceptPlain)));
  const tls = { key, cert, ALPNProtocols: ['h2', 'http/1.1'] };
  const tlsPort = portOf(await listen(createTlsServer(tls, acceptTls)));
  const h2cPort = portOf(await listen(createServer(h2c)));
  await listen(createServer(acceptPlain), { path });
  const h3Port = (await quicAvailable()) ? await listenQuic({ key, cert }) : 0;
  if (h3Port > 0) altSvc = `h3=":${h3Port}"; ma=60`;
  return { port, tlsPort, h2cPort, h3Port };
}

/** Returns the UDP port. */
async function listenQuic(tls: { readonly key: string; readonly cert: string }): Promise<number> {
  const { port } = await startHttp3Server(
    (peer) => {
      connections++;
      return serveHttp3(peer, { random: random.fork(), onAnswered });
    },
    // Few streams, so that credit runs out; and connections of clients that were killed end soon.
    { tls, streams: 20, idleTimeout: 2000 },
  );
  return port;
}

process.on('message', (message: ServerSetup | 'figures') => {
  if (message === 'figures') {
    const figures: ServerFigures = {
      connections,
      requests,
      faults,
      answered,
      complaints,
      sockets: sockets.size,
    };
    process.send?.(figures);
  } else {
    void start(message).then((where) => process.send?.(where));
  }
});
process.on('disconnect', () => process.exit());
