/**
 * HTTP/1.1 to a proxy that forwards requests (RFC 9112, 3.2.2): the target in
 * absolute form, and the fields that are for the proxy on each request.
 */
import type { Socket } from 'node:net';
import { createHttp1Wire, Http1Wire } from '../http1/http1-wire.ts';
import type { Http1WireOptions } from '../http1/http1-wire.ts';
import type { Exchange, WireHandler, WireRequest } from '../wire.ts';

/** What a {@link createForwardWire} is given beside the socket. */
export interface ForwardWireOptions extends Http1WireOptions {
  /** The fields for the proxy, flat; a field of the same name in a request takes its place. */
  readonly proxyHeaders: readonly string[];
}

/**
 * Makes the wire over a connection to a proxy that forwards the requests to one
 * server, `http://` and the option `authority`.
 *
 * @throws {ConnectionClosedError} if the socket is closed already.
 */
export function createForwardWire(socket: Socket, options: ForwardWireOptions): Http1Wire {
  return createHttp1Wire(socket, options, ForwardWire);
}

class ForwardWire extends Http1Wire {
  private readonly prefix: string;
  private readonly proxyHeaders: readonly string[];

  constructor(socket: Socket, options: ForwardWireOptions) {
    super(socket, options);
    this.prefix = `http://${options.authority}`;
    this.proxyHeaders = options.proxyHeaders;
  }

  override send(request: WireRequest, handler: WireHandler): Exchange {
    return super.send(this.forwarded(request), handler);
  }

  private forwarded(request: WireRequest): WireRequest {
    const { path } = request;
    if (request.method === 'CONNECT') return request;
    return {
      ...request,
      // `OPTIONS *` has no path in absolute form (RFC 9112, 3.2.4).
      path: path === '*' ? this.prefix : this.prefix + path,
      headers: this.withProxyHeaders(request.headers),
    };
  }

  private withProxyHeaders(headers: readonly string[]): readonly string[] {
    const { proxyHeaders } = this;
    if (proxyHeaders.length === 0) return headers;
    const all = [...headers];
    for (let index = 0; index + 1 < proxyHeaders.length; index += 2) {
      const name = proxyHeaders[index] as string;
      if (!hasField(headers, name)) all.push(name, proxyHeaders[index + 1] as string);
    }
    return all;
  }
}

function hasField(headers: readonly string[], name: string): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) return true;
  }
  return false;
}
