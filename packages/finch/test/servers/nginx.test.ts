import { expect, it } from 'vitest';
import { type Response } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { requestLimit } from './behaviour/request-limit.ts';
import { unixSocket } from './behaviour/unix-socket.ts';
import { bodyOf, isBody } from './bodies.ts';
import { describeWebServer } from './describe-web-server.ts';
import { nginx } from './recipes/nginx-server.ts';

/** What `/whoami` says: the number of the connection, and of the request on it. */
function seen(response: Response): { readonly connection: number; readonly request: number } {
  const [connection = 0, request = 0] = response.text().split('/').map(Number);
  return { connection, request };
}

describeWebServer(nginx, (server) => {
  requestLimit(server);
  unixSocket(server);

  it('uses a connection again, as the server counts', async () => {
    const finch = await startFinch();
    const first = seen(await finch.get(`${server().url}/whoami`));
    const second = seen(await finch.get(`${server().url}/whoami`));
    expect(second).toEqual({ connection: first.connection, request: first.request + 1 });
  });

  it('goes on with another connection after three requests, as the server counts', async () => {
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const requests: number[] = [];
    for (let count = 0; count < 7; count++) {
      requests.push(seen(await finch.get(`${server().threeUrl}/whoami`)).request);
    }
    expect(requests).toEqual([1, 2, 3, 1, 2, 3, 1]);
  });

  it('reads a page that the server puts together, and uses the connection again', async () => {
    const finch = await startFinch();
    const response = await finch.get(`${server().url}/page.shtml`);
    expect(response.headers.get('transfer-encoding')).toBe('chunked');
    expect(response.text()).toBe('before included after');
    expect(seen(await finch.get(`${server().url}/whoami`)).request).toBe(2);
  });

  it('puts a file where the server has it, and deletes it', async () => {
    const finch = await startFinch();
    const url = `${server().url}/put/file`;
    expect((await finch.put(url, bodyOf(2_000_000))).status).toBe(201);
    expect(isBody((await finch.get(url)).body, 2_000_000)).toBe(true);
    expect((await finch.delete(url)).status).toBe(204);
    expect((await finch.get(url)).status).toBe(404);
  });

  it('reads a part of a file that it asks for', async () => {
    const finch = await startFinch();
    const url = `${server().url}/file/1024`;
    const response = await finch.get(url, { headers: { range: 'bytes=4-9' } });
    expect([response.status, response.text()]).toEqual([206, 'linnet']);
  });

  it('takes a page of an error for a response', async () => {
    const finch = await startFinch();
    const { status, body } = await finch.get(`${server().url}/broken`);
    expect([status, Buffer.from(body).toString()]).toEqual([500, 'broken']);
    expect(seen(await finch.get(`${server().url}/whoami`)).request).toBe(2);
  });
});
