import { eventually } from '@linnet/otp/testing';
import { expect, it } from 'vitest';
import type { Response } from '../../src/index.ts';
import { describeH2Server, load, outcomes, startClient } from './describe-h2-server.ts';
import { fewRequests, nginxH2 } from './recipes/nginx-h2-server.ts';

/** What `/whoami` says: the number of the connection, and of the request on it. */
function seen(response: Response): { connection: number; request: number; protocol: string } {
  const [connection = 0, request = 0] = response.text().split('/').map(Number);
  return { connection, request, protocol: response.text().split('/').slice(2).join('/') };
}

describeH2Server(nginxH2, (server) => {
  it('is seen by the server as one connection that carries all requests', async () => {
    const { finch, url } = await startClient(server());
    const all = await Promise.all(Array.from({ length: 50 }, () => finch.get(`${url}/whoami`)));
    const connections = new Set(all.map((response) => seen(response).connection));
    const requests = all.map((response) => seen(response).request).sort((a, b) => a - b);
    expect(connections.size).toBe(1);
    expect(requests).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(all.map((response) => seen(response).protocol)).toEqual(all.map(() => 'HTTP/2.0'));
  });

  it('[F163] [F190] [E9] [H181] loses no request to the GOAWAY after every ten, under load', async () => {
    const client = await startClient(server(), {}, 'few');
    expect(await load(client, { total: 500, atOnce: 20 })).toEqual({ 200: 500 });
    expect(client.dials.count).toBeGreaterThanOrEqual(500 / fewRequests);
  });

  it('[H181] loses no request to the GOAWAY after every ten, one after the other', async () => {
    const { finch, url, dials } = await startClient(server(), { size: 1 }, 'few');
    const requests: number[] = [];
    for (let count = 0; count < 35; count += 1) {
      requests.push(seen(await finch.get(`${url}/whoami`)).request);
    }
    expect(Math.max(...requests)).toBeLessThanOrEqual(fewRequests);
    expect(dials.count).toBeGreaterThanOrEqual(4);
  });

  it('[D17] [E10] opens further connections, up to `size`, for more streams than the server allows on one', async () => {
    const { finch, url, dials } = await startClient(
      server(),
      { size: 3, http2: { waitForServerSettings: true } },
      'two',
    );
    const all = Array.from({ length: 60 }, () => finch.get(`${url}/origin/file/1024`));
    expect(await outcomes(all)).toEqual({ 200: 60 });
    expect(dials.count).toBe(3);
  });

  it('[D16] [D17] loses no request that it sent before it knew how few streams the server allows', async () => {
    const { finch, url, dials } = await startClient(server(), { size: 3 }, 'two');
    const all = Array.from({ length: 60 }, () => finch.get(`${url}/origin/file/1024`));
    expect(await outcomes(all)).toEqual({ 200: 60 });
    expect(dials.count).toBeLessThanOrEqual(3);
  });

  it('[D17] queues with one connection for two streams at a time', async () => {
    const { finch, url, dials } = await startClient(server(), { size: 1 }, 'two');
    const all = Array.from({ length: 40 }, () => finch.get(`${url}/whoami`));
    expect(await outcomes(all)).toEqual({ 200: 40 });
    expect(dials.count).toBe(1);
  });

  it('[F162] refuses a head beyond maxHeaderSize, and goes on over the same connection', async () => {
    const { finch, url, dials } = await startClient(server(), { maxHeaderSize: 4096 });
    await expect(finch.get(`${url}/large-head`)).rejects.toMatchObject({
      code: 'ERR_FINCH_RESPONSE_TOO_LARGE',
    });
    expect((await finch.get(`${url}/whoami`)).status).toBe(200);
    expect(dials.count).toBe(1);
  });

  it('[F162] ends a request whose fields are too large for the server, and goes on', async () => {
    const { finch, url } = await startClient(server());
    const headers = { 'x-large': 'x'.repeat(200_000) };
    const [outcome] = Object.keys(await outcomes([finch.get(`${url}/whoami`, { headers })]));
    expect(outcome).toMatch(/^(4\d\d|ERR_FINCH_\w+)$/);
    expect((await finch.get(`${url}/whoami`)).status).toBe(200);
  });

  it('loses no request while the server is reloaded under load', async () => {
    const client = await startClient(server());
    const counts = await load(client, {
      total: 2000,
      atOnce: 30,
      during: () => server().program.signal('SIGHUP'),
    });
    expect(counts).toEqual({ 200: 2000 });
    // The worker that goes away says so to its connections; there is a second one then.
    await eventually(async () => {
      await client.finch.get(`${client.url}/whoami`);
      expect(client.dials.count).toBeGreaterThan(1);
    });
  });

  it('lets a response that is under way finish while the server is reloaded', async () => {
    const { finch, url } = await startClient(server());
    const held = finch.post(`${url}/origin/hold`, 'body');
    expect((await finch.get(`${url}/whoami`)).status).toBe(200);
    server().program.signal('SIGHUP');
    await server().release(held);
    expect((await held).json()).toMatchObject({ length: 4 });
  });

  it('is over with typed errors, and starts anew, when the server is restarted under load', async () => {
    const client = await startClient(server(), { connOpts: { tls: { ca: server().ca } } });
    let restarted: Promise<void> | undefined;
    const counts = await load(client, {
      total: 500,
      atOnce: 10,
      during: () => (restarted = server().program.restart()),
    });
    await restarted;
    for (const outcome of Object.keys(counts)) expect(outcome).toMatch(/^(200|ERR_FINCH_\w+)$/);
    expect((await client.finch.get(`${client.url}/whoami`)).status).toBe(200);
  });
});
