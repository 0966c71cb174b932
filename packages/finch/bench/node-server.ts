/** The server where nginx is missing: `node node-server.ts <folder> <port> <TLS port> <HTTP/2 port>`. */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createSecureServer as createHttp2Server } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';

const [folder = '', port = '', tlsPort = '', h2Port = ''] = process.argv.slice(2);
const bodies = new Map<string | undefined, Buffer>(
  [1024, 65_536].map((length) => [`/${length}`, Buffer.alloc(length, 'x')] as const),
);
const posted = Buffer.alloc(1024, 'x');

const answer: RequestListener = (request, response) => {
  const body = request.url === '/post' ? posted : bodies.get(request.url);
  request.resume();
  response.writeHead(body === undefined ? 404 : 200, {
    'content-type': 'text/plain',
    'content-length': body?.length ?? 0,
  });
  response.end(body);
};

const plain = createServer(answer);
const unix = createServer(answer);
const identity = {
  key: readFileSync(join(folder, 'key.pem')),
  cert: readFileSync(join(folder, 'cert.pem')),
};
const secure = createSecureServer(identity, answer);
// Its requests and answers do what those of node:http do.
const h2 = createHttp2Server(
  identity,
  answer as unknown as Parameters<typeof createHttp2Server>[1],
);
for (const server of [plain, unix, secure]) server.keepAliveTimeout = 0;
plain.listen(Number(port), '127.0.0.1');
secure.listen(Number(tlsPort), '127.0.0.1');
h2.listen(Number(h2Port), '127.0.0.1');
unix.listen(join(folder, 'socket'));
// The end of standard input is the end of the benchmark.
process.stdin.on('end', () => process.exit(0)).resume();
