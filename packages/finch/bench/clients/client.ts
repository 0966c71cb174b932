/** What the clients have in common. */
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { Load } from '../load.ts';

/** Where and how to send. */
export interface Target extends Load {
  /** `http://127.0.0.1:8080`, `https://127.0.0.1:8443`, `http://localhost` for a unix socket. */
  readonly origin: string;
  readonly path: string;
  readonly socketPath: string | undefined;
  /** What signed the server's certificate, in PEM. */
  readonly ca: string | undefined;
}

/** Sends one request and checks its answer. */
export type Send = () => Promise<void>;

/** Makes a client, and says how it sends a request. */
export type Prepare = (target: Target) => Send | Promise<Send>;

/** The body of a POST. */
export const postBody = 'p'.repeat(1024);

/** A wrong answer ends the run: its speed would mean nothing. */
export function check(target: Target, status: number | undefined, length: number): void {
  if (status === 200 && length === target.bytes) return;
  throw new Error(
    `${target.id}: status ${status ?? 'none'} with ${length} of ${target.bytes} bytes`,
  );
}

/** Agents for the clients that build on node:http and node:https. */
export interface Agents {
  readonly http: Agent;
  readonly https: SecureAgent;
}

/** Those of Node.js, which keep connections alive. */
export function keepAliveAgents({ connections, ca }: Target): Agents {
  const options = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  return {
    http: new Agent(options),
    https: new SecureAgent({ ...options, ...(ca === undefined ? undefined : { ca }) }),
  };
}
