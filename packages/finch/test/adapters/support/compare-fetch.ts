/**
 * One case of fetch, twice: by the dispatcher of Node.js itself, and through the pools of an instance.
 * What the caller sees and what the server saw are the same.
 */
import { STATUS_CODES } from 'node:http';
import { eventually } from '@linnet/otp/testing';
import { startHttp1Server, type Http1Peer, type Http1Request } from '@linnet/mint/testing';
import { expect } from 'vitest';
import { startFinch } from '../../support/finch.ts';

export type Fetch = typeof globalThis.fetch;

/** What a server does with a request: text is written, nothing is left as it is. */
export type Answer = (
  request: Http1Request,
  peer: Http1Peer,
) => string | void | Promise<string | void>;

/** What somebody does with `fetch`; what it returns is compared, and so is what it throws. */
export type Ask = (fetch: Fetch, url: string) => unknown;

/** As it was when this was loaded. */
const nodeFetch = globalThis.fetch;

/** Runs a case both ways, and expects no difference. */
export async function expectSame(ask: Ask, answer: Answer = () => response()): Promise<void> {
  const finch = await startFinch();
  const expected = await run(nodeFetch, ask, answer);
  const actual = await run(finch.fetch, ask, answer);
  expect(actual).toEqual(expected);
  await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 }));
}

/** The same where the servers see different things for a reason: only the caller is compared. */
export async function expectSameForCaller(ask: Ask, answer?: Answer): Promise<void> {
  const finch = await startFinch();
  const { caller } = await run(nodeFetch, ask, answer ?? (() => response()));
  expect((await run(finch.fetch, ask, answer ?? (() => response()))).caller).toEqual(caller);
  await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0 }));
}

/** A response as a server writes it, with the length of its body, and the phrase of its status. */
export function response(body = '', fields: readonly string[] = [], status = 200): string {
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
  const lines = [line, ...fields, `content-length: ${Buffer.byteLength(body, 'latin1')}`];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** All that a caller can see of a response, its body included. */
export async function seen(answer: Response): Promise<unknown> {
  const { status, statusText, ok, type, url, redirected, headers } = answer;
  const hasBody = answer.body !== null;
  const body = await answer.text().catch(failure);
  return { status, statusText, ok, type, url, redirected, headers: [...headers], hasBody, body };
}

/** What a program can tell of an error, apart from where it was made. */
export function failure(error: unknown): unknown {
  if (!(error instanceof Error)) return { thrown: error };
  const { name, message } = error;
  const { cause, code } = error as { cause?: { code?: unknown }; code?: unknown };
  return { name, message, code, cause: cause?.code };
}

/** Runs a case by one fetch. */
export async function run(fetch: Fetch, ask: Ask, answer: Answer): Promise<Seen> {
  const requests: Http1Request[] = [];
  await using server = await startHttp1Server(async (peer) => {
    for await (const request of peer.requests()) {
      requests.push(request);
      const text = await answer(request, peer);
      if (typeof text === 'string') await peer.write(withoutBody(request, text));
    }
  });
  let caller: unknown;
  try {
    caller = await ask(fetch, server.url);
  } catch (error) {
    caller = failure(error);
  }
  const port = new RegExp(`:${server.port}\\b`, 'g');
  return JSON.parse(
    JSON.stringify({ caller: caller ?? null, server: requests.map(received) })
      .replaceAll(port, ':PORT')
      .replaceAll(/-+formdata-undici-\d+/g, 'BOUNDARY'),
  ) as Seen;
}

interface Seen {
  readonly caller: unknown;
  readonly server: unknown;
}

function received({ method, target, headers, body }: Http1Request): unknown {
  const fields = [...headers]
    // Undici asks a server to close the connection after HEAD, which the standard has no reason for.
    .filter(([name]) => method !== 'HEAD' || name.toLowerCase() !== 'connection')
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .toSorted((one, other) => (one < other ? -1 : 1));
  return { method, target, fields, body: body.toString('latin1') };
}

/** What answers HEAD has no body, whatever its length says. */
function withoutBody({ method }: Http1Request, text: string): string {
  return method === 'HEAD' ? text.slice(0, text.indexOf('\r\n\r\n') + 4) : text;
}
