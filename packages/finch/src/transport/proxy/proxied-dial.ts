/**
 * Opens a connection through a proxy: the connection to the proxy, the tunnel
 * in it, TLS with the server in the tunnel. One deadline over all of it, and
 * cancellation that leaves no socket behind, whichever of the steps it meets.
 */
import type { Socket } from 'node:net';
import { ConnectError } from '../../errors/index.ts';
import { inCleanContext } from '../clean-context.ts';
import { dialTimeout } from '../dial-error.ts';
import { dial } from '../dial.ts';
import type { Dial, Dialled, DialOptions, DialTarget } from '../dial.ts';
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
  return inCleanContext(() => new ProxiedDial(way, options));
}

class ProxiedDial implements Dial {
  readonly result: Promise<Dialled>;
  private readonly way: ThroughProxy;
  private readonly options: DialOptions;
  private readonly startedAt = performance.now();
  /** The dial under way, of the proxy or of the server. */
  private step: Dial | undefined;
  /** What there is so far. */
  private socket: Socket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private settled = false;
  private resolve!: (dialled: Dialled) => void;
  private reject!: (error: unknown) => void;

  constructor(way: ThroughProxy, options: DialOptions) {
    this.way = way;
    this.options = options;
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.result.catch(() => {});
    this.start();
  }

  cancel(reason?: Error): void {
    const { proxy, target } = this.way;
    this.fail(
      reason ??
        new ConnectError({ origin: target.origin, proxy: proxy.origin, reason: 'cancelled' }),
    );
  }

  private start(): void {
    const { signal, connectTimeout = 5000 } = this.options;
    if (signal?.aborted === true) {
      this.fail(signal.reason);
      return;
    }
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (connectTimeout !== Infinity) {
      this.timer = setTimeout(() => this.fail(this.timedOut(connectTimeout)), connectTimeout);
    }
    this.open().then(
      (dialled) => this.succeed(dialled),
      (error: unknown) => this.fail(error),
    );
  }

  private async open(): Promise<Dialled> {
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

  private readonly onAbort = (): void => {
    this.fail(this.options.signal?.reason);
  };

  private timedOut(limit: number): Error {
    const { proxy, target } = this.way;
    const waited = performance.now() - this.startedAt;
    return dialTimeout({ origin: target.origin, proxy: proxy.origin, waited }, limit);
  }

  private succeed(dialled: Dialled): void {
    if (this.settled) return;
    this.settle();
    const total = performance.now() - this.startedAt;
    const { lookup, tls } = dialled.timings;
    this.resolve({
      ...dialled,
      timings: { lookup, connect: total - lookup - tls, tls, total },
    });
  }

  private fail(error: unknown): void {
    if (this.settled) return;
    this.settle();
    this.step?.cancel();
    this.socket?.destroy();
    this.reject(error);
  }

  /** Leaves no timer or listener behind. */
  private settle(): void {
    this.settled = true;
    clearTimeout(this.timer);
    this.options.signal?.removeEventListener('abort', this.onAbort);
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
