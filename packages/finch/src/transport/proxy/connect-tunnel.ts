/**
 * A tunnel by `CONNECT` (RFC 9110, 9.3.6), asked for and answered over the wire
 * that serves all of HTTP/1.
 */
import type { Socket } from 'node:net';
import { isFinchError, ProxyError } from '../../errors/index.ts';
import { ignoreSocketError } from '../clean-context.ts';
import { createHttp1Wire } from '../http1/http1-wire.ts';
import type { WireHandler } from '../wire.ts';
import { authorityOf } from './proxy-server.ts';
import type { ProxiedTarget, ProxyServer } from './proxy-server.ts';

/** A head that answers CONNECT has no need for more. */
const maxHeaderSize = 65_536;

/**
 * Asks a proxy, over an open connection to it, for a tunnel to a server. The
 * proxy looks the server's name up. Gives the socket, through which the server
 * is reached from then on; after an error the socket is closed.
 *
 * @throws {ProxyError} when there is no tunnel.
 */
export function connectTunnel(
  socket: Socket,
  proxy: ProxyServer,
  target: ProxiedTarget,
): Promise<Socket> {
  const authority = authorityOf(target);
  const asked = { proxy: proxy.origin, origin: target.origin };
  return new Promise((resolve, reject) => {
    let refusal: number | undefined;
    const handler: WireHandler = {
      onInformational: () => {},
      onHeaders: (status) => {
        refusal = status;
      },
      onData: () => true,
      onEnd: () => reject(refused(proxy, target, refusal)),
      onError: (error) => reject(brokenOff(error, asked)),
      onUpgrade: (_status, _headers, stream) => {
        const tunnel = stream as Socket;
        tunnel.on('error', ignoreSocketError);
        // Nobody but the proxy can have sent it: over TLS it is the client who speaks first.
        if (target.tls !== undefined && tunnel.readableLength > 0) {
          tunnel.destroy();
          reject(surplus(asked));
        } else {
          resolve(tunnel);
        }
      },
    };
    const wire = createHttp1Wire(socket, { origin: proxy.origin, authority, maxHeaderSize });
    wire.send({ method: 'CONNECT', path: authority, headers: proxy.headers }, handler);
  });
}

/** What both sides of an error are called. */
interface Asked {
  readonly proxy: string;
  readonly origin: string;
}

/** Bytes that no server can have sent. */
export function surplus(asked: Asked): ProxyError {
  const detail = 'it sent more than its answer';
  return new ProxyError({ ...asked, reason: 'bad_answer', detail });
}

function refused(
  proxy: ProxyServer,
  target: ProxiedTarget,
  status: number | undefined,
): ProxyError {
  const asked = { proxy: proxy.origin, origin: target.origin, status };
  if (status !== 407) return new ProxyError({ ...asked, reason: 'refused' });
  const hasCredentials = proxy.headers.some(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'proxy-authorization',
  );
  const reason = hasCredentials ? 'authentication_failed' : 'authentication_required';
  return new ProxyError({ ...asked, reason });
}

function brokenOff(error: Error, asked: Asked): ProxyError {
  const isClosed = isFinchError(error) && error.code === 'ERR_FINCH_CONNECTION_CLOSED';
  return new ProxyError({ ...asked, reason: isClosed ? 'closed' : 'bad_answer', cause: error });
}
