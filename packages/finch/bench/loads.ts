/** What is asked of the clients, and what is aimed at. */
import { h2Loads } from './h2-loads.ts';
import { otherClients, adapterClients, type Load } from './load.ts';

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
