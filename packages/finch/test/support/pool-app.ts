/** An instance with one pool on a gate server: what most tests of pools start with. */
import { DynamicSupervisor, type Pid } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { expect } from 'vitest';
import { Pool, type Finch, type PoolOptions, type RequestOptions } from '../../src/index.ts';
import type { Shard } from '../../src/pool/pool.ts';
import { requireInstance } from '../../src/instance/instance.ts';
import { startApp, type App, type AppOptions } from './app.ts';
import { startGateServer, type GateServer } from './gate-server.ts';
import type { HttpServerOptions } from '../../../mint/test/support/http-server.ts';

export interface PoolApp extends App {
  readonly server: GateServer;
  readonly pool: ReturnType<typeof Pool.new>;
  /** A GET through the pool. */
  ask(path?: string, options?: RequestOptions): ReturnType<Finch['request']>;
  /** The pool's first shard, with its figures. */
  readonly shard: Shard;
  /** Waits for these figures of the first shard. */
  figures(expected: Partial<Shard['figures']>): Promise<void>;
}

export async function startPoolApp(
  poolOptions: PoolOptions = {},
  app: AppOptions = {},
  serverOptions: HttpServerOptions = {},
): Promise<PoolApp> {
  const server = await startGateServer(serverOptions);
  const pool = Pool.new(server.url);
  const started = await startApp({ pools: [[pool, poolOptions]], ...app });
  return {
    ...started,
    server,
    pool,
    ask: (path = '/now', options) => started.finch.get(`${server.url}${path}`, options),
    get shard() {
      return shardOf(started.finch, pool.key);
    },
    figures: async (expected) => {
      await eventually(() =>
        expect(shardOf(started.finch, pool.key).figures).toMatchObject(expected),
      );
    },
  };
}

/** A shard of a running pool. */
export function shardOf(finch: Finch, key: string, index = 0): Shard {
  const shard = requireInstance(finch.name).pool(key)?.live[index];
  if (shard === undefined) throw new Error(`no shard ${index} of ${key}`);
  return shard;
}

/** The processes of a pool's connections. */
export async function connectionsOf(finch: Finch, key: string): Promise<Pid[]> {
  const pid = requireInstance(finch.name).pool(key)?.connections;
  if (pid === undefined) throw new Error(`no connections of ${key}`);
  const children = await DynamicSupervisor.whichChildren(pid);
  return children.map((child) => child.pid as Pid);
}
