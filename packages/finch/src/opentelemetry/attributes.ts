/**
 * Attributes of spans and metrics: OpenTelemetry semantic conventions for HTTP, 1.44.
 *
 * Source: https://opentelemetry.io/docs/specs/semconv/http/
 */
import type { Attributes } from '@opentelemetry/api';
import { methodOf } from '../monitoring/labels.ts';
import type { Request } from '../request/index.ts';

/** The server, by name and port; a Unix socket by its path. */
export function serverOf({ host, port, unixSocket }: Request['pool']): Attributes {
  return unixSocket === undefined
    ? { 'server.address': host, 'server.port': port }
    : { 'server.address': unixSocket, 'network.transport': 'unix' };
}

/** The method; of one that is not known also how it was written. */
export function methodAttributes(method: string): Attributes {
  const known = methodOf(method);
  return known === method
    ? { 'http.request.method': method }
    : { 'http.request.method': known, 'http.request.method_original': method };
}

/** Parameters of signed URLs, which the conventions want to be hidden. */
const secretParameters: ReadonlySet<string> = new Set([
  'awsaccesskeyid',
  'signature',
  'sig',
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
  'x-goog-signature',
  'access_token',
  'api_key',
  'apikey',
  'token',
]);

/** The URL, without the values of parameters that are secrets. It never has credentials. */
export function urlOf({ pool, path, query }: Request): string {
  const { scheme, host, origin, unixSocket } = pool;
  const server = unixSocket === undefined ? withoutDefaultPort(origin) : `${scheme}://${host}`;
  return `${server}${path}${query === undefined ? '' : `?${redacted(query)}`}`;
}

function withoutDefaultPort(origin: string): string {
  return origin.replace(/^(http:.*):80$/, '$1').replace(/^(https:.*):443$/, '$1');
}

function redacted(query: string): string {
  return query.replaceAll(/([^&=]+)=[^&]*/g, (pair, name: string) =>
    secretParameters.has(name.toLowerCase()) ? `${name}=REDACTED` : pair,
  );
}
