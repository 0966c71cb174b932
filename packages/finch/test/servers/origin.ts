/**
 * What stands behind the servers that are tested: `node origin.ts <port>`, a program of its own, so
 * that its sockets are not among those of the test. By path:
 *
 * - `/file/<n>`: a body of that length, with an ETag; `/chunked/<n>`: the same in chunks
 * - `/digest`: reads a body, and tells its length and hash; `/hold` does so once `/release` is asked,
 *   which tells how many it has let go
 * - `/trickle/<n>`: as many pieces, one at a time; `/silence`: a piece, and then nothing
 * - `/status/<code>`: an empty response; `/reset/head`, `/reset/body`: breaks off there
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { bodyOf } from './bodies.ts';

type Route = (request: IncomingMessage, response: ServerResponse, argument: string) => unknown;

const held: (() => void)[] = [];

const routes: Readonly<Record<string, Route>> = {
  file: (request, response, length) => {
    const etag = `"${length}"`;
    if (request.headers['if-none-match'] === etag) return response.writeHead(304, { etag }).end();
    return response
      .writeHead(200, { etag, 'content-length': length })
      .end(request.method === 'HEAD' ? undefined : bodyOf(Number(length)));
  },
  chunked: (_request, response, length) => {
    response.write(bodyOf(Number(length)));
    response.end();
  },
  digest: (request, response) => digest(request, response),
  hold: (request, response) => {
    held.push(() => digest(request, response));
  },
  release: (_request, response) => {
    const released = held.splice(0);
    for (const go of released) go();
    response.end(String(released.length));
  },
  trickle: (_request, response, count) => {
    let left = Number(count);
    const next = (): void => {
      if (left === 0) {
        response.end();
        return;
      }
      response.write(`${left--};`);
      setTimeout(next, 20);
    };
    next();
  },
  silence: (_request, response) => response.write('silence'),
  status: (_request, response, code) => response.writeHead(Number(code)).end(),
  reset: (request, response, when) => {
    if (when === 'head') return request.socket.resetAndDestroy();
    response.writeHead(200, { 'content-length': 1_000_000 });
    return response.write(bodyOf(1000), () => request.socket.destroy());
  },
};

function digest(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('sha256');
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    length += chunk.length;
  });
  request.on('end', () => response.end(JSON.stringify({ length, sha256: hash.digest('hex') })));
}

const server = createServer((request, response) => {
  const [, name = '', argument = ''] = (request.url ?? '').split('/');
  if (request.method !== 'POST' && request.method !== 'PUT') request.resume();
  const route = routes[name];
  if (route === undefined) response.writeHead(404).end();
  else route(request, response, argument);
});
server.keepAliveTimeout = 0;
server.listen(Number(process.argv[2]), '127.0.0.1');

// It does not outlive tests that were ended by force.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit();
}, 1000).unref();
