/** An instance with one pool on a scripted HTTP/3 server. */
import { createAuthority, startHttp3Server } from '@linnet/mint/testing';
import type {
  Http3Frame,
  Http3Peer,
  Http3Server,
  Http3ServerOptions,
  Http3Settings,
} from '@linnet/mint/testing';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';
import { Pool, type Finch, type PoolOptions, type RequestOptions } from '../../src/index.ts';
import type { Shard } from '../../src/pool/pool.ts';
import { startApp, type App } from './app.ts';
import { shardOf } from './pool-app.ts';

export const authority = createAuthority();
export const localhost = authority.issue(['localhost', '127.0.0.1']);

export interface H3App extends App {
  readonly server: Http3Server;
  readonly url: string;
  readonly pool: ReturnType<typeof Pool.new>;
  /** A GET through the pool. */
  ask(path?: string, options?: RequestOptions): ReturnType<Finch['request']>;
  /** The pool's first shard, with its figures. */
  readonly shard: Shard;
  /** Waits for these figures of the first shard. */
  figures(expected: Partial<Shard['figures']>): Promise<void>;
}

export interface H3AppOptions extends PoolOptions {
  /** What the server does on each connection, after the handshake. Default: it answers every request with `OK`. */
  readonly script?: (peer: Http3Peer, index: number) => unknown;
  readonly server?: Partial<Http3ServerOptions>;
  /** What the server says of itself. */
  readonly settings?: Http3Settings;
}

/** Starts it; nothing of it may be left after the test. */
export async function startH3App(options: H3AppOptions = {}): Promise<H3App> {
  const { script = answering(), server: serverOptions, settings, ...pool } = options;
  const server = await startH3Server(script, serverOptions, settings);
  const id = Pool.new(server.url);
  const app = await startApp({
    pools: [[id, { protocols: ['http3'], connMaxIdleTime: 'infinity', ...trusting, ...pool }]],
  });
  return {
    ...app,
    server,
    url: server.url,
    pool: id,
    ask: (path = '/', requestOptions) => app.finch.get(`${server.url}${path}`, requestOptions),
    get shard() {
      return shardOf(app.finch, id.key);
    },
    figures: async (expected) => {
      await eventually(() => expect(shardOf(app.finch, id.key).figures).toMatchObject(expected));
    },
  };
}

/** A pool's options by which it trusts the servers of this file. */
export const trusting = { connOpts: { tls: { ca: authority.ca } } } as const;

/** A server for one test, which does the handshake of each connection. */
export async function startH3Server(
  script: NonNullable<H3AppOptions['script']> = answering(),
  options?: H3AppOptions['server'],
  settings?: Http3Settings,
): Promise<Http3Server> {
  const server = await startHttp3Server(
    async (peer, index) => {
      try {
        await peer.handshake(settings);
      } catch {
        // The client has given it up in the handshake: the certificate is wrong, or TCP was faster.
        return;
      }
      await script(peer, index);
    },
    { tls: localhost, ...options },
  );
  onTestFinished(() => server.close());
  return server;
}

/** A script that answers every request with `OK`, or as `answer` does. */
export const answering =
  (
    answer: (peer: Http3Peer, request: Http3Frame) => unknown = (peer, { stream }) =>
      peer.answer(stream),
  ) =>
  async (peer: Http3Peer): Promise<void> => {
    for await (const request of peer.requests()) await answer(peer, request);
  };
