import { expect, it } from 'vitest';
import { caddyH2 } from './recipes/caddy-h2-server.ts';
import { describeH2Server, outcomes, startClient } from './describe-h2-server.ts';

describeH2Server(caddyH2, (server) => {
  it('[F162] refuses a head beyond maxHeaderSize, and goes on over the same connection', async () => {
    const { finch, url, dials } = await startClient(server(), { maxHeaderSize: 4096 });
    await expect(finch.get(`${url}/large-head`)).rejects.toMatchObject({
      code: 'ERR_FINCH_RESPONSE_TOO_LARGE',
    });
    expect((await finch.get(`${url}/file/1024`)).status).toBe(200);
    expect(dials.count).toBe(1);
  });

  it('[F162] ends a request whose fields are too large for the server, and goes on', async () => {
    const { finch, url } = await startClient(server());
    const headers = { 'x-large': 'x'.repeat(2_000_000) };
    const [outcome] = Object.keys(await outcomes([finch.get(`${url}/file/1024`, { headers })]));
    expect(outcome).toMatch(/^(4\d\d|ERR_FINCH_\w+)$/);
    expect((await finch.get(`${url}/file/1024`)).status).toBe(200);
  });

  it('hears of a response that breaks off behind the proxy', async () => {
    const { finch, url } = await startClient(server());
    await expect(finch.get(`${url}/origin/reset/body`)).rejects.toMatchObject({
      requestSent: true,
    });
    expect((await finch.get(`${url}/file/1024`)).status).toBe(200);
  });

  it('[E9] lets what is under way finish when the server stops gracefully', async () => {
    const { program, release } = server();
    try {
      const { finch, url } = await startClient(server());
      await finch.get(`${url}/file/1024`);
      const held = finch.post(`${url}/origin/hold`, 'body');
      await finch.get(`${url}/file/1024`);
      program.signal('SIGTERM');
      await release(held);
      expect((await held).json()).toMatchObject({ length: 4 });
      await program.ended();
    } finally {
      await program.restart();
    }
  });
});
