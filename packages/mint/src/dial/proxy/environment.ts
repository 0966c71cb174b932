/**
 * The proxy that the environment names, by curl's rules.
 */
import { NoProxy } from './no-proxy.ts';

/** Environment variables: `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a proxy is asked for. */
export interface ProxiedServer {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** A proxy that the environment names. */
export interface NamedProxy {
  /** The variable that names it. */
  readonly variable: string;
  /** As it stands there, `http://` before it when it has no scheme. */
  readonly url: string;
}

/**
 * The proxy for a server: of `http_proxy` or `https_proxy`, else of
 * `all_proxy`, in lower or else in upper case; empty is the same as absent.
 * None for a server in `no_proxy`, unless another list takes its place.
 *
 * `HTTP_PROXY` is not read where `REQUEST_METHOD` is set: in a CGI program it
 * is what a client sent as its `Proxy` header (CVE-2016-5385, "httpoxy").
 *
 * @example
 * const server = { scheme: 'https', host: 'api.example.com', port: 443 } as const;
 * const proxy = environmentProxy(server, process.env);
 * if (proxy !== undefined) console.log(`${proxy.variable} says ${proxy.url}`);
 */
export function environmentProxy(
  server: ProxiedServer,
  environment: Environment,
  noProxy: NoProxy = NoProxy.parse(valueOf(environment, 'no_proxy')?.value ?? ''),
): NamedProxy | undefined {
  const own =
    server.scheme === 'http' && isCgi(environment)
      ? lowerCaseOnly(environment, 'http_proxy')
      : valueOf(environment, `${server.scheme}_proxy`);
  const found = own ?? valueOf(environment, 'all_proxy');
  if (found === undefined || noProxy.includes(server.host, server.port)) return undefined;
  const { variable, value } = found;
  return { variable, url: value.includes('://') ? value : `http://${value}` };
}

interface Variable {
  readonly variable: string;
  readonly value: string;
}

function valueOf(environment: Environment, name: string): Variable | undefined {
  for (const variable of [name, name.toUpperCase()]) {
    const value = environment[variable]?.trim();
    if (value !== undefined && value !== '') return { variable, value };
  }
  return undefined;
}

function isCgi(environment: Environment): boolean {
  return environment['REQUEST_METHOD'] !== undefined;
}

/** On Windows `http_proxy` would read `HTTP_PROXY`; the list of names tells. */
function lowerCaseOnly(environment: Environment, variable: string): Variable | undefined {
  const value = environment[variable]?.trim();
  if (value === undefined || value === '') return undefined;
  return Object.keys(environment).includes(variable) ? { variable, value } : undefined;
}
