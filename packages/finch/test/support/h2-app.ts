/** An instance with one HTTP/2 pool on a scripted server. */
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';
import { Pool, type Finch, type PoolOptions, type RequestOptions } from '../../src/index.ts';
import type { Shard } from '../../src/pool/shard.ts';
import { startApp, type App } from './app.ts';
import type { Frame, Settings } from './h2-frames.ts';
import { startH2RawServer, type H2Peer, type H2RawServer, type H2Script } from './h2-raw-server.ts';
import { shardOf } from './pool-app.ts';

export interface H2App extends App {
  readonly server: H2RawServer;
  readonly url: string;
  readonly pool: ReturnType<typeof Pool.new>;
  /** A GET through the pool. */
  ask(path?: string, options?: RequestOptions): ReturnType<Finch['request']>;
  /** The connection of this number, from 0, once it has sent its preface. */
  peer(index?: number): Promise<H2Peer>;
  /** The pool's first shard, with its figures. */
  readonly shard: Shard;
  /** Waits for these figures of the first shard. */
  figures(expected: Partial<Shard['figures']>): Promise<void>;
}

export interface H2AppOptions extends PoolOptions {
  /** What the server says first on each connection; requests wait for it. */
  readonly settings?: Settings;
  /** What else the server does on each connection. */
  readonly script?: H2Script;
}

/** Starts it; nothing of it may be left after the test. */
export async function startH2App({ settings, script, ...pool }: H2AppOptions = {}): Promise<H2App> {
  const server = await startH2RawServer(async (peer, index) => {
    await peer.handshake(settings);
    await script?.(peer, index);
  });
  onTestFinished(() => server.close());
  const id = Pool.new(server.url);
  const http2 = { waitForServerSettings: settings !== undefined, ...pool.http2 };
  const app = await startApp({
    pools: [[id, { protocols: ['http2'], connMaxIdleTime: 'infinity', ...pool, http2 }]],
  });
  return {
    ...app,
    server,
    url: server.url,
    pool: id,
    ask: (path = '/', options) => app.finch.get(`${server.url}${path}`, options),
    peer: async (index = 0) => {
      const peer = await server.peer(index);
      await peer.until(() => peer.frames.length > 0, 'the preface');
      return peer;
    },
    get shard() {
      return shardOf(app.finch, id.key);
    },
    figures: async (expected) => {
      await eventually(() => expect(shardOf(app.finch, id.key).figures).toMatchObject(expected));
    },
  };
}

/** A script that answers every request with `OK`, or as `answer` does. */
export const answering =
  (answer: (peer: H2Peer, request: Frame) => unknown = (peer, { stream }) => peer.answer(stream)) =>
  async (peer: H2Peer): Promise<void> => {
    while (!peer.socket.destroyed) {
      const request = await nextOrClosed(peer);
      if (request === undefined) return;
      await answer(peer, request);
    }
  };

async function nextOrClosed(peer: H2Peer): Promise<Frame | undefined> {
  const request = peer.request();
  const closed = peer.closed.then(() => undefined);
  request.catch(() => {});
  return Promise.race([request, closed]);
}
