import { Supervisor } from '@linnet/otp';
import { expect, onTestFinished, test } from 'vitest';
import { Pool } from '../../src/index.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { startFinch } from '../support/finch.ts';

async function startServer() {
  const server = await startHttpServer((_request, answer) => answer.end('OK'));
  onTestFinished(() => server.close());
  return server;
}

test('an instance that refuses undeclared pools says which pool was probably meant [N5]', async () => {
  const { url } = await startServer();
  const finch = await startFinch({
    undeclared: 'refuse',
    pools: [[Pool.new(url, { tag: 'batch' }), { size: 2 }]],
  });
  const error: unknown = await finch
    .get(url, { poolTag: 'bacth' })
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: 'ERR_FINCH_POOL_NOT_FOUND',
    pool: `${url}#bacth`,
    nearest: `${url}#batch`,
    instance: finch.name,
  });
  expect(String(error)).toContain(
    `has no pool ${url}#bacth, and starts none that was not declared (undeclared: 'refuse'). Did you mean the pool ${url}#batch? `,
  );
  await expect(finch.get(url)).rejects.toMatchObject({ code: 'ERR_FINCH_POOL_NOT_FOUND' });
  await expect(finch.checkout(url)).rejects.toMatchObject({ code: 'ERR_FINCH_POOL_NOT_FOUND' });
  expect((await finch.get(url, { poolTag: 'batch' })).status).toBe(200);
  expect(finch.listPools().map(({ pool }) => pool.tag)).toEqual(['batch']);
});

test('patterns, tags, pools of users and pools that were started by name are declared [N5]', async () => {
  const { url } = await startServer();
  const finch = await startFinch({ undeclared: 'refuse', pools: { '#bulk': { size: 1 } } });
  expect((await finch.get(url, { poolTag: 'bulk' })).status).toBe(200);
  await finch.startPool(Pool.new(url, { tag: 'started' }));
  expect((await finch.get(url, { poolTag: 'started' })).status).toBe(200);
  const own = Pool.childSpec({ finch: finch.name, pool: Pool.new(url, { tag: 'own' }) });
  await using _supervisor = await Supervisor.startLink([own], { strategy: 'one_for_one' });
  expect((await finch.get(url, { poolTag: 'own' })).status).toBe(200);
});

test('without that option any pool is started on demand', async () => {
  const { url } = await startServer();
  const finch = await startFinch();
  expect((await finch.get(url, { poolTag: 'any' })).status).toBe(200);
});
