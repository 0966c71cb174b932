/** A host and a port as one text. */

/** `api.example.com:443`, `[::1]:8080`: the brackets are those of an IPv6 address. */
export function authorityOf({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
