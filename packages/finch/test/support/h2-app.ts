/** An instance with one HTTP/2 pool on a scripted server. */
import { startHttp2Server } from '@linnet/mint/testing';
import type { Frame, Http2Peer, Script, ScriptedServer, Settings } from '@linnet/mint/testing';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';
import { Pool, type Finch, type PoolOptions, type RequestOptions } from '../../src/index.ts';
import type { Shard } from '../../src/pool/pool.ts';
import { startApp, type App } from './app.ts';
import { shardOf } from './pool-app.ts';

export interface H2App extends App {
  readonly server: ScriptedServer<Http2Peer>;
  readonly url: string;
  readonly pool: ReturnType<typeof Pool.new>;
  /** A GET through the pool. */
  ask(path?: string, options?: RequestOptions): ReturnType<Finch['request']>;
  /** The connection of this number, from 0, once it has sent its preface. */
  peer(index?: number): Promise<Http2Peer>;
  /** The pool's first shard, with its figures. */
  readonly shard: Shard;
  /** Waits for these figures of the first shard. */
  figures(expected: Partial<Shard['figures']>): Promise<void>;
}

export interface H2AppOptions extends PoolOptions {
  /** What the server says first on each connection; requests wait for it. */
  readonly settings?: Settings;
  /** What else the server does on each connection. */
  readonly script?: Script<Http2Peer>;
}

/** Starts it; nothing of it may be left after the test. */
export async function startH2App({ settings, script, ...pool }: H2AppOptions = {}): Promise<H2App> {
  const server = await startHttp2Server(async (peer, index) => {
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
  (
    answer: (peer: Http2Peer, request: Frame) => unknown = (peer, { stream }) =>
      peer.answer(stream),
  ) =>
  async (peer: Http2Peer): Promise<void> => {
    while (!peer.socket.destroyed) {
      const request = await nextOrClosed(peer);
      if (request === undefined) return;
      await answer(peer, request);
    }
  };

async function nextOrClosed(peer: Http2Peer): Promise<Frame | undefined> {
  const request = peer.readRequest();
  const closed = peer.closed.then(() => undefined);
  request.catch(() => {});
  return Promise.race([request, closed]);
}
