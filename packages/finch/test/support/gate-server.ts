/**
 * A server whose answers wait until the test lets them go. `/now` answers at
 * once, `/head` sends the head and a first piece of the body at once, any other
 * path nothing before `release`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';
import { openSocketsOf } from './app.ts';
import {
  startHttpServer,
  type HttpServer,
  type HttpServerOptions,
} from '../../../mint/test/support/http-server.ts';

export interface GateServer extends HttpServer {
  /** The requests that came, in order: path and query. */
  readonly requests: readonly string[];
  /** How many wait for `release`. */
  readonly held: number;
  /** Answers the oldest ones that wait; all of them without a number. */
  release(count?: number): void;
  /** Answers those of this path. */
  releasePath(path: string): void;
  /** Waits until that many wait. */
  holds(count: number): Promise<void>;
  /** From here on everything is answered at once. */
  open(): void;
  /** Sockets that are open at this moment. */
  sockets(): Promise<number>;
}

/** Starts it, and closes it after the test, once no client's socket is left. */
export async function startGateServer(options: HttpServerOptions = {}): Promise<GateServer> {
  const requests: string[] = [];
  const waiting: { path: string; answer: () => void }[] = [];
  let isOpen = false;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '';
    requests.push(path);
    request.resume();
    if (path === '/head') {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('first ');
    }
    const answer = (): void => {
      response.end(path === '/head' ? 'last' : 'OK');
    };
    if (isOpen || path.startsWith('/now')) answer();
    else waiting.push({ path, answer });
  };
  const server = await startHttpServer(listener, options);
  onTestFinished(async () => {
    // What the client has left open is a leak.
    try {
      await eventually(async () => expect(await openSocketsOf(server.server)).toBe(0));
    } finally {
      await server.close();
    }
  });
  const take = (count: number): void => {
    for (const { answer } of waiting.splice(0, count)) answer();
  };
  const gate = {
    requests,
    get held() {
      return waiting.length;
    },
    release: (count = waiting.length) => take(count),
    releasePath: (path: string) => {
      for (const held of waiting.filter((one) => one.path === path)) {
        waiting.splice(waiting.indexOf(held), 1);
        held.answer();
      }
    },
    holds: async (count: number) => {
      await eventually(() => expect(waiting.length).toBe(count));
    },
    open: () => {
      isOpen = true;
      take(waiting.length);
    },
    sockets: () => openSocketsOf(server.server),
  };
  // Getters are to stay getters.
  return Object.create(server, Object.getOwnPropertyDescriptors(gate)) as GateServer;
}
