import { eventually } from '@linnet/otp/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Finch, type Response } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { fileOf, isNginxInstalled, lengths, startNginx, type Nginx } from './nginx-server.ts';

const skipped = isNginxInstalled
  ? ''
  : ' — SKIPPED: nginx is not installed (Debian: apt-get install nginx-light)';
if (!isNginxInstalled) console.warn(`nginx${skipped}`);

/** What `/connection` says: the number of the connection, and of the request on it. */
function seen(response: Response): { readonly connection: number; readonly request: number } {
  const [connection = 0, request = 0] = response.text().split('/').map(Number);
  return { connection, request };
}

describe.skipIf(!isNginxInstalled)(`with nginx as the server${skipped}`, () => {
  let nginx: Nginx;
  beforeAll(async () => {
    nginx = await startNginx();
  });
  afterAll(() => nginx.stop());

  it('uses a connection again', async () => {
    const finch = await startFinch();
    const first = seen(await finch.get(`${nginx.url}/connection`));
    const second = seen(await finch.get(`${nginx.url}/connection`));
    expect(second).toEqual({ connection: first.connection, request: first.request + 1 });
  });

  it('opens no more connections than the pool has room for, and serves everybody', async () => {
    const finch = await startFinch({ pools: { default: { size: 4 } } });
    const responses = await Promise.all(
      Array.from({ length: 60 }, () => finch.get(`${nginx.url}/connection`)),
    );
    expect(new Set(responses.map((response) => seen(response).connection)).size).toBeLessThan(5);
    expect(responses.every(({ status }) => status === 200)).toBe(true);
  });

  it.each(lengths)('reads a body of %i bytes', async (length) => {
    const finch = await startFinch();
    const { status, headers, body } = await finch.get(`${nginx.url}/${length}`);
    expect(status).toBe(200);
    expect(headers.get('content-length')).toBe(`${length}`);
    expect(Buffer.from(body).equals(Buffer.from(fileOf(length)))).toBe(true);
  });

  it('streams a large body to a slow reader, on a connection that is used again', async () => {
    const finch = await startFinch();
    let bytes = 0;
    const response = await finch.open(`${nginx.url}/10485760`);
    for await (const chunk of response.body) {
      bytes += chunk.length;
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
    expect(bytes).toBe(10_485_760);
    expect(seen(await finch.get(`${nginx.url}/connection`)).request).toBe(2);
  });

  it('reads a response in chunks, and uses the connection again', async () => {
    const finch = await startFinch();
    const response = await finch.get(`${nginx.url}/page.shtml`);
    expect(response.headers.get('transfer-encoding')).toBe('chunked');
    expect(response.text()).toBe('before included after');
    expect(seen(await finch.get(`${nginx.url}/connection`)).request).toBe(2);
  });

  it.each([
    ['of a known length', 'text'],
    ['in chunks', 'stream'],
  ])('sends a large body %s', async (_title, kind) => {
    const finch = await startFinch();
    const text = fileOf(2_000_000);
    async function* pieces(): AsyncGenerator<string> {
      for (let at = 0; at < text.length; at += 100_000) yield text.slice(at, at + 100_000);
    }
    const url = `${nginx.url}/put/${kind}`;
    const { status } = await finch.put(url, kind === 'text' ? text : pieces());
    expect(status).toBe(201);
    expect((await finch.get(url)).text()).toBe(text);
    expect((await finch.delete(url)).status).toBe(204);
    expect(seen(await finch.get(`${nginx.url}/connection`)).request).toBeGreaterThan(1);
  });

  it('does not use a connection again after `Connection: close`', async () => {
    const finch = await startFinch();
    const first = await finch.get(`${nginx.noKeepAliveUrl}/connection`);
    expect(first.headers.get('connection')).toBe('close');
    expect(finch.count()).toBe(0);
    const second = await finch.get(`${nginx.noKeepAliveUrl}/connection`);
    expect(seen(second).connection).not.toBe(seen(first).connection);
  });

  it('goes on with another connection when the server has served its most on one', async () => {
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const requests: number[] = [];
    for (let count = 0; count < 7; count++) {
      requests.push(seen(await finch.get(`${nginx.threeRequestsUrl}/connection`)).request);
    }
    expect(requests).toEqual([1, 2, 3, 1, 2, 3, 1]);
  });

  it('serves many callers although the server ends each connection after three requests', async () => {
    const finch = await startFinch({ pools: { default: { size: 3 } } });
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => finch.get(`${nginx.threeRequestsUrl}/connection`)),
    );
    expect(Math.max(...responses.map((response) => seen(response).request))).toBe(3);
  });

  it('drops a connection that the server ended for being idle, and serves the next request', async () => {
    const finch = await startFinch();
    const first = seen(await finch.get(`${nginx.oneSecondUrl}/connection`));
    expect(finch.count()).toBe(1);
    await eventually(() => expect(finch.count()).toBe(0), { timeout: 10_000 });
    const second = seen(await finch.get(`${nginx.oneSecondUrl}/connection`));
    expect(second.request).toBe(1);
    expect(second.connection).not.toBe(first.connection);
  });

  it('speaks TLS with a certificate of a known authority, and uses the connection again', async () => {
    const { ca } = nginx;
    const finch = await startFinch({ pools: { default: { connOpts: { tls: { ca } } } } });
    const first = seen(await finch.get(`${nginx.tlsUrl}/connection`));
    const second = seen(await finch.get(`${nginx.tlsUrl}/connection`));
    expect(second).toEqual({ connection: first.connection, request: 2 });
    const { body } = await finch.get(`${nginx.tlsUrl}/10485760`);
    expect(Buffer.from(body).equals(Buffer.from(fileOf(10_485_760)))).toBe(true);
  });

  it('does not speak TLS with a certificate of an unknown authority', async () => {
    const finch = await startFinch();
    await expect(finch.get(`${nginx.tlsUrl}/connection`)).rejects.toMatchObject({
      code: 'ERR_FINCH_TLS',
    });
  });

  it('speaks over a Unix socket', async () => {
    const finch = await startFinch();
    const { socketPath: unixSocket } = nginx;
    const { status, body } = await finch.get('http://localhost/65536', { unixSocket });
    expect(status).toBe(200);
    expect(body).toHaveLength(65_536);
    const { request } = seen(await finch.get('http://localhost/connection', { unixSocket }));
    expect(request).toBe(2);
  });

  it.each([
    [404, '/nothing'],
    [500, '/broken'],
  ])('takes a %i for a response, and keeps the connection', async (status, path) => {
    const finch = await startFinch();
    expect((await finch.get(`${nginx.url}${path}`)).status).toBe(status);
    expect(seen(await finch.get(`${nginx.url}/connection`)).request).toBe(2);
  });

  it('reads no body in the response to a HEAD, and keeps the connection', async () => {
    const finch = await startFinch();
    const { status, headers, body } = await finch.head(`${nginx.url}/65536`);
    expect([status, headers.get('content-length'), body.length]).toEqual([200, '65536', 0]);
    expect(seen(await finch.get(`${nginx.url}/connection`)).request).toBe(2);
  });

  it('reads no body in a 304, and keeps the connection', async () => {
    const finch = await startFinch();
    const { headers } = await finch.get(`${nginx.url}/1024`);
    const etag = headers.get('etag') as string;
    const again = Finch.build('GET', `${nginx.url}/1024`, { 'if-none-match': etag });
    const { status, body } = await finch.request(again);
    expect([status, body.length]).toEqual([304, 0]);
    expect(seen(await finch.get(`${nginx.url}/connection`)).request).toBe(3);
  });

  it('reads a part of a file that it asks for', async () => {
    const finch = await startFinch();
    const response = await finch.get(`${nginx.url}/1024`, { headers: { range: 'bytes=0-4' } });
    expect([response.status, response.text()]).toEqual([206, 'nginx']);
  });
});
