import { eventually } from '@linnet/otp/testing';
import { expect, it } from 'vitest';
import { describeH2Server, load, startClient } from './describe-h2-server.ts';
import { nghttpd } from './nghttp2-servers.ts';

describeH2Server(nghttpd, (server) => {
  it('[D7] [H174] [H175] reads trailers apart from the head, 40 times on one connection', async () => {
    const { finch, url, relay } = await startClient(server());
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
    expect(relay.connections).toBe(1);
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
    expect(client.relay.connections).toBeGreaterThan(1);
  });
});
