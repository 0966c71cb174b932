/** node:http and node:https over agents. */
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { check, keepAliveAgents, postBody, type Agents, type Send, type Target } from './client.ts';

export function prepareNodeHttp(target: Target): Send {
  return nodeHttpOver(target, keepAliveAgents(target));
}

/** Over these agents. */
export function nodeHttpOver(target: Target, agents: Agents): Send {
  const { origin, path, method, socketPath, ca } = target;
  const { hostname, port, protocol } = new URL(origin);
  const start = protocol === 'https:' ? secureRequest : request;
  const options = {
    agent: protocol === 'https:' ? agents.https : agents.http,
    hostname,
    port,
    path,
    method,
    ...(socketPath === undefined ? undefined : { socketPath }),
    ...(ca === undefined ? undefined : { ca }),
  };
  return () =>
    new Promise((resolve, reject) => {
      const sent = start(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks);
          const { length } = target.body === 'text' ? body.toString() : body;
          try {
            check(target, response.statusCode, length);
            resolve();
          } catch (error) {
            reject(error);
          }
        });
      });
      sent.on('error', reject);
      sent.end(method === 'POST' ? postBody : undefined);
    });
}
