/**
 * The name of a server in TLS: what is sent to it, and what its certificate
 * must be for.
 */
import { isIP } from 'node:net';

/** Both uses of a server's name. */
export interface ServerName {
  /** Sent as SNI. Nothing for an address: SNI has names only (RFC 6066, 3). */
  readonly sni: string | undefined;
  /** What the certificate must be for: a name (RFC 9110, 4.3.4) or an address (4.3.5). */
  readonly verified: string;
}

/** The name as it is used in TLS: names without their last dot, addresses without brackets and zone. */
export function serverNameOf(given: string): ServerName {
  const bare = given.startsWith('[') && given.endsWith(']') ? given.slice(1, -1) : given;
  if (isIP(bare) === 0) {
    const name = given.endsWith('.') ? given.slice(0, -1) : given;
    return { sni: name, verified: name };
  }
  const [address = bare] = bare.split('%', 1);
  return { sni: undefined, verified: address };
}
