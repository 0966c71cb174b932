/** What a load is, and which clients there are. */

/** One kind of traffic. */
export interface Load {
  readonly id: string;
  readonly title: string;
  /** Requests under way at any time. */
  readonly concurrency: number;
  /** Connections that the client may open. */
  readonly connections: number;
  /** Length of the body of an answer. */
  readonly bytes: number;
  /** Whether the body is wanted as text or as bytes. */
  readonly body: 'text' | 'bytes';
  readonly method: 'GET' | 'POST';
  /** `h2`: TLS with HTTP/2. */
  readonly transport: 'tcp' | 'unix' | 'tls' | 'h2';
  /** Those that take part in it, if it is no load for all. */
  readonly clients?: readonly ClientName[];
  /** The clients beside those that take part in each load. */
  readonly also: readonly ClientName[];
  /** At least so many times the rate of the named peer. */
  readonly aims: ReadonlyArray<{ readonly peer: Aimed; readonly ratio: number }>;
  /** One client at least so many times the rate of another one. */
  readonly pairs?: ReadonlyArray<{
    readonly client: ClientName;
    readonly peer: ClientName;
    readonly ratio: number;
  }>;
  /** With telemetry, at least so many times the rate without it. */
  readonly telemetryAim?: number;
}

/** The clients that take part in each load. */
export const mainClients = ['linnet', 'mint', 'floor', 'floor-look', 'undici8', 'undici7'] as const;
/** `finch.request(url)` instead of a request that was built before, a listener to all events of requests; the other clients. */
export const otherClients = [
  'undici8-dispatch',
  'linnet-url',
  'linnet-telemetry',
  'fetch',
  'node:http',
  'axios',
  'got',
] as const;
/** Those that take part in the loads with HTTP/2, beside Linnet. */
export const h2Clients = ['node:http2', 'undici8-h2', 'got-h2'] as const;
/** Other clients over the pools of Linnet. */
export const adapterClients = [
  'fetch-undici',
  'fetch-linnet',
  'node:http-linnet',
  'axios-linnet',
  'got-linnet',
] as const;
export type ClientName =
  | (typeof mainClients)[number]
  | (typeof otherClients)[number]
  | (typeof h2Clients)[number]
  | (typeof adapterClients)[number];

/** A peer, or the faster one of undici 7 and 8. */
export type Aimed = ClientName | 'undici';

/** How the clients are called in tables. */
export const clientTitles: Readonly<Record<ClientName, string>> = {
  linnet: 'Linnet finch.request',
  mint: 'Linnet mint, wires alone',
  floor: 'bare sockets, smallest parser',
  'floor-look': 'bare sockets, looked at first',
  'linnet-url': 'Linnet finch.request(url)',
  'linnet-telemetry': 'Linnet, telemetry subscribed',
  undici8: 'undici 8 request, Pool',
  'undici8-dispatch': 'undici 8 dispatch, Pool',
  undici7: 'undici 7 request, Pool',
  fetch: 'global fetch',
  'fetch-undici': 'global fetch, undici 8 Agent',
  'fetch-linnet': 'global fetch, finch.dispatcher',
  'node:http': 'node:http, keep-alive Agent',
  'node:http-linnet': 'node:http, finch.agent',
  axios: 'axios, keep-alive Agent',
  'axios-linnet': 'axios, finch.agent',
  got: 'got, keep-alive Agent',
  'got-linnet': 'got, finch.agent',
  'node:http2': 'node:http2, session.request',
  'undici8-h2': 'undici 8 request, allowH2',
  'got-h2': 'got, http2',
};
