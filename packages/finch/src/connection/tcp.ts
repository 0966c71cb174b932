/** Connections over TCP: HTTP/2 and HTTP/1.1. */
import { createHttp1Wire, createHttp2Wire, dial, dialThrough, forwarding } from '@linnet/mint';
import type { Dial, Dialled, DialOptions, Wire } from '@linnet/mint';
import { runtimeClock } from './clock.ts';
import type { ConnectTarget } from './connect-target.ts';
import { alpnOffer, protocolOf } from './protocol.ts';
import { isForwarded, proxyOf } from './route.ts';
import { tlsSourceOf } from './tls.ts';
import { wireOptionsOf } from './wire-options.ts';

/** Starts to open a socket and makes a wire of it; a failure closes the socket. */
export function dialTcp(target: ConnectTarget, connectTimeout: number): Dial<Wire> {
  const { pool, options, http1Only } = target;
  const { connOpts } = options;
  const secure = pool.scheme === 'https';
  const dialOptions: DialOptions = {
    connectTimeout,
    alpnProtocols: secure ? alpnOffer(pool, options, http1Only) : undefined,
    localAddress: connOpts.localAddress,
    family: connOpts.family,
    lookup: connOpts.lookup,
    autoSelectFamily: connOpts.autoSelectFamily,
    autoSelectFamilyAttemptTimeout: connOpts.autoSelectFamilyAttemptTimeout,
    noDelay: connOpts.noDelay,
    keepAlive: connOpts.keepAlive && connOpts.keepAliveInitialDelay,
    clock: runtimeClock,
  };
  const server = {
    origin: pool.origin,
    tls: secure ? tlsSourceOf(options).refresh() : undefined,
    servername: connOpts.tls.servername ?? pool.host,
  };
  const wire = (dialled: Dialled): Wire => wireOver(target, dialled);
  if (pool.unixSocket !== undefined) {
    return dial({ ...server, address: { path: pool.unixSocket } }, dialOptions, wire);
  }
  const address = { host: pool.host, port: pool.port };
  const proxy = proxyOf(options);
  if (proxy === undefined) return dial({ ...server, address }, dialOptions, wire);
  const way = { proxy, target: { ...server, address }, forward: isForwarded(pool, options) };
  return dialThrough(way, dialOptions, wire);
}

/**
 * The wire over an open socket.
 *
 * @throws TlsError when the server selected no protocol that may be spoken.
 */
function wireOver({ pool, options }: ConnectTarget, { socket, alpnProtocol }: Dialled): Wire {
  const { http1, http2 } = options;
  const common = wireOptionsOf(pool, options);
  if (protocolOf(pool, options, alpnProtocol) === 'http1') {
    const proxyHeaders = isForwarded(pool, options) ? proxyOf(options)?.headers : undefined;
    const rewrite = proxyHeaders && forwarding(common.authority, proxyHeaders);
    return createHttp1Wire(socket, { ...common, ...http1, rewrite });
  }
  const { streamWindowSize, connectionWindowSize } = http2;
  const { scheme } = pool;
  return createHttp2Wire(socket, { ...common, scheme, streamWindowSize, connectionWindowSize });
}
