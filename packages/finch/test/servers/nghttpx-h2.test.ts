import { expect, it } from 'vitest';
import { describeH2Server, load, startClient } from './describe-h2-server.ts';
import { fewRequests, nghttpx, nghttpxFew } from './recipes/nghttp2-servers.ts';
import { startH2Server } from './h2-server.ts';

describeH2Server(nghttpx, (server) => {
  it('[F163] [E9] [H181] loses no request to the GOAWAY after every ten, under load', async () => {
    const few = await startH2Server(nghttpxFew);
    try {
      const client = await startClient(few);
      expect(await load(client, { total: 500, atOnce: 20 })).toEqual({ 200: 500 });
      expect(client.dials.count).toBeGreaterThanOrEqual(500 / fewRequests / 2);
    } finally {
      await few.stop();
    }
  });

  it('[E9] lets what is under way finish when the server stops gracefully', async () => {
    const { program, release } = server();
    try {
      const { finch, url } = await startClient(server());
      await finch.get(`${url}/file/1024`);
      const held = finch.post(`${url}/hold`, 'body');
      await finch.get(`${url}/file/1024`);
      program.signal('SIGQUIT');
      await release(held);
      expect((await held).json()).toMatchObject({ length: 4 });
      await program.ended();
    } finally {
      await program.restart();
    }
  });

  it('hears of a response that breaks off behind the proxy', async () => {
    const { finch, url } = await startClient(server());
    await expect(finch.get(`${url}/reset/body`)).rejects.toMatchObject({ requestSent: true });
    expect((await finch.get(`${url}/file/1024`)).status).toBe(200);
  });
});
