/**
 * Opens a connection through a proxy: the connection to the proxy, the tunnel
 * in it, TLS with the server in the tunnel.
 */
import { inCleanContext } from '../../driver/clean-context.ts';
import { Attempt } from '../attempt.ts';
import type { Dial, Dialled, Make } from '../attempt.ts';
import { defaultConnectTimeout } from '../dial.ts';
import type { DialOptions } from '../dial.ts';
import { SocketConnect } from '../socket-connect.ts';
import type { DialTarget } from '../dial-target.ts';
import { ConnectTunnel } from './connect-tunnel.ts';
import type { ProxiedTarget, ProxyServer } from './proxy-server.ts';
import { SocksTunnel } from './socks-tunnel.ts';

/** A server behind a proxy, and how to use the proxy. */
export interface ThroughProxy {
  readonly proxy: ProxyServer;
  readonly target: ProxiedTarget;
  /** Whether the proxy takes requests and forwards them; else it opens a tunnel. */
  readonly forward: boolean;
}

/**
 * Starts to open a connection through a proxy, like `dial`. The addresses and
 * the name lookup of the options are those of the connection to the proxy. With
 * `forward` the connection ends at the proxy.
 *
 * @example
 * const connectThrough = (way: ThroughProxy) => dialThrough(way, { connectTimeout: 1000 }).result;
 */
export function dialThrough(way: ThroughProxy, options?: DialOptions): Dial;
export function dialThrough<T>(way: ThroughProxy, options: DialOptions, make: Make<T>): Dial<T>;
export function dialThrough(
  way: ThroughProxy,
  options: DialOptions = {},
  make: Make<unknown> = (dialled) => dialled,
): Dial<unknown> {
  return inCleanContext(() => {
    const { target, proxy } = way;
    const attempt = new Attempt({ origin: target.origin, proxy: proxy.origin }, options);
    const open = (): Promise<Dialled> => connectThrough(attempt, way, options);
    return attempt.start(options.connectTimeout ?? defaultConnectTimeout, open, make);
  });
}

async function connectThrough(
  attempt: Attempt<unknown>,
  way: ThroughProxy,
  options: DialOptions,
): Promise<Dialled> {
  const { proxy, target, forward } = way;
  const first = proxyTarget(way);
  const alpnProtocols = first.tls && ['http/1.1'];
  const toProxy = { ...options, alpnProtocols, requireAlpn: false };
  const reached = await attempt.run(new SocketConnect(first, toProxy, attempt));
  if (forward) return timed(reached, attempt.waited);
  const tunnel = proxy.protocol.startsWith('socks')
    ? new SocksTunnel(reached.socket, proxy, target, options)
    : new ConnectTunnel(reached.socket, proxy, target);
  const socket = await attempt.run(tunnel);
  if (target.tls === undefined) {
    return timed({ ...reached, socket, alpnProtocol: undefined }, attempt.waited);
  }
  const address = { ...target.address, tunnel: { socket, proxy: proxy.origin } };
  const secured = await attempt.run(new SocketConnect({ ...target, address }, options, attempt));
  const timings = { ...reached.timings, tls: secured.timings.tls };
  return timed({ ...secured, timings }, attempt.waited);
}

/** What is neither lookup nor TLS counts as connecting: the proxy's part is in it. */
function timed(dialled: Dialled, total: number): Dialled {
  const { lookup, tls } = dialled.timings;
  return { ...dialled, timings: { lookup, connect: total - lookup - tls, tls, total } };
}

/** The proxy, as what is connected to first. */
function proxyTarget({ proxy, target }: ThroughProxy): DialTarget {
  const { host, port, tls, servername, origin } = proxy;
  return { origin: target.origin, proxy: origin, address: { host, port }, tls, servername };
}
