/**
 * A tunnel through a SOCKS proxy (RFC 1928, 1929), by the package `socks`, which
 * is loaded with the first such tunnel.
 */
import { lookup as lookUp } from 'node:dns';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { ConnectError, ProxyError } from '../../errors/index.ts';
import type { DialOptions } from '../dial.ts';
import { surplus } from './connect-tunnel.ts';
import type { ProxiedTarget, ProxyServer } from './proxy-server.ts';

/** The protocol has one byte for the length of a name. */
const longestName = 255;

/** The longest delay of a timer. */
const longest = 2 ** 31 - 1;

/**
 * Asks a proxy, over an open connection to it, for a tunnel to a server. The
 * proxy looks the server's name up; with `socks5` this side does. Gives the
 * socket; after an error the socket is closed.
 *
 * @throws {ProxyError} when there is no tunnel.
 * @throws {ConnectError} when this side looks the name up and finds nothing.
 */
export async function socksTunnel(
  socket: Socket,
  proxy: ProxyServer,
  target: ProxiedTarget,
  options: DialOptions,
): Promise<Socket> {
  const asked = { proxy: proxy.origin, origin: target.origin };
  const { port } = target.address;
  const host = proxy.protocol === 'socks5' ? await addressOf(target, options) : target.address.host;
  if (Buffer.byteLength(host) > longestName) {
    const detail = `SOCKS has no room for a name of more than ${longestName} bytes`;
    throw new ProxyError({ ...asked, reason: 'refused', detail });
  }
  const { SocksClient } = await import('socks');
  const { username: userId, password, port: proxyPort } = proxy;
  try {
    await SocksClient.createConnection({
      command: 'connect',
      proxy: { type: 5, host: proxy.host, port: proxyPort, userId, password },
      destination: { host, port },
      existing_socket: socket,
      // Of no effect, since the dial's own time is up first; but it keeps the client in memory.
      timeout: Math.min(options.connectTimeout ?? longest, longest) || 1,
    });
  } catch (error) {
    throw refused(error as Error, proxy, target);
  }
  if ((await readAhead(socket)) && target.tls !== undefined) throw surplus(asked);
  return socket;
}

/**
 * Waits until the client has let go of the socket: one turn after its answer it
 * emits what it had read beyond it, and lets the socket flow. Says whether there
 * was anything; it is read from the socket first.
 */
function readAhead(socket: Socket): Promise<boolean> {
  const chunks: Buffer[] = [];
  const keep = (chunk: Buffer): void => void chunks.push(chunk);
  socket.on('data', keep);
  return new Promise((resolve) => {
    // After that of the client, which came first.
    setImmediate(() => {
      socket.pause().off('data', keep);
      if (chunks.length > 0 && !socket.destroyed) socket.unshift(Buffer.concat(chunks));
      // The pause has stopped a socket that reads into a buffer of ours (direct-reads.ts).
      socket.read(0);
      resolve(chunks.length > 0);
    });
  });
}

/** The client's error is not handed on: it holds the credentials. */
function refused(
  { message }: Error,
  { origin: proxy, username, password }: ProxyServer,
  { origin }: ProxiedTarget,
): ProxyError {
  const asked = { proxy, origin };
  if (/no accepted authentication/i.test(message)) {
    const reason =
      username === '' && password === '' ? 'authentication_required' : 'authentication_failed';
    return new ProxyError({ ...asked, reason });
  }
  if (/authentication failed/i.test(message)) {
    return new ProxyError({ ...asked, reason: 'authentication_failed' });
  }
  const [, reply] = /rejected connection - (\w+)$/i.exec(message) ?? [];
  if (reply !== undefined && reply !== 'undefined') {
    return new ProxyError({ ...asked, reason: 'refused', detail: reply });
  }
  const isAnswer = /version|authentication type|rejected|internal error/i.test(message);
  return new ProxyError({
    ...asked,
    reason: isAnswer ? 'bad_answer' : 'closed',
    detail: message,
  });
}

function addressOf({ address, origin }: ProxiedTarget, options: DialOptions): Promise<string> {
  const { host } = address;
  if (isIP(host) !== 0) return Promise.resolve(host);
  const { family = 0, lookup = lookUp } = options;
  return new Promise((resolve, reject) => {
    lookup(host, { family }, (error, found) => {
      const first = Array.isArray(found) ? found[0]?.address : found;
      if (error === null && first !== undefined) resolve(first);
      else reject(new ConnectError({ origin, cause: error ?? undefined, reason: errno(error) }));
    });
  });
}

function errno(error: NodeJS.ErrnoException | null): string | undefined {
  return error === null ? 'ENOTFOUND' : undefined;
}
