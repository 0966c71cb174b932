import { expect, it } from 'vitest';
import { startFinch } from '../support/finch.ts';
import { caddy } from './recipes/caddy-server.ts';
import { unixSocket } from './behaviour/unix-socket.ts';
import { describeWebServer } from './describe-web-server.ts';

describeWebServer(caddy, (server) => {
  unixSocket(server);

  it('reads a part of a file that it asks for', async () => {
    const finch = await startFinch();
    const url = `${server().url}/file/1024`;
    const response = await finch.get(url, { headers: { range: 'bytes=4-9' } });
    expect([response.status, response.text()]).toEqual([206, 'linnet']);
  });
});
