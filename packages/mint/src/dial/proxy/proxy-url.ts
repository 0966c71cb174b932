/**
 * The URL of a proxy, taken apart.
 */

/** How a proxy is spoken to. */
export type ProxyProtocol = 'http' | 'https' | 'socks5' | 'socks5h';

/** Where a proxy is, and who one is to it. */
export interface ProxyAddress {
  readonly protocol: ProxyProtocol;
  /** Lower case, punycode, without brackets. */
  readonly host: string;
  readonly port: number;
  /** `http://proxy.example.com:3128`: for messages and keys, without credentials. */
  readonly origin: string;
  /** Decoded; empty when there is none. */
  readonly username: string;
  readonly password: string;
}

const defaultPorts: Readonly<Record<ProxyProtocol, number>> = {
  http: 80,
  https: 443,
  socks5: 1080,
  socks5h: 1080,
};

/** RFC 1928 and 1929 have one byte for a length. */
const longestSocksField = 255;

/**
 * Reads the URL of a proxy: `http://user:password@proxy.example.com:3128`.
 * Undefined for one that cannot be used: another scheme, no host, a path, a
 * query, broken percent-encoding.
 *
 * @example
 * parseProxyUrl('socks5h://proxy.example.com')?.port; // 1080
 */
export function parseProxyUrl(text: string): ProxyAddress | undefined {
  const [, scheme = '', authority = ''] = /^([a-z0-9]+):\/\/([^/?#\\\s]+)\/?$/i.exec(text) ?? [];
  const protocol = scheme.toLowerCase();
  if (!isProtocol(protocol)) return undefined;
  // As http, since WHATWG canonicalises the hosts of the schemes that it knows only.
  const url = URL.parse(`http://${authority}`);
  if (url === null || url.hostname === '') return undefined;
  // From the text: the URL drops the port 80.
  const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? defaultPorts[protocol]);
  const username = decode(url.username);
  const password = decode(url.password);
  if (port === 0 || username === undefined || password === undefined) return undefined;
  if (protocol.startsWith('socks') && !fitsSocks(username, password)) return undefined;
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const origin = `${protocol}://${url.hostname}:${port}`;
  return { protocol, host, port, origin, username, password };
}

function isProtocol(text: string): text is ProxyProtocol {
  return Object.hasOwn(defaultPorts, text);
}

function fitsSocks(...fields: readonly string[]): boolean {
  return fields.every((field) => Buffer.byteLength(field) <= longestSocksField);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
