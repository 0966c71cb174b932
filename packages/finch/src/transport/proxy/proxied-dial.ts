/**
 * Opens a connection through a proxy: the connection to the proxy, the tunnel
 * in it, TLS with the server in the tunnel.
 */
import type { Socket } from 'node:net';
import { inCleanContext } from '../clean-context.ts';
import { dial } from '../dial.ts';
import type { DialOptions, DialTarget } from '../dial.ts';
import { PendingDial } from '../pending-dial.ts';
import type { Dial, Dialled } from '../pending-dial.ts';
import { connectTunnel } from './connect-tunnel.ts';
import type { ProxiedTarget, ProxyServer } from './proxy-server.ts';
import { socksTunnel } from './socks-tunnel.ts';

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
export function dialThrough(way: ThroughProxy, options: DialOptions = {}): Dial {
  return inCleanContext(() => new ProxiedDial(way, options).start());
}

class ProxiedDial extends PendingDial {
  private readonly way: ThroughProxy;
  private readonly options: DialOptions;
  /** The dial under way, of the proxy or of the server. */
  private step: Dial | undefined;
  /** What there is so far. */
  private socket: Socket | undefined;

  constructor(way: ThroughProxy, options: DialOptions) {
    super({ origin: way.target.origin, proxy: way.proxy.origin }, options);
    this.way = way;
    this.options = options;
  }

  protected override open(): void {
    this.connect().then(
      (dialled) => this.succeed(this.timed(dialled)),
      (error: unknown) => this.fail(error),
    );
  }

  protected override abandon(): void {
    this.step?.cancel();
    this.socket?.destroy();
  }

  private async connect(): Promise<Dialled> {
    const { proxy, target, forward } = this.way;
    const first = proxyTarget(this.way);
    const reached = await this.dial(first, first.tls && ['http/1.1']);
    if (forward) return reached;
    const socket = this.hold(await this.tunnel(reached.socket));
    const tunnelled = { ...reached, socket, alpnProtocol: undefined };
    if (target.tls === undefined) return tunnelled;
    const tunnel = { socket, proxy: proxy.origin };
    const { host, port } = target.address;
    const address = { host, port, tunnel };
    const secured = await this.dial({ ...target, address }, this.options.alpnProtocols);
    return { ...secured, timings: { ...reached.timings, tls: secured.timings.tls } };
  }

  private async dial(
    target: DialTarget,
    alpnProtocols: readonly string[] | undefined,
  ): Promise<Dialled> {
    // The time and the signal are those of the whole.
    const step = { ...this.options, connectTimeout: Infinity, signal: undefined, alpnProtocols };
    this.step = dial(target, step);
    const dialled = await this.step.result;
    this.step = undefined;
    this.hold(dialled.socket);
    return dialled;
  }

  private tunnel(socket: Socket): Promise<Socket> {
    const { proxy, target } = this.way;
    return proxy.protocol.startsWith('socks')
      ? socksTunnel(socket, proxy, target, this.options)
      : connectTunnel(socket, proxy, target);
  }

  /** A socket that comes too late is not left open. */
  private hold<S extends Socket>(socket: S): S {
    this.socket = socket;
    if (this.settled) socket.destroy();
    return socket;
  }

  private timed(dialled: Dialled): Dialled {
    const total = this.waited;
    const { lookup, tls } = dialled.timings;
    return { ...dialled, timings: { lookup, connect: total - lookup - tls, tls, total } };
  }
}

/** The proxy, as what is connected to first. */
function proxyTarget({ proxy, target }: ThroughProxy): DialTarget {
  const { host, port, tls, servername, origin } = proxy;
  return {
    origin: target.origin,
    proxy: origin,
    address: { host, port },
    tls,
    servername: servername ?? host,
  };
}
