/** What is asked over HTTP/2: all of it goes over one connection. */
import type { Load } from './load.ts';

const common = {
  connections: 1,
  bytes: 1024,
  body: 'text',
  method: 'GET',
  transport: 'h2',
  also: [],
  clients: ['linnet', 'mint', 'node:http2', 'undici8-h2', 'got-h2'],
  aims: [
    { peer: 'undici8-h2', ratio: 1 },
    { peer: 'got-h2', ratio: 1 },
  ],
} as const;

/** How much faster than the session of node:http2 alone. */
const small = { peer: 'node:http2', ratio: 1.7 } as const;
const large = { peer: 'node:http2', ratio: 1.1 } as const;

export const h2Loads: readonly Load[] = [
  {
    ...common,
    id: 'h2-c100',
    title: 'HTTP/2, GET 1 kB, 100 at once on one connection',
    concurrency: 100,
    aims: [small, ...common.aims],
  },
  { ...common, id: 'h2-c1', title: 'HTTP/2, GET 1 kB, one at a time', concurrency: 1 },
  {
    ...common,
    id: 'h2-c10',
    title: 'HTTP/2, GET 1 kB, 10 at once on one connection',
    concurrency: 10,
  },
  {
    ...common,
    id: 'h2-64k',
    title: 'HTTP/2, GET 64 kB as text, 10 at once on one connection',
    concurrency: 10,
    bytes: 65_536,
    aims: [large, ...common.aims],
  },
  {
    ...common,
    id: 'h2-post',
    // got fails where nginx answers before it has read the body.
    clients: ['linnet', 'node:http2', 'undici8-h2'],
    aims: [{ peer: 'undici8-h2', ratio: 1 }],
    title: 'HTTP/2, POST 1 kB, 100 at once on one connection',
    concurrency: 100,
    method: 'POST',
  },
];
