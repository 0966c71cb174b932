import { expect, test } from 'vitest';
import { http1 } from '../../fuzz/http1/target.ts';
import { run } from '../../fuzz/run.ts';

test('5,000 changed responses are read in pieces as whole, and as llhttp reads them or known to differ', async () => {
  const report = await run(http1, { seed: 1, inputs: 5000 });
  expect(report.failures, report.toString()).toEqual([]);
});
