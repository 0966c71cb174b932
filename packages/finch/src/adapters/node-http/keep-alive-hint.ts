/**
 * How long a server keeps a connection while it is idle, if its response says so: `keep-alive:
 * timeout=5`. An agent is not shown the response, but the diagnostics channel of node:http tells of each.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { loans } from './loan.ts';

/** Published when the head of a response has come. */
const channel = 'http.client.response.finish';

/** Has the loans told of the hints in their responses; once for all agents. */
export function watchHints(): void {
  unsubscribe(channel, onResponse);
  subscribe(channel, onResponse);
}

function onResponse(message: unknown): void {
  const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
  if (request.socket === null) return;
  loans.get(request.socket)?.responded(idleLimit(response.rawHeaders));
}

/** The raw list is there already; the object of all headers would be made for this. */
function idleLimit(fields: readonly string[]): number | undefined {
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] as string;
    if (name.length !== 10 || name.toLowerCase() !== 'keep-alive') continue;
    const seconds = /\btimeout=(\d+)/i.exec(fields[at + 1] as string)?.[1];
    if (seconds !== undefined) return Number(seconds) * 1000;
  }
  return undefined;
}
