/**
 * The server of the model test: it speaks HTTP/1.1, HTTP/2 without TLS, or both
 * with ALPN; answers `/now` at once and anything else when it is told to; and
 * does to connections and streams what servers do.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Server, Http2ServerResponse, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { createAuthority } from '@linnet/mint/testing';
import type { PoolOptions } from '../../src/index.ts';
import { startHttpServer, type HttpServer } from '../../../mint/test/support/http-server.ts';

/** What a world speaks: HTTP/1.1, HTTP/2, or one pool this and the other one that, by ALPN. */
export type WorldProtocol = 'http1' | 'http2' | 'both';

/** A request that waits for its answer. */
interface Held {
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
    this.server = await startHttpServer((request, response) => this.take(request, response), {
      ...(this.protocol === 'http1' ? undefined : { http2 }),
      ...(this.protocol === 'both' ? { tls: authority.issue(['127.0.0.1']) } : undefined),
    });
    // With TLS from the end of the handshake on: destroyed within it, a socket may stay half open.
    const accepted = this.protocol === 'both' ? 'secureConnection' : 'connection';
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

  /** By its address: looking a name up may take any time. */
  get url(): string {
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
    }
  }

  /** Sockets that are open at this moment, but for those whose end it does not see. */
  connections(): Promise<number> {
    return new Promise((resolve) => {
      this.server.server.getConnections((_error, count) => resolve(count - this.gone.size));
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
    for (const session of this.sessions) {
      if (session.destroyed) continue;
      session.goaway(code, lastStream);
      this.gone.add(session);
    }
  }

  /** Says GOAWAY and closes each HTTP/2 connection when its requests are done. */
  windDown(): void {
    for (const session of this.sessions) session.close();
  }

  /** Changes how many requests it takes on an HTTP/2 connection at a time. */
  allow(streams: number | 'infinity'): void {
    this.streams = streams === 'infinity' ? unlimited : streams;
    if (this.protocol === 'http1') return;
    const settings = { maxConcurrentStreams: this.streams };
    (this.server.server as unknown as Http2Server).updateSettings(settings);
    for (const session of this.sessions) if (!session.destroyed) session.settings(settings);
  }

  /** Ends all connections at once. */
  destroyConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const answer = (): void => void response.end('OK');
    if (this.isOpen || request.url === '/now') {
      answer();
      return;
    }
    const reset = (code: number): void => {
      const { stream } = response as unknown as Partial<Http2ServerResponse>;
      if (request.httpVersionMajor === 1) response.destroy();
      else if (stream !== undefined && !stream.destroyed) stream.close(code);
    };
    this.held.push({ answer, reset });
  }
}
