/** The HTTP server as a process: it listens while the process lives, and is closed without losing a request. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GenServer, reply, signal, trapExit } from '@linnet/otp';

/** Answers a request; never throws. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface WebOptions {
  readonly port: number;
  readonly handler: Handler;
}

export const Web = GenServer.define({
  name: 'Web',
  init: async ({ port, handler }: WebOptions) => {
    trapExit(true); // so that `terminate` runs when the supervisor stops it
    const inFlight = new Set<ServerResponse>();
    const server = createServer((request, response) => {
      inFlight.add(response);
      if (!server.listening) closeAfter(response);
      response.once('close', () => inFlight.delete(response));
      void handler(request, response);
    });
    // Aborts when this process ends in any way, also when it is killed.
    server.listen({ port, host: '127.0.0.1', signal: signal() });
    await once(server, 'listening');
    return { server, inFlight };
  },
  handleCall: {
    port: (state) => reply((state.server.address() as AddressInfo).port, state),
  },
  /** Takes no further connection, and waits until the requests in flight are answered. */
  terminate: async (_reason, { server, inFlight }) => {
    server.close();
    for (const response of inFlight) closeAfter(response);
    await once(server, 'close');
  },
});

/** A connection that is kept for further requests would hold up the end. */
function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
