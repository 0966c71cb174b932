/**
 * From a URL and a user's options to what is dialled: the server, the way to
 * it, and what may be spoken there.
 */
import type { Dial, Dialled } from './attempt.ts';
import { authorityOf } from './authority.ts';
import { connectRules } from './connect-options.ts';
import type { ConnectOptions, Protocol, TcpProtocol } from './connect-options.ts';
import { dial } from './dial.ts';
import type { DialOptions } from './dial.ts';
import { checkOptions, invalidOption } from './option-rules.ts';
import { refuse, serverOf } from './server-url.ts';
import { proxyPlanOf } from './proxy/proxy-options.ts';
import { dialThrough } from './proxy/proxied-dial.ts';
import type { ThroughProxy } from './proxy/proxied-dial.ts';
import type { DialTarget } from './dial-target.ts';
import { identityOf } from './tls-options.ts';

/** All that is known of a connection before it is dialled. */
export interface ConnectPlan {
  readonly scheme: 'http' | 'https';
  /** The server, for messages: `https://api.example.com:443`, `http+unix://%2Frun%2Fapi.sock`. */
  readonly origin: string;
  /** The `host` of requests: the port only where it is not the scheme's own. */
  readonly authority: string;
  /** What may be spoken, the preferred first. */
  readonly protocols: readonly TcpProtocol[];
  readonly target: DialTarget;
  readonly options: DialOptions;
  /** The way through a proxy, if there is one; with `forward`, requests are written for that. */
  readonly through: ThroughProxy | undefined;
}

const alpnNames = { http1: 'http/1.1', http2: 'h2' } as const;

/** Options that mean nothing with `http://`. */
const tlsOnly = ['tls', 'servername'] as const;

/** Options that mean nothing with a unix socket. */
const tcpOnly = [
  'proxy',
  'localAddress',
  'family',
  'lookup',
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout',
  'noDelay',
  'keepAlive',
] as const;

/** Options that mean nothing over TCP. */
const quicOnly = ['idleTimeout', 'keepAliveInterval'] as const;

/**
 * Checks URL and options, and makes the plan of them. It is for TCP; `planQuic` is its like for HTTP/3.
 *
 * @throws OptionsError that names the first that cannot be used, and what is allowed.
 *
 * @example
 * const plan = planConnect('https://api.example.com', { protocols: ['http2'] });
 * plan.origin; // 'https://api.example.com:443'
 */
export function planConnect(url: string | URL, given: ConnectOptions = {}): ConnectPlan {
  checkOptions(given, connectRules, '');
  refuse(given, quicOnly, `nothing but with the protocols ['http3']`);
  const { scheme, host, port, authority } = serverOf(url);
  const { tls, servername, proxy, unixSocket, protocols: wanted, ...options } = given;
  if (scheme === 'http') refuse(given, tlsOnly, 'nothing with an http URL');
  if (unixSocket !== undefined) refuse(given, tcpOnly, 'nothing with a unix socket');
  const protocols = protocolsOf(scheme, wanted);
  const origin =
    unixSocket === undefined
      ? `${scheme}://${authorityOf({ host, port })}`
      : `${scheme}+unix://${encodeURIComponent(unixSocket)}`;
  const shared = {
    origin,
    tls: scheme === 'https' ? identityOf(tls, 'tls') : undefined,
    servername: servername ?? host,
  };
  const address = { host, port };
  const proxied = proxy === undefined ? undefined : proxyPlanOf(proxy, { scheme, host, port });
  return {
    scheme,
    origin,
    authority,
    protocols,
    target: { ...shared, address: unixSocket === undefined ? address : { path: unixSocket } },
    options: {
      ...options,
      ...(scheme === 'https' && {
        alpnProtocols: protocols.map((protocol) => alpnNames[protocol]),
        // A server without ALPN speaks HTTP/1.1.
        requireAlpn: !protocols.includes('http1'),
      }),
    },
    through: proxied && {
      proxy: proxied.server,
      target: { ...shared, address },
      forward:
        scheme === 'http' &&
        proxied.server.protocol.startsWith('http') &&
        !proxied.tunnel &&
        protocols.includes('http1'),
    },
  };
}

/**
 * Starts to open the connection. `make` is told what it speaks; what it throws
 * closes the socket.
 */
export function dialPlan<T>(
  plan: ConnectPlan,
  make: (dialled: Dialled, protocol: TcpProtocol) => T,
): Dial<T> {
  const { target, options, through } = plan;
  const finish = (dialled: Dialled): T => make(dialled, protocolOver(plan, dialled));
  return through === undefined
    ? dial(target, options, finish)
    : dialThrough(through, options, finish);
}

/** What is spoken over an open connection: what ALPN selected, else the first that may be. */
function protocolOver({ scheme, protocols }: ConnectPlan, { alpnProtocol }: Dialled): TcpProtocol {
  if (scheme === 'http') return protocols[0] ?? 'http1';
  return alpnProtocol === alpnNames.http2 ? 'http2' : 'http1';
}

/** Without TLS nothing selects a protocol: HTTP/1.1, unless HTTP/2 alone may be spoken. */
function protocolsOf(
  scheme: 'http' | 'https',
  wanted: readonly Protocol[] = scheme === 'https' ? ['http2', 'http1'] : ['http1'],
): readonly TcpProtocol[] {
  const overTcp = wanted.filter((protocol) => protocol !== 'http3');
  if (overTcp.length === 0) {
    throw invalidOption(
      'protocols',
      wanted,
      'http1, http2, or both',
      'HTTP/3 is dialled over QUIC',
    );
  }
  return scheme === 'http' && overTcp.includes('http1') ? ['http1'] : overTcp;
}
