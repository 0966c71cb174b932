/** A server on a Unix socket. */
import { expect, it } from 'vitest';
import { startFinch } from '../../support/finch.ts';
import type { WebServer } from '../web-server.ts';

export function unixSocket(server: () => WebServer): void {
  it('speaks over a Unix socket', async () => {
    const finch = await startFinch();
    const { socketPath } = server();
    const { status, body } = await finch.get('http://localhost/file/65536', {
      unixSocket: socketPath,
    });
    expect([status, body.length]).toEqual([200, 65_536]);
    expect((await finch.get('http://localhost/whoami', { unixSocket: socketPath })).status).toBe(
      200,
    );
    expect(finch.count()).toBe(1);
  });
}
