/** A service for the gateway to talk to, which can be told to fail. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `POST /down` and `POST /up` make it fail and work; everything else is answered with JSON. */
export async function startBackend(port = 0): Promise<string> {
  let isUp = true;
  let answered = 0;
  const server = createServer((request, response) => {
    const { method, url = '/' } = request;
    if (method === 'POST' && (url === '/down' || url === '/up')) {
      isUp = url === '/up';
      response.writeHead(204).end();
      return;
    }
    answered += 1;
    response.writeHead(isUp ? 200 : 500, {
      'content-type': 'application/json',
      ...(url.includes('cached') ? { 'cache-control': 'max-age=60' } : undefined),
    });
    response.end(JSON.stringify({ url, answered }));
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  // Does not keep the program alive by itself.
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
