/**
 * Requests as a proxy wants them that forwards them (RFC 9112, 3.2.2): the
 * target in absolute form, and the fields that are for the proxy on each.
 */
import type { WireRequest } from '../wire.ts';

/**
 * The `rewrite` of a wire to a forwarding proxy. The server is `http://` and
 * `authority`; a field of a request takes the place of the proxy's field of that
 * name.
 *
 * @example
 * const rewrite = forwarding('api.example.com', ['proxy-authorization', 'Basic dTpw']);
 * rewrite({ method: 'GET', target: '/users', headers: [] }).target; // 'http://api.example.com/users'
 */
export function forwarding(
  authority: string,
  proxyHeaders: readonly string[],
): (request: WireRequest) => WireRequest {
  const prefix = `http://${authority}`;
  return (request) => {
    const { method, target, headers } = request;
    if (method === 'CONNECT') return request;
    return {
      ...request,
      // `OPTIONS *` has no path in absolute form (RFC 9112, 3.2.4).
      target: target === '*' ? prefix : prefix + target,
      headers: withProxyHeaders(headers, proxyHeaders),
    };
  };
}

function withProxyHeaders(
  headers: readonly string[],
  proxyHeaders: readonly string[],
): readonly string[] {
  if (proxyHeaders.length === 0) return headers;
  const all = [...headers];
  for (let index = 0; index + 1 < proxyHeaders.length; index += 2) {
    const name = proxyHeaders[index] as string;
    if (!hasField(headers, name)) all.push(name, proxyHeaders[index + 1] as string);
  }
  return all;
}

function hasField(headers: readonly string[], name: string): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) return true;
  }
  return false;
}
