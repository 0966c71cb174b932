import { expect, test } from 'vitest';
import { http2 } from '../../fuzz/http2/target.ts';
import { run } from '../../fuzz/run.ts';

test('what servers may say is read in pieces as whole, and as nghttp2 reads it or known to differ', async () => {
  const report = await run(http2, { seed: 1, inputs: 1000 });
  expect(report.failures, report.toString()).toEqual([]);
});
