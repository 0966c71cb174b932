/**
 * What a socket tells of the connection that it carries.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { WireInfo, WireTlsInfo } from '../../wire.ts';

type AddressKey = 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort';

/** Reads a connected socket's addresses and TLS session, once: a closed socket knows them no more. */
export function wireInfoOf(stream: Duplex): WireInfo {
  const socket = stream as Duplex & { readonly [Key in AddressKey]?: Socket[Key] };
  return {
    localAddress: socket.localAddress,
    localPort: socket.localPort,
    remoteAddress: socket.remoteAddress,
    remotePort: socket.remotePort,
    tls: stream instanceof TLSSocket ? tlsInfoOf(stream) : undefined,
  };
}

function tlsInfoOf(socket: TLSSocket): WireTlsInfo {
  // node:tls leaves the name here; its types do not say so.
  const { servername } = socket as unknown as { servername?: unknown };
  return {
    version: socket.getProtocol() ?? undefined,
    authorized: socket.authorized,
    resumed: socket.isSessionReused(),
    alpnProtocol: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
    servername: typeof servername === 'string' ? servername : undefined,
  };
}
