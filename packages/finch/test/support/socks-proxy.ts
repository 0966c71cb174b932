/**
 * A real SOCKS5 proxy (RFC 1928, 1929): CONNECT only. It looks names up in a
 * table of its own, so that a test can use names which nobody else knows.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { startHttp1Server } from '@linnet/mint/testing';
import type { Http1Peer } from '@linnet/mint/testing';
import { joinSockets } from './http-proxy.ts';

export interface SocksProxyOptions {
  /** `user:password`, if it wants them. */
  readonly credentials?: string;
  /** The addresses of names; default: all lead to 127.0.0.1. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Answers each request with this reply code. */
  readonly reply?: number;
}

export interface SocksProxy extends AsyncDisposable {
  /** `127.0.0.1:40001`, for a URL of the test's choice. */
  readonly authority: string;
  /** What was asked for: `name api.test:443`, `address 127.0.0.1:80`. */
  readonly asked: readonly string[];
  /** The credentials that came. */
  readonly credentials: readonly string[];
  /** How many connections to clients are open. */
  readonly open: number;
  kill(): void;
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

export async function startSocksProxy(options: SocksProxyOptions = {}): Promise<SocksProxy> {
  const asked: string[] = [];
  const credentials: string[] = [];
  const clients = new Set<Socket>();
  const servers = new Set<Socket>();

  const serve = async (peer: Http1Peer): Promise<void> => {
    clients.add(peer.socket);
    peer.socket.once('close', () => clients.delete(peer.socket));
    const given = await admit(peer, options.credentials);
    if (given === undefined) return;
    credentials.push(given);
    if (options.credentials !== undefined && given !== options.credentials) return;
    const { kind, host, port } = await readTarget(peer);
    asked.push(`${kind} ${host}:${port}`);
    const address = kind === 'address' ? host : addressOf(host, options);
    if (address === undefined) await peer.write(replyOf(options.reply ?? 4));
    else servers.add(relay(peer, port, address));
  };

  const raw = await startHttp1Server(async (peer) => {
    await serve(peer).catch((error: unknown) => {
      // A client may leave when it wants.
      if (!peer.socket.destroyed) throw error;
    });
  });
  const kill = (): void => {
    for (const socket of [...clients, ...servers]) socket.destroy();
  };
  return {
    authority: `127.0.0.1:${raw.port}`,
    asked,
    credentials,
    get open() {
      return clients.size;
    },
    kill,
    [Symbol.asyncDispose]: async () => {
      kill();
      await raw.close();
    },
  };
}

function addressOf(name: string, { hosts, reply }: SocksProxyOptions): string | undefined {
  if (reply !== undefined) return undefined;
  return hosts === undefined ? '127.0.0.1' : hosts[name];
}

const replyOf = (code: number): Buffer => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);

/** The greeting. Gives the credentials that came, empty without; undefined when there is no way to go on. */
async function admit(peer: Http1Peer, wanted: string | undefined): Promise<string | undefined> {
  const [, count = 0] = bytesOf(await peer.read(2));
  const methods = [...bytesOf(await peer.read(count))];
  const method = wanted === undefined ? 0 : 2;
  await peer.write(Buffer.from([5, methods.includes(method) ? method : 0xff]));
  if (!methods.includes(method)) return undefined;
  if (wanted === undefined) return '';
  const given = await readCredentials(peer);
  await peer.write(Buffer.from([1, given === wanted ? 0 : 1]));
  return given;
}

function relay({ socket: client }: Http1Peer, port: number, address: string): Socket {
  const server = connect(port, address);
  server.on('error', () => client.end(replyOf(5)));
  server.on('connect', () => {
    client.removeAllListeners('data').write(replyOf(0));
    server.setDefaultEncoding('latin1');
    joinSockets(client, server);
  });
  return server;
}

async function readCredentials(peer: Http1Peer): Promise<string> {
  const [, userLength = 0] = bytesOf(await peer.read(2));
  const user = await peer.read(userLength);
  const [passwordLength = 0] = bytesOf(await peer.read(1));
  return `${user}:${await peer.read(passwordLength)}`;
}

async function readTarget(
  peer: Http1Peer,
): Promise<{ kind: 'name' | 'address'; host: string; port: number }> {
  const [, , , type = 0] = bytesOf(await peer.read(4));
  const length = type === 3 ? (bytesOf(await peer.read(1))[0] ?? 0) : type === 4 ? 16 : 4;
  const address = await peer.read(length);
  const port = bytesOf(await peer.read(2)).readUInt16BE();
  if (type === 3) return { kind: 'name', host: address, port };
  const bytes = bytesOf(address);
  const host =
    type === 1 ? bytes.join('.') : (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
  return { kind: 'address', host, port };
}
