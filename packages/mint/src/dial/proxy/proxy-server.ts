/**
 * A proxy, as a dial connects through it.
 */
import type { DialTarget } from '../dial-target.ts';
import type { TlsIdentity } from '../tls-identity.ts';
import type { ProxyAddress } from './proxy-url.ts';

/** A proxy: where it is, and what it is told. */
export interface ProxyServer extends ProxyAddress {
  /** The fields that are for it: of `CONNECT`, or of each forwarded request; flat. */
  readonly headers: readonly string[];
  /** Who this side is to an https proxy, and which proxies it trusts; asked for with each dial. */
  readonly tls: TlsIdentity | undefined;
  /** The name that the proxy's certificate must be for. Default: its host. */
  readonly servername: string | undefined;
}

/** The server behind a proxy. */
export interface ProxiedTarget extends DialTarget {
  readonly address: { readonly host: string; readonly port: number };
}
