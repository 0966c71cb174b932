/**
 * The server of the model test: it speaks HTTP/1.1, HTTP/2 without TLS, both
 * with ALPN, HTTP/3, or HTTP/3 that it announces over both; answers `/now` at once and anything else when it is told to; and
 * does to connections and streams what servers do.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Server, Http2ServerResponse, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { createAuthority } from '@linnet/mint/testing';
import type { PoolOptions } from '../../src/index.ts';
import { QuicWorld } from './quic-world.ts';
import { startHttpServer, type HttpServer } from '../../../mint/test/support/http-server.ts';

/** What a world speaks: HTTP/1.1, HTTP/2, one pool this and the other one that by ALPN, HTTP/3, or all in turn. */
export type WorldProtocol = 'http1' | 'http2' | 'both' | 'http3' | 'announced';

/** A request that waits for its answer. */
export interface Held {
  answer(): void;
  /** Ends it without an answer: a stream by this code, an HTTP/1 connection with it. */
  reset(code: number): void;
}

/** SETTINGS have no word for it but the largest number. */
const unlimited = 2 ** 32 - 1;

let authority: ReturnType<typeof createAuthority> | undefined;

export class WorldServer {
  private readonly protocol: WorldProtocol;
  private server!: HttpServer;
  private quic: QuicWorld | undefined = undefined;
  private streams = unlimited;
  private isOpen = false;
  private readonly held: Held[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly sessions = new Set<ServerHttp2Session>();
  /** Those that said GOAWAY: node:http2 does not notice any more when their client is gone. */
  private readonly gone = new Set<ServerHttp2Session>();

  constructor(protocol: WorldProtocol) {
    this.protocol = protocol;
  }

  /** `streams` is how many requests it allows on an HTTP/2 connection at a time. */
  async start(streams: number | 'infinity'): Promise<this> {
    this.streams = streams === 'infinity' ? unlimited : streams;
    const http2 = { settings: { maxConcurrentStreams: this.streams } };
    authority ??= createAuthority();
    const tls = this.isSecure ? authority.issue(['127.0.0.1']) : undefined;
    if (tls !== undefined && this.protocol !== 'both') {
      this.quic = await new QuicWorld((path, held) => this.hold(path, held)).start(tls, streams);
    }
    this.server = await startHttpServer((request, response) => this.take(request, response), {
      ...(this.protocol === 'http1' ? undefined : { http2 }),
      ...(tls === undefined ? undefined : { tls }),
    });
    // With TLS from the end of the handshake on: destroyed within it, a socket may stay half open.
    const accepted = this.isSecure ? 'secureConnection' : 'connection';
    this.server.server.on(accepted, (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.server.server.on('session', (session: ServerHttp2Session) => {
      this.sessions.add(session);
      session.once('close', () => {
        this.sessions.delete(session);
        this.gone.delete(session);
      });
    });
    return this;
  }

  private get isSecure(): boolean {
    return this.protocol !== 'http1' && this.protocol !== 'http2';
  }

  /** By its address: looking a name up may take any time. */
  get url(): string {
    if (this.protocol === 'http3') return `https://127.0.0.1:${this.quic?.port}`;
    return this.server.url.replace('localhost', '127.0.0.1');
  }

  /** What a pool of this number, from 0, is to speak. */
  optionsFor(pool: number): PoolOptions {
    switch (this.protocol) {
      case 'http1':
        return {};
      case 'http2':
        return { protocols: ['http2'] };
      case 'both':
        return {
          protocols: pool === 0 ? ['http1'] : ['http2', 'http1'],
          connOpts: { tls: { ca: authority?.ca as string } },
        };
      case 'http3':
        return { protocols: ['http3'], connOpts: { tls: { ca: authority?.ca as string } } };
      case 'announced':
        return {
          protocols: ['http3', pool === 0 ? 'http1' : 'http2'],
          connOpts: { tls: { ca: authority?.ca as string } },
        };
    }
  }

  /** Sockets that are open at this moment, but for those whose end it does not see. */
  connections(): Promise<number> {
    return new Promise((resolve) => {
      this.server.server.getConnections((_error, count) =>
        resolve(count - this.gone.size + (this.quic?.connections ?? 0)),
      );
    });
  }

  /** Answers those that wait longest. */
  release(count: number): void {
    for (const { answer } of this.held.splice(0, count)) answer();
  }

  /** From here on everything is answered at once, and as many requests as there are taken. */
  open(): void {
    this.isOpen = true;
    this.allow('infinity');
    this.release(this.held.length);
  }

  /** Ends one of the requests that wait. */
  reset(index: number, code: number): void {
    const [held] = this.held.splice(index % Math.max(1, this.held.length), 1);
    held?.reset(code);
  }

  /** Says GOAWAY on all HTTP/2 connections: with this code, and maybe as if it had seen no request. */
  goaway(code: number, lastStream?: number): void {
    this.quic?.goaway(lastStream !== undefined);
    for (const session of this.sessions) {
      if (session.destroyed) continue;
      session.goaway(code, lastStream);
      this.gone.add(session);
    }
  }

  /** Says GOAWAY and closes each HTTP/2 connection when its requests are done. */
  windDown(): void {
    this.quic?.goaway(false);
    for (const session of this.sessions) session.close();
  }

  /** Changes how many requests it takes on an HTTP/2 connection at a time; on HTTP/3 it cannot. */
  allow(streams: number | 'infinity'): void {
    this.streams = streams === 'infinity' ? unlimited : streams;
    if (this.protocol === 'http1') return;
    const settings = { maxConcurrentStreams: this.streams };
    (this.server.server as unknown as Http2Server).updateSettings(settings);
    for (const session of this.sessions) if (!session.destroyed) session.settings(settings);
  }

  /** Ends all connections at once. */
  destroyConnections(): void {
    this.quic?.destroyConnections();
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    await Promise.all([this.server.close(), this.quic?.close()]);
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    if (this.protocol === 'announced') {
      response.setHeader('alt-svc', `h3=":${this.quic?.port}"`);
    }
    const answer = (): void => void response.end('OK');
    const reset = (code: number): void => {
      const { stream } = response as unknown as Partial<Http2ServerResponse>;
      if (request.httpVersionMajor === 1) response.destroy();
      else if (stream !== undefined && !stream.destroyed) stream.close(code);
    };
    this.hold(request.url ?? '', { answer, reset });
  }

  private hold(path: string, held: Held): void {
    if (this.isOpen || path === '/now') held.answer();
    else this.held.push(held);
  }
}
