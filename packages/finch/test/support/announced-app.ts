/**
 * An instance with one pool on a server that speaks HTTP/2 or HTTP/1.1 over TLS and announces HTTP/3, by
 * `alt-svc`, on another port.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';
import { Pool, type Finch, type PoolOptions, type RequestOptions } from '../../src/index.ts';
import type { Shard } from '../../src/pool/pool.ts';
import { startHttpServer, type HttpServer } from '../../../mint/test/support/http-server.ts';
import { startApp, type App, type AppOptions } from './app.ts';
import { localhost, trusting } from './h3-app.ts';
import { shardOf } from './pool-app.ts';

export interface AnnouncedApp extends App {
  readonly server: HttpServer;
  /** What responses of the server say in `alt-svc`; nothing if undefined. */
  announced: string | undefined;
  /** The requests that came over TCP, in order: their paths. */
  readonly requests: readonly string[];
  /** How many wait for `release`: those of `/hold`. */
  readonly held: number;
  release(): void;
  readonly pool: ReturnType<typeof Pool.new>;
  /** A GET through the pool. */
  ask(path?: string, options?: RequestOptions): ReturnType<Finch['request']>;
  readonly shard: Shard;
  figures(expected: Partial<Shard['figures']>): Promise<void>;
}

export interface AnnouncedAppOptions extends PoolOptions {
  /** What the server speaks over TCP. Default HTTP/2. */
  readonly over?: 'http1' | 'http2';
  /** What it announces: a port, or the whole field. */
  readonly announced?: number | string | undefined;
  readonly app?: AppOptions;
}

/** Starts it; nothing of it may be left after the test. */
export async function startAnnouncedApp(options: AnnouncedAppOptions): Promise<AnnouncedApp> {
  const { over = 'http2', announced, app: appOptions, ...pool } = options;
  const requests: string[] = [];
  const waiting: (() => void)[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '';
    requests.push(path);
    request.resume();
    if (app.announced !== undefined) response.setHeader('alt-svc', app.announced);
    const answer = (): void => void response.end('TCP');
    if (path === '/hold') waiting.push(answer);
    else answer();
  };
  const server = await startHttpServer(listener, {
    tls: localhost,
    ...(over === 'http2' ? { http2: {} } : undefined),
  });
  onTestFinished(() => server.close());
  const id = Pool.new(server.url);
  const protocols = ['http3', 'http2', 'http1'] as const;
  const started = await startApp({
    ...appOptions,
    pools: [[id, { protocols, connMaxIdleTime: 'infinity', ...trusting, ...pool }]],
  });
  const app: AnnouncedApp = {
    ...started,
    server,
    announced: typeof announced === 'number' ? `h3=":${announced}"` : announced,
    requests,
    get held() {
      return waiting.length;
    },
    release: () => {
      for (const answer of waiting.splice(0)) answer();
    },
    pool: id,
    ask: (path = '/', requestOptions) => started.finch.get(`${server.url}${path}`, requestOptions),
    get shard() {
      return shardOf(started.finch, id.key);
    },
    figures: async (expected) => {
      await eventually(() =>
        expect(shardOf(started.finch, id.key).figures).toMatchObject(expected),
      );
    },
  };
  return app;
}
