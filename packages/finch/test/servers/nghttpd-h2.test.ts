import { eventually } from '@linnet/otp/testing';
import { expect, it } from 'vitest';
import { large } from './bodies.ts';
import { describeH2Server, load, outcomes, startClient } from './describe-h2-server.ts';
import { nghttpd } from './recipes/nghttp2-servers.ts';

describeH2Server(nghttpd, (server) => {
  it('[D7] [H174] [H175] reads trailers apart from the head, 40 times on one connection', async () => {
    const { finch, url, dials } = await startClient(server());
    for (let count = 0; count < 40; count += 1) {
      const { headers, trailers, text } = await finch.get(`${url}/file/1024`).then((response) => ({
        headers: response.headers,
        trailers: response.trailers,
        text: response.text(),
      }));
      expect(trailers.get('x-trailer')).toBe('at the end');
      expect(headers.get('x-trailer')).toBeUndefined();
      expect(text).toHaveLength(1024);
    }
    expect(dials.count).toBe(1);
  });

  it('loses no innocent request by 2,000 that are given up in a row, nor by 2,000 at once [W18]', async () => {
    const http2 = { streamWindowSize: 65_535 };
    const { finch, url, dials } = await startClient(server(), { size: 20, http2 });
    const innocent: Promise<{ readonly status: number }>[] = [];
    for (let count = 0; count < 2000; count += 1) {
      const response = await finch.open(`${url}/file/${large}`);
      response.cancel();
      if (count % 20 === 0) innocent.push(finch.get(`${url}/file/1024`));
    }
    const controller = new AbortController();
    const { signal } = controller;
    const given = Array.from({ length: 2000 }, () => finch.get(`${url}/file/${large}`, { signal }));
    const abort = outcomes(given);
    innocent.push(finch.get(`${url}/file/1024`));
    controller.abort();
    expect(await outcomes(innocent)).toEqual({ 200: 101 });
    expect(await abort).toEqual({ ERR_FINCH_REQUEST_CANCELLED: 2000 });
    expect(dials.count).toBeLessThan(30);
  });

  it('is over with typed errors, and starts anew, when the server is restarted under load', async () => {
    const client = await startClient(server());
    let restarted: Promise<void> | undefined;
    const counts = await load(client, {
      total: 1000,
      atOnce: 20,
      during: () => (restarted = server().program.restart()),
    });
    await restarted;
    for (const outcome of Object.keys(counts)) expect(outcome).toMatch(/^(200|ERR_FINCH_\w+)$/);
    await eventually(async () => {
      expect((await client.finch.get(`${client.url}/file/1024`)).status).toBe(200);
    });
    expect(client.dials.count).toBeGreaterThan(1);
  });
});
