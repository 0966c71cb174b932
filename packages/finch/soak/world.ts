/** The system under test: an instance, its pools of every kind, and the tree they live in. */
import { Supervisor, type SupervisorHandle } from '@linnet/otp';
import { Finch, Pool, type PoolOptions } from '../src/index.ts';
import type { ServerWhere } from './server-process.ts';

export interface Aim {
  readonly url: string;
  readonly tag: string;
  readonly unixSocket?: string;
}

export interface World {
  readonly name: string;
  readonly supervisor: SupervisorHandle;
  /** What requests are sent to; each is a pool. */
  readonly aims: readonly Aim[];
  /** The same, of which there are more. */
  readonly keys: readonly string[];
}

export interface WorldOptions {
  readonly server: ServerWhere;
  readonly slow: ServerWhere;
  readonly unixSocket: string;
  /** A port where nobody listens. */
  readonly closedPort: number;
  readonly ca: string;
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const name = 'Soak';
  const { server, slow, unixSocket, closedPort, ca } = options;
  const plain = `http://127.0.0.1:${server.port}`;
  const tls = `https://127.0.0.1:${server.tlsPort}`;
  const h2c = `http://127.0.0.1:${server.h2cPort}`;
  const slowH2c = `http://127.0.0.1:${slow.h2cPort}`;
  const connOpts = { tls: { ca } };
  const unix = 'http://localhost';
  const tagged = (tag: string, url = plain): Aim => ({ url, tag });
  const declared: [Pool, PoolOptions][] = [
    [Pool.new(plain, { tag: 'small' }), { size: 3, maxQueue: 10, maxRequestsPerConnection: 5 }],
    [Pool.new(plain, { tag: 'overflow' }), { size: 3, whenFull: 'overflow' }],
    [Pool.new(plain, { tag: 'fail' }), { size: 6, whenFull: 'fail', connMaxIdleTime: 50 }],
    [
      Pool.new(plain, { tag: 'shards' }),
      { size: 4, count: 3, poolStrategy: 'round_robin', prewarm: 2 },
    ],
    [
      Pool.new(plain, { tag: 'aging' }),
      { size: 8, maxConnectionAge: 100, maxConnectionAgeJitter: 100, connMaxIdleTime: 30 },
    ],
    // HTTP/2 by ALPN, the same server in HTTP/1.1, and nothing but HTTP/2.
    [Pool.new(tls), { size: 6, connOpts }],
    [Pool.new(tls, { tag: 'http1' }), { size: 6, connOpts, protocols: ['http1'] }],
    [
      Pool.new(tls, { tag: 'http2' }),
      { size: 4, connOpts, protocols: ['http2'], http2: { maxConcurrentStreams: 3 } },
    ],
    [Pool.new(h2c), { size: 3, protocols: ['http2'], connMaxIdleTime: 200 }],
    [
      Pool.new(h2c, { tag: 'careful' }),
      {
        size: 5,
        protocols: ['http2'],
        http2: { waitForServerSettings: true, pingInterval: 50, pingTimeout: 100 },
      },
    ],
    [
      Pool.new(h2c, { tag: 'overflow' }),
      { size: 2, protocols: ['http2'], whenFull: 'overflow', http2: { maxConnectionAge: 100 } },
    ],
    [Pool.new(slowH2c), { size: 3, protocols: ['http2'], prewarm: 1 }],
    ...quicPools(server, ca),
  ];
  const mine = ['mine', 'yours'].map((tag) => Pool.new(plain, { tag }));
  const supervisor = await Supervisor.startLink(
    [
      Finch.childSpec({
        name,
        maxConnections: 80,
        maxPerHost: 60,
        pools: [
          ['default', { size: 12, connMaxIdleTime: 200, poolMaxIdleTime: 300, maxQueue: 100 }],
          ...declared,
        ],
      }),
      ...mine.map((pool) =>
        Pool.childSpec({ finch: name, pool, id: pool.key, size: 5, connMaxIdleTime: 500 }),
      ),
    ],
    { strategy: 'one_for_one', maxRestarts: 1_000_000, maxSeconds: 1 },
  );
  const aims: Aim[] = [
    tagged('default'),
    tagged('default'),
    tagged('default'),
    ...declared.slice(0, 5).map(([{ tag }]) => tagged(tag)),
    ...mine.map(({ tag }) => tagged(tag)),
    tagged('default', tls),
    tagged('default', tls),
    tagged('http1', tls),
    tagged('http2', tls),
    tagged('default', h2c),
    tagged('default', h2c),
    tagged('careful', h2c),
    tagged('overflow', h2c),
    tagged('default', slowH2c),
    ...quicPools(server, ca).map(([{ origin: url, tag }]) => tagged(tag, url)),
    { url: unix, tag: 'default', unixSocket },
    tagged('default', `http://127.0.0.1:${slow.port}`),
    tagged('default', `http://127.0.0.1:${closedPort}`),
    // Now and then only, so that they stop for want of requests.
    ...Array.from({ length: 4 }, (_, index) => tagged(`rare-${index}`)),
  ];
  const keys = aims.map((aim) =>
    aim.unixSocket === undefined
      ? Pool.new(aim.url, { tag: aim.tag }).key
      : Pool.new(`http+unix://${encodeURIComponent(aim.unixSocket)}`).key,
  );
  return { name, supervisor, aims, keys };
}

/** HTTP/3 alone, with few requests a connection; and what moves over when it is announced. None without QUIC. */
function quicPools({ tlsPort, h3Port }: ServerWhere, ca: string): [Pool, PoolOptions][] {
  if (h3Port === 0) return [];
  const connOpts = { tls: { ca } };
  const http3 = { maxRequestsPerConnection: 100 };
  const quic = `https://127.0.0.1:${h3Port}`;
  return [
    [Pool.new(quic), { size: 4, connOpts, protocols: ['http3'], http3 }],
    [
      Pool.new(quic, { tag: 'careful' }),
      {
        size: 2,
        connOpts,
        protocols: ['http3'],
        connMaxIdleTime: 100,
        http3: { ...http3, maxConcurrentStreams: 3, pingInterval: 50, pingTimeout: 150 },
      },
    ],
    [
      Pool.new(`https://127.0.0.1:${tlsPort}`, { tag: 'announced' }),
      {
        size: 5,
        connOpts,
        protocols: ['http3', 'http2', 'http1'],
        http3: { ...http3, headStart: 20, maxConnectionAge: 300 },
      },
    ],
  ];
}
