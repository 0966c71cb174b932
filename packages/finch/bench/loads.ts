/** What is asked of the clients, and what is aimed at. */
import { h2Loads } from './h2-loads.ts';

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

const common = {
  bytes: 1024,
  body: 'text',
  method: 'GET',
  transport: 'tcp',
  also: [],
} as const;

/** What is aimed at in a load: so many times the faster undici, and the floor's rate but for 15 %. */
function aims(ratio: number): Load['aims'] {
  return [
    { peer: 'undici', ratio },
    { peer: 'floor', ratio: 0.85 },
  ];
}

export const loads: readonly Load[] = [
  {
    ...common,
    id: 'c50',
    title: 'GET 1 kB, 50 at once',
    concurrency: 50,
    connections: 50,
    also: otherClients,
    aims: [...aims(1.55), { peer: 'fetch', ratio: 4 }],
    telemetryAim: 0.9,
  },
  {
    ...common,
    id: 'c1',
    title: 'GET 1 kB, one at a time',
    concurrency: 1,
    connections: 1,
    aims: aims(1.25),
  },
  {
    ...common,
    id: 'c10',
    title: 'GET 1 kB, 10 at once',
    concurrency: 10,
    connections: 10,
    aims: aims(1.5),
  },
  {
    ...common,
    id: 'c256',
    title: 'GET 1 kB, 256 at once',
    concurrency: 256,
    connections: 256,
    aims: aims(1.5),
  },
  {
    ...common,
    id: 'c256-pool10',
    title: 'GET 1 kB, 256 at once over 10 connections',
    concurrency: 256,
    connections: 10,
    aims: aims(1.55),
  },
  {
    ...common,
    id: '64k-c10',
    title: 'GET 64 kB as text, 10 at once',
    concurrency: 10,
    connections: 10,
    bytes: 65_536,
    aims: aims(2.3),
  },
  {
    ...common,
    id: '64k-c50',
    title: 'GET 64 kB as text, 50 at once',
    concurrency: 50,
    connections: 50,
    bytes: 65_536,
    aims: aims(2.3),
  },
  {
    ...common,
    id: '64k-bytes',
    title: 'GET 64 kB as bytes, 50 at once',
    concurrency: 50,
    connections: 50,
    bytes: 65_536,
    body: 'bytes',
    aims: [],
  },
  {
    ...common,
    id: 'post',
    title: 'POST 1 kB, 50 at once',
    concurrency: 50,
    connections: 50,
    method: 'POST',
    aims: aims(1.45),
  },
  {
    ...common,
    id: 'unix',
    title: 'GET 1 kB over a unix socket, 50 at once',
    concurrency: 50,
    connections: 50,
    transport: 'unix',
    aims: aims(1.5),
  },
  {
    ...common,
    id: 'tls',
    title: 'GET 1 kB over TLS, 50 at once',
    concurrency: 50,
    connections: 50,
    transport: 'tls',
    aims: aims(1.35),
  },
  {
    ...common,
    id: 'adapters',
    title: 'Other clients over the pools: GET 1 kB, 50 at once',
    concurrency: 50,
    connections: 50,
    clients: ['linnet', ...adapterClients, 'node:http', 'axios', 'got'],
    aims: [],
    pairs: [
      { client: 'fetch-linnet', peer: 'fetch-undici', ratio: 1 },
      { client: 'node:http-linnet', peer: 'node:http', ratio: 1 },
      { client: 'axios-linnet', peer: 'axios', ratio: 1 },
      { client: 'got-linnet', peer: 'got', ratio: 1 },
    ],
  },
  ...h2Loads,
];
