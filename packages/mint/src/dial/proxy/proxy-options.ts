/**
 * The options of a user for the way through a proxy.
 */
import { isFieldValue } from '../../syntax.ts';
import { booleanRule, checkOptions, invalidOption, objectRule, textRule } from '../option-rules.ts';
import type { OptionRule, OptionRules } from '../option-rules.ts';
import type { TlsIdentity } from '../tls-identity.ts';
import { identityOf } from '../tls-options.ts';
import type { TlsOptions } from '../tls-options.ts';
import type { TlsSource } from '../tls-source.ts';
import { environmentProxy } from './environment.ts';
import type { Environment, ProxiedServer } from './environment.ts';
import { basicAuthorization, isProxyHeaders } from './proxy-headers.ts';
import type { ProxyServer } from './proxy-server.ts';
import { parseProxyUrl } from './proxy-url.ts';
import type { ProxyAddress } from './proxy-url.ts';

/** A proxy, and how to use it. */
export interface ProxyOptions {
  /**
   * Where it is, user and password included if it asks for them:
   * `http://user:password@proxy.example.com:3128`; or `'environment'`, which
   * reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` by curl's rules.
   */
  readonly url: string | URL;
  /** The `proxy-authorization` to send, in place of user and password. */
  readonly authorization?: string | undefined;
  /** Fields for the proxy: of CONNECT, or of each request that it forwards. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** TLS with an https proxy. */
  readonly tls?: TlsOptions | TlsIdentity | TlsSource | undefined;
  /** The name or address that the certificate of an https proxy must be for. Default: its host. */
  readonly servername?: string | undefined;
  /** Whether `http://` goes through a CONNECT tunnel, too; `https://` always does. Default false. */
  readonly tunnel?: boolean | undefined;
}

/** A proxy as it is used. */
export interface ProxyPlan {
  readonly server: ProxyServer;
  readonly tunnel: boolean;
}

const url: OptionRule = {
  allowed: `an http, https, socks5 or socks5h URL with a host and without a path, or 'environment'`,
  accepts: (value) =>
    value === 'environment' ||
    ((typeof value === 'string' || value instanceof URL) &&
      parseProxyUrl(String(value)) !== undefined),
};

const rules: OptionRules<ProxyOptions> = {
  url,
  authorization: {
    allowed: 'the value of a field',
    accepts: (value) => typeof value === 'string' && isFieldValue(value),
  },
  headers: {
    allowed: 'an object of values by name, of fields that are not about the connection',
    accepts: isProxyHeaders,
  },
  tls: objectRule('an object of TLS options, or a TlsIdentity or TlsSource'),
  servername: textRule,
  tunnel: booleanRule,
};

/**
 * The proxy for a server, if any: the environment may name none.
 *
 * @throws OptionsError for an option that does not exist or cannot be used.
 */
export function proxyPlanOf(
  given: string | URL | ProxyOptions,
  server: ProxiedServer,
  environment: Environment = process.env,
): ProxyPlan | undefined {
  const options: ProxyOptions =
    typeof given === 'string' || given instanceof URL ? { url: given } : given;
  checkOptions(options, rules, 'proxy.');
  if (!url.accepts(options.url)) throw invalidOption('proxy.url', options.url, url.allowed);
  const named =
    options.url === 'environment'
      ? environmentProxy(server, environment)
      : { url: String(options.url), variable: 'proxy.url' };
  if (named === undefined) return undefined;
  const address = parseProxyUrl(named.url);
  if (address === undefined) throw invalidOption(named.variable, named.url, url.allowed);
  checkMeaning(options, address);
  return { server: serverOf(options, address), tunnel: options.tunnel ?? false };
}

/** @throws OptionsError for options that mean nothing with this proxy, or credentials in two places. */
function checkMeaning(options: ProxyOptions, address: ProxyAddress): void {
  const { authorization, headers = {} } = options;
  const { protocol } = address;
  const isSocks = protocol.startsWith('socks');
  const meaningless = isSocks
    ? (['authorization', 'headers', 'tls', 'servername', 'tunnel'] as const)
    : protocol === 'http'
      ? (['tls', 'servername'] as const)
      : [];
  for (const name of meaningless) {
    if (options[name] === undefined) continue;
    const allowed = `nothing with a proxy of ${protocol}`;
    throw invalidOption(`proxy.${name}`, options[name], allowed);
  }
  const credentials = [
    address.username + address.password !== '',
    authorization !== undefined,
    Object.keys(headers).some((name) => name.toLowerCase() === 'proxy-authorization'),
  ];
  if (credentials.filter(Boolean).length < 2) return;
  const why = 'the URL, authorization and headers all can hold credentials';
  throw invalidOption('proxy.authorization', authorization, 'credentials in one place', why);
}

function serverOf(options: ProxyOptions, address: ProxyAddress): ProxyServer {
  const { authorization = basicAuthorization(address), headers = {}, tls, servername } = options;
  const fields = Object.entries(headers).flat();
  if (authorization !== undefined) fields.push('proxy-authorization', authorization);
  const identity = address.protocol === 'https' ? identityOf(tls, 'proxy.tls') : undefined;
  return { ...address, headers: fields, tls: identity, servername };
}
