/** Abstract sockets of Linux, which are in no file system: `\\0name` (unix(7)). */
import { response, startHttp1Server } from '@linnet/mint/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConnectError, Pool } from '../../src/index.ts';
import { rejection } from '../support/rejection.ts';
import { startFinch } from '../support/finch.ts';

describe.runIf(process.platform === 'linux')('an abstract Unix socket [W22h]', () => {
  const unixSocket = `\0linnet-test-${process.pid}`;

  async function start() {
    const server = await startHttp1Server(
      async (peer) => {
        for (;;) {
          const { method, target } = await peer.readRequest();
          await peer.write(response(`${method} ${target}`));
        }
      },
      { path: unixSocket },
    );
    onTestFinished(() => server.close().catch(() => {}));
    return await startFinch();
  }

  test('is connected to by the option of a request, and by its pool', async () => {
    const finch = await start();
    const pool = Pool.from({ scheme: 'http', host: '', port: 0, unixSocket });
    expect(Pool.from(pool.key)).toMatchObject({ key: pool.key, unixSocket });

    expect((await finch.get('http://app/one', { unixSocket })).text()).toBe('GET /one');
    await using lease = await finch.checkout(pool);
    expect((await lease.request('/two')).text()).toBe('GET /two');

    expect(finch.listPools().map(({ pool: { key } }) => key)).toEqual([pool.key]);
    expect(finch.hostStats(unixSocket, 0).active).toBe(1);
  });

  test('that nobody listens on is a ConnectError', async () => {
    const finch = await startFinch();
    const error = await rejection(finch.get('http://app/', { unixSocket: `${unixSocket}-none` }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ reason: 'ECONNREFUSED' });
  });
});
