import { expect, it } from 'vitest';
import { startFinch } from '../support/finch.ts';
import { requestLimit } from './behaviour/request-limit.ts';
import { reload } from './behaviour/restarts.ts';
import { unixSocket } from './behaviour/unix-socket.ts';
import { describeWebServer } from './describe-web-server.ts';
import { command, haproxy } from './recipes/haproxy-server.ts';

describeWebServer(haproxy, (server) => {
  requestLimit(server);
  unixSocket(server);
  reload(server, 'SIGUSR2');

  it('says 503 while what is behind it is stopped, on a connection that is kept', async () => {
    const finch = await startFinch();
    expect((await finch.get(`${server().url}/origin/status/200`)).status).toBe(200);
    await command(server(), 'disable server origin/origin');
    expect((await finch.get(`${server().url}/origin/status/200`)).status).toBe(503);
    await command(server(), 'enable server origin/origin');
    expect((await finch.get(`${server().url}/origin/status/200`)).status).toBe(200);
    expect(finch.count()).toBe(1);
  });

  it('ends requests whose sessions are killed with a typed error, and serves the next', async () => {
    const finch = await startFinch();
    const url = `${server().url}/origin/silence`;
    const opened = await Promise.all(Array.from({ length: 5 }, () => finch.open(url)));
    const readings = opened.map((response) => response.bytes().catch((error: unknown) => error));
    await command(server(), 'shutdown sessions server origin/origin');
    for (const error of await Promise.all(readings)) {
      expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED', requestSent: true });
    }
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
  });
});
