/**
 * The header fields for a proxy: of CONNECT, or of each request that it forwards.
 */
import { isFieldValue, isToken } from '../../syntax.ts';
import type { ProxyAddress } from './proxy-url.ts';

/** Fields that say how the connection is used, which belongs to the wire. */
const reserved: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Whether a value is an object of header values by name, none of them about the connection: what a
 * proxy may be sent beside what the wire says.
 *
 * @example
 * isProxyHeaders({ 'x-team': 'payments' }); // true
 * isProxyHeaders({ host: 'example.com' });  // false
 */
export function isProxyHeaders(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, text]) =>
      isToken(name) &&
      !reserved.has(name.toLowerCase()) &&
      typeof text === 'string' &&
      isFieldValue(text),
  );
}

/**
 * The `proxy-authorization` for the user and the password in a proxy's URL, which is Basic (RFC 7617);
 * undefined without them, and for SOCKS, which sends them in its own way.
 *
 * @example
 * const address = parseProxyUrl('http://ada:secret@proxy.internal:3128');
 * if (address !== undefined) basicAuthorization(address); // 'Basic YWRhOnNlY3JldA=='
 */
export function basicAuthorization({
  protocol,
  username,
  password,
}: ProxyAddress): string | undefined {
  if (protocol.startsWith('socks') || username + password === '') return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
