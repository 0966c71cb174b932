/** Dials through a proxy, for a test. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { dialThrough, parseProxyUrl } from '../../../src/index.ts';
import type { Dial, DialOptions, ProxyServer, TlsIdentity } from '../../../src/index.ts';

export interface Way {
  /** The URL of the proxy. */
  readonly proxy: string;
  /** The identity towards the proxy. */
  readonly proxyTls?: TlsIdentity;
  readonly headers?: readonly string[];
  /** The server: its host, `origin.test` by default, its port, and the identity towards it. */
  readonly host?: string;
  readonly port?: number;
  readonly tls?: TlsIdentity;
  /** The names that the certificates must be for. */
  readonly servername?: string;
  readonly proxyServername?: string;
}

/** Dials, and closes what comes of it after the test. */
export function dialUp(way: Way, options: DialOptions = {}): Dial {
  const { host = 'origin.test', port = 443, tls, headers = [], proxyTls } = way;
  const address = parseProxyUrl(way.proxy);
  if (address === undefined) throw new Error(`${way.proxy} is not the URL of a proxy`);
  const proxy: ProxyServer = {
    ...address,
    headers,
    tls: proxyTls,
    servername: way.proxyServername,
  };
  const origin = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  const target = { origin, address: { host, port }, tls, servername: way.servername ?? host };
  const dialling = dialThrough({ proxy, target, forward: false }, options);
  onTestFinished(() =>
    dialling.result.then(
      ({ socket }) => void socket.destroy(),
      () => {},
    ),
  );
  return dialling;
}

/** The error that a dial ends with. */
export function failure(dialling: Dial): Promise<unknown> {
  return dialling.result.then(
    ({ socket }) => {
      throw new Error(`connected, ${socket.destroyed ? '' : 'not '}closed`);
    },
    (error: unknown) => error,
  );
}

/** The first that comes over a socket from which nothing was read yet. */
export async function firstData(socket: Socket): Promise<string> {
  await once(socket, 'readable');
  return String(socket.read());
}
