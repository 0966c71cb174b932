/** How long a server keeps a connection, and what it says about that. */
import { eventually } from '@linnet/otp/testing';
import { expect, it } from 'vitest';
import { Finch, type Response } from '../../../src/index.ts';
import { startFinch } from '../../support/finch.ts';
import type { WebServer } from '../web-server.ts';

/** The port of the client: the same as long as the connection is. */
export const portOf = (response: Response): string => response.headers.get('x-port') ?? '';

/** Nothing runs in this program for so long: it sees late what servers do meanwhile. */
function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

export function connections(server: () => WebServer): void {
  it('uses a connection again', async () => {
    const finch = await startFinch();
    const first = portOf(await finch.get(`${server().url}/whoami`));
    expect(first).toMatch(/^\d+$/);
    expect(portOf(await finch.get(`${server().url}/whoami`))).toBe(first);
    expect(finch.count()).toBe(1);
  });

  it('opens no more connections than the pool has room for, and serves everybody', async () => {
    const finch = await startFinch({ pools: { default: { size: 4 } } });
    const responses = await Promise.all(
      Array.from({ length: 60 }, () => finch.get(`${server().url}/whoami`)),
    );
    expect(new Set(responses.map(portOf)).size).toBeLessThan(5);
    expect(responses.every(({ status }) => status === 200)).toBe(true);
  });

  it('does not use a connection again after `Connection: close` of the server', async () => {
    const finch = await startFinch();
    const first = await finch.get(`${server().closingUrl}/whoami`);
    expect(first.headers.get('connection')).toBe('close');
    expect(finch.count()).toBe(0);
    expect(portOf(await finch.get(`${server().closingUrl}/whoami`))).not.toBe(portOf(first));
  });

  it('does not use a connection again after `Connection: close` of its own', async () => {
    const finch = await startFinch();
    const headers = { connection: 'close' };
    const first = await finch.get(`${server().url}/whoami`, { headers });
    expect(finch.count()).toBe(0);
    expect(portOf(await finch.get(`${server().url}/whoami`))).not.toBe(portOf(first));
  });

  it('drops a connection that the server ends for being idle, and serves the next request', async () => {
    const finch = await startFinch();
    const first = portOf(await finch.get(`${server().shortUrl}/whoami`));
    await eventually(() => expect(finch.count()).toBe(0), { timeout: 10_000 });
    expect(portOf(await finch.get(`${server().shortUrl}/whoami`))).not.toBe(first);
  });

  it('serves a GET although its connection was ended, and nobody could know yet', async () => {
    const finch = await startFinch();
    await finch.get(`${server().shortUrl}/whoami`);
    blockFor(server().shortIdle + 500);
    expect((await finch.get(`${server().shortUrl}/whoami`)).status).toBe(200);
  });

  it('sends no POST twice when its connection was ended, and nobody could know yet', async () => {
    const finch = await startFinch();
    const url = `${server().shortUrl}/origin/digest`;
    await finch.post(url, 'first');
    blockFor(server().shortIdle + 500);
    // The pool may have dropped the connection already; else it is the caller's decision.
    const outcome = await finch.post(url, 'second').catch((error: Error) => error);
    expect(['ConnectionClosedError', 200]).toContain(
      outcome instanceof Error ? outcome.name : outcome.status,
    );
    expect((await finch.post(url, 'third')).json()).toMatchObject({ length: 5 });
  });

  it.each([
    ['a HEAD', 'HEAD', '/file/65536', 200],
    ['a 204', 'GET', '/origin/status/204', 204],
    ['a 205', 'GET', '/origin/status/205', 205],
  ])('reads no body of %s, and keeps the connection', async (_title, method, path, status) => {
    const finch = await startFinch();
    const response = await finch.request(Finch.build(method, `${server().url}${path}`));
    expect([response.status, response.body.length]).toEqual([status, 0]);
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
    expect(finch.count()).toBe(1);
  });

  it('reads no body of a 304, and keeps the connection', async () => {
    const finch = await startFinch();
    const url = `${server().url}/file/1024`;
    const etag = (await finch.get(url)).headers.get('etag') ?? '';
    const { status, body } = await finch.get(url, { headers: { 'if-none-match': etag } });
    expect([status, body.length]).toEqual([304, 0]);
    expect((await finch.get(url)).body).toHaveLength(1024);
    expect(finch.count()).toBe(1);
  });

  it.each([404, 418, 500])('takes a %i for a response', async (status) => {
    const finch = await startFinch();
    expect((await finch.get(`${server().url}/origin/status/${status}`)).status).toBe(status);
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
  });

  it('takes it for a response that nobody is behind the server', async () => {
    const finch = await startFinch();
    const { status } = await finch.get(`${server().url}/down/`);
    expect([502, 503]).toContain(status);
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
  });
}
