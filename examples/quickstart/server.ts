/** The server that the quickstart talks to when it is not given a URL. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LocalServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a small JSON API on the loopback interface, on a free port. */
export async function startServer(): Promise<LocalServer> {
  const server: Server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    // A few ms of work, so that connections are really in use.
    setTimeout(() => response.end(JSON.stringify({ path: request.url })), 3);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
