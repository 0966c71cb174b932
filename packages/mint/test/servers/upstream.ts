/** The server behind Caddy: what a file server cannot answer. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Upstream extends AsyncDisposable {
  readonly port: number;
  /** How many requests to this path were given up by the client. */
  aborted(path: string): number;
  /** How many have come. */
  came(path: string): number;
}

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

const answers: Readonly<Record<string, Answer>> = {
  '/echo': (request, response) => {
    response.setHeader('x-method', request.method ?? '');
    request.pipe(response);
  },
  '/digest': (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (piece: Buffer) => hash.update(piece));
    request.on('end', () => response.end(hash.digest('hex')));
  },
  '/cookies': (_request, response) => {
    response.setHeader('set-cookie', ['a=1', 'b=2']).end('cookies');
  },
  '/large-head': (_request, response, url) => {
    response.setHeader('x-large', 'x'.repeat(Number(url.searchParams.get('size')))).end();
  },
  '/early': (request, response) => {
    response.writeHead(413).end('too large');
    // To close the connection with bytes unread would make Caddy lose the answer now and then.
    request.resume();
  },
  '/silence': () => {},
  '/drip': (_request, response) => {
    const drip = setInterval(() => response.write('x'.repeat(1000)), 5);
    response.on('close', () => clearInterval(drip));
  },
};

/** Starts it on a free port. */
export async function startUpstream(): Promise<Upstream> {
  const came = new Map<string, number>();
  const aborted = new Map<string, number>();
  const count = (counts: Map<string, number>, path: string): void =>
    void counts.set(path, (counts.get(path) ?? 0) + 1);
  const server = createServer({ maxHeaderSize: 200_000 }, (request, response) => {
    const url = new URL(request.url ?? '/', 'http://upstream');
    const path = url.pathname;
    count(came, path);
    response.on('close', () => {
      if (!response.writableFinished) count(aborted, path);
    });
    const answer = answers[path];
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response, url);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    aborted: (path) => aborted.get(path) ?? 0,
    came: (path) => came.get(path) ?? 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}
