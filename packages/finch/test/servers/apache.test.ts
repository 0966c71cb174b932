import { expect, it } from 'vitest';
import { startFinch } from '../support/finch.ts';
import { apache } from './recipes/apache-server.ts';
import { requestLimit } from './behaviour/request-limit.ts';
import { reload } from './behaviour/restarts.ts';
import { describeWebServer } from './describe-web-server.ts';

describeWebServer(apache, (server) => {
  requestLimit(server);
  reload(server, 'SIGUSR1');

  it('reads a part of a file that it asks for', async () => {
    const finch = await startFinch();
    const url = `${server().url}/file/1024`;
    const response = await finch.get(url, { headers: { range: 'bytes=4-9' } });
    expect([response.status, response.text()]).toEqual([206, 'linnet']);
  });

  it('does not keep a connection that `Keep-Alive: timeout` says is about to end', async () => {
    const finch = await startFinch();
    const { headers } = await finch.get(`${server().shortUrl}/whoami`);
    expect(headers.get('keep-alive')).toContain('timeout=1');
    expect(finch.count()).toBe(0);
  });
});
