/** The observer's own server: node:http around the handler. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ObserverListenError } from '../errors.ts';
import { toRequest, writeResponse } from './node-http.ts';

/** Connections at a time: more than the streams that there may be, so that pages still load. */
const mostConnections = 256;

export type Handle = (request: Request) => Promise<Response>;

export interface Listening {
  readonly port: number;
  close(): void;
}

/** @throws ObserverListenError */
export function listen(host: string, port: number, handle: Handle): Promise<Listening> {
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 10_000, connectionsCheckingInterval: 5000 },
    (incoming, outgoing) => {
      void respond(handle, incoming, outgoing);
    },
  );
  server.maxConnections = mostConnections;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new ObserverListenError(host, port, error)));
    server.listen(port, host, () => {
      // Errors from here on are those of connections that could not be accepted: others go on.
      server.on('error', () => {});
      const { port: actual } = server.address() as AddressInfo;
      resolve({ port: actual, close: () => close(server) });
    });
  });
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

async function respond(
  handle: Handle,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  try {
    const request = toRequest(incoming, gone.signal);
    if (request === undefined) {
      outgoing.writeHead(400, { connection: 'close' }).end();
      return;
    }
    await writeResponse(await handle(request), outgoing);
  } catch {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(500, { connection: 'close' }).end();
  }
}
