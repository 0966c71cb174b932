// Run by node:test, see runners.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Finch } from '@linnet/finch';
import { FakeOrigin, stubFinch } from '@linnet/finch/testing';

void test('FakeOrigin', async () => {
  await using origin = await FakeOrigin.start();
  origin.on('GET /', { json: { ok: true } });
  await using finch = await Finch.startLink({ name: 'NodeTest' });
  assert.deepEqual((await finch.get(origin.url)).json(), { ok: true });
});

void test('stubFinch', async () => {
  const client = stubFinch({ body: 'stub' });
  assert.equal((await client.get('https://example.com')).text(), 'stub');
});
