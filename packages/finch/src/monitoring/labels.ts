/** Values of attributes and labels, of which there are few, whatever a program requests. */
import { isFinchError } from '../errors/index.ts';
import type { TelemetryEvents } from '../telemetry/events.ts';

type Protocol = TelemetryEvents['connection.opened']['protocol'];

/** RFC 9110, PATCH (RFC 5789) and QUERY (RFC 10008): those that the conventions know. */
const knownMethods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);

/** The method, or `_OTHER` for one that is not known. */
export function methodOf(method: string): string {
  return knownMethods.has(method) ? method : '_OTHER';
}

/** What failed: the code of an error of this package, the name of another error, or `_OTHER`. */
export function errorTypeOf(error: unknown): string {
  if (isFinchError(error)) return error.code;
  return error instanceof Error && error.name !== '' ? error.name : '_OTHER';
}

/** The version of HTTP, as the conventions write it. */
export function versionOf(protocol: Protocol | undefined): '1.1' | '2' | '3' | undefined {
  return protocol === undefined ? undefined : versions[protocol];
}

const versions = { http1: '1.1', http2: '2', http3: '3' } as const;
