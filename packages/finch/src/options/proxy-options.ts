/**
 * `connOpts.proxy`: through which proxy a pool reaches its server.
 */
import { OptionsError } from '../errors/input-errors.ts';
import {
  badValueIndex,
  basicAuthorization,
  isProxyHeaders,
  NoProxy,
  parseProxyUrl,
} from '@linnet/mint';
import type { ProxyAddress } from '@linnet/mint';
import {
  boolean,
  custom,
  type Field,
  type InputOf,
  invalid,
  nested,
  type OutputOf,
  required,
  string,
} from '@linnet/otp/options';
import { defineSchema } from './schema.ts';
import { checkTls, tlsSchema } from './tls-options.ts';

const scope = 'proxy options';

const { alpn: _, ...proxyTlsFields } = tlsSchema.fields;

const proxyTlsSchema = defineSchema("options of the proxy's TLS", proxyTlsFields, checkTls);

const proxyFields = {
  url: required(
    custom<string | URL, string>({
      doc: "The URL of the proxy, with user and password if it requires them; or `'environment'`.",
      type: "string | URL | 'environment'",
      allowed: `an http, https, socks5 or socks5h URL with a host and without a path, or 'environment'`,
      secret: true,
      parse: (value) => {
        const url = value instanceof URL ? value.href : value;
        if (typeof url !== 'string') return invalid;
        return url === 'environment' || parseProxyUrl(url) !== undefined ? url : invalid;
      },
    }),
  ),
  authorization: string({
    doc: 'The `proxy-authorization` to send, such as `Bearer …`, in place of user and password.',
    defaultText: 'Basic, of user and password in the URL',
    allowed: 'a header value',
    secret: true,
    accepts: (value) => badValueIndex(value) === -1,
  }),
  headers: custom<Readonly<Record<string, string>>>({
    doc: 'Headers for the proxy: of CONNECT, or of each request that it forwards.',
    type: 'object',
    allowed: 'an object of header values by name, none of them about the connection',
    secret: true,
    parse: (value) => (isProxyHeaders(value) ? Object.freeze({ ...value }) : invalid),
  }),
  tls: nested(proxyTlsSchema, { doc: "TLS with the proxy, for an https proxy's URL." }),
  tunnel: boolean({
    default: false,
    doc: 'Whether the requests of http:// pools go through a CONNECT tunnel, too; those of https:// pools always do.',
  }),
  noProxy: custom<string | readonly string[], string>({
    doc: 'The servers to reach without the proxy: names (with all below them), addresses, CIDR blocks, each with `:port` if it is about one port; `*` for all.',
    type: 'string or list of strings',
    allowed: 'a list, or a text with commas, of names, addresses, CIDR blocks, or *',
    defaultText: "none; of `'environment'`, the variable `NO_PROXY`",
    parse: (value) => {
      const text = Array.isArray(value) ? value.join() : value;
      return typeof text === 'string' && isReadable(text) ? text : invalid;
    },
  }),
};

type Given = OutputOf<typeof proxyFields>;

const proxySchema = defineSchema(scope, proxyFields, checkProxyOptions);

/** The options of a proxy, as a caller gives them. */
export type ProxyOptions = InputOf<typeof proxyFields>;

/**
 * A proxy's options, checked. Secrets are read by getters only, so that logs, `inspect`
 * and reports do not show them.
 */
export class ProxySettings {
  /** The URL without credentials; `'environment'` until the environment has been read. */
  readonly url: string;
  readonly tunnel: boolean;
  readonly #given: Given;
  readonly #address: ProxyAddress | undefined;

  constructor(given: Given) {
    this.#given = given;
    this.#address = given.url === 'environment' ? undefined : parseProxyUrl(given.url);
    this.url = this.#address?.origin ?? given.url;
    this.tunnel = given.tunnel;
    Object.freeze(this);
  }

  /** Undefined until the environment has been read. */
  get address(): ProxyAddress | undefined {
    return this.#address;
  }

  /** TLS with the proxy. */
  get tls(): Given['tls'] {
    return this.#given.tls;
  }

  /** The servers that are reached without it; undefined when the option is not set. */
  get noProxy(): NoProxy | undefined {
    const { noProxy } = this.#given;
    return noProxy === undefined ? undefined : NoProxy.parse(noProxy);
  }

  /** The fields to send to it, flat, names in lower case. */
  get headers(): readonly string[] {
    const { authorization, headers = {} } = this.#given;
    const list = Object.entries<string>(headers).flatMap(([name, value]) => [
      name.toLowerCase(),
      value,
    ]);
    const credentials = authorization ?? (this.#address && basicAuthorization(this.#address));
    return credentials === undefined ? list : [...list, 'proxy-authorization', credentials];
  }

  /**
   * The same options with the proxy's URL from the environment.
   *
   * @throws OptionsError when that URL is not valid.
   */
  at(url: string, variable: string): ProxySettings {
    if (parseProxyUrl(url) === undefined) {
      throw new OptionsError({
        option: variable,
        value: url,
        secret: true,
        scope: 'environment',
        allowed: proxyFields.url.allowed,
      });
    }
    const given = { ...this.#given, url };
    checkProxyOptions(given, 'connOpts.proxy.');
    return new ProxySettings(given);
  }
}

/** The option `proxy`: a URL alone stands for an object with that `url`. */
export const proxy: Field<
  string | URL | ProxyOptions | ProxySettings,
  ProxySettings | undefined,
  false
> = {
  type: "string | URL | 'environment' | object",
  allowed: `the URL of a proxy, 'environment', or an object of ${scope}`,
  doc: 'Through which proxy the server is reached. The environment is read when the pool starts.',
  required: false,
  secret: true,
  fallback: undefined,
  fallbackText: 'none; the environment is not read',
  inner: proxySchema,
  parse: (value, path) => {
    if (value instanceof ProxySettings) return value;
    const given = typeof value === 'string' || value instanceof URL ? { url: value } : value;
    return new ProxySettings(proxySchema.parse(given, `${path}.`));
  },
};

function checkProxyOptions(given: Given, path: string): void {
  const address = given.url === 'environment' ? undefined : parseProxyUrl(given.url);
  const names = Object.keys(given.headers ?? {}).map((name) => name.toLowerCase());
  const credentials = [
    address !== undefined && address.username + address.password !== '',
    given.authorization !== undefined,
    names.includes('proxy-authorization'),
  ].filter(Boolean);
  if (credentials.length > 1) {
    throw new OptionsError({
      option: `${path}authorization`,
      value: given.authorization,
      secret: true,
      scope,
      detail: 'the URL, authorization and headers all can hold credentials',
      allowed: 'credentials in one place',
    });
  }
  if (address?.protocol.startsWith('socks') !== true) return;
  for (const name of ['authorization', 'headers'] as const) {
    if (given[name] === undefined) continue;
    throw new OptionsError({
      option: path + name,
      value: given[name],
      secret: true,
      scope,
      detail: 'SOCKS has no headers',
      allowed: 'nothing with a SOCKS proxy: user and password are in its URL',
    });
  }
}

function isReadable(text: string): boolean {
  let readable = true;
  NoProxy.parse(text, () => {
    readable = false;
  });
  return readable;
}
