/** Connections over QUIC: HTTP/3. */
import { createHttp3Wire, dialQuic } from '@linnet/mint';
import type { Dial, Wire } from '@linnet/mint';
import { toNumber } from '../options/limit.ts';
import type { AlternativeService } from '../alt-svc/store.ts';
import { runtimeClock } from './clock.ts';
import type { ConnectTarget } from './connect-target.ts';
import { tlsSourceOf } from './tls.ts';
import { wireOptionsOf } from './wire-options.ts';

/**
 * Starts to open a QUIC connection to an alternative of the server, or to the server itself, and makes
 * a wire of it. The certificate must be the server's, wherever it leads.
 */
export function dialQuicWire(
  { pool, options }: ConnectTarget,
  connectTimeout: number,
  alternative: AlternativeService | undefined,
): Dial<Wire> {
  const { connOpts, http3 } = options;
  const { host, port } = alternative ?? pool;
  const target = {
    origin: pool.origin,
    host,
    port,
    servername: connOpts.tls.servername ?? pool.host,
    tls: tlsSourceOf(options).refresh(),
  };
  const dialOptions = {
    connectTimeout,
    clock: runtimeClock,
    localAddress: connOpts.localAddress,
    family: connOpts.family,
    lookup: connOpts.lookup,
    autoSelectFamily: connOpts.autoSelectFamily,
    autoSelectFamilyAttemptTimeout: connOpts.autoSelectFamilyAttemptTimeout,
    idleTimeout: http3.idleTimeout,
    streamWindowSize: http3.streamWindowSize,
    connectionWindowSize: toNumber(http3.connectionWindowSize),
  };
  const wireOptions = { ...wireOptionsOf(pool, options), altUsed: alternative?.authority };
  return dialQuic(target, dialOptions, ({ session }) => createHttp3Wire(session, wireOptions));
}
