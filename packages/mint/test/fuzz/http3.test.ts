import { expect, test } from 'vitest';
import { qpack } from '../../fuzz/http3/qpack-target.ts';
import { http3 } from '../../fuzz/http3/target.ts';
import { run } from '../../fuzz/run.ts';

test('a section of QPACK is read as the RFC has it, and as it was written', async () => {
  const report = await run(qpack, { seed: 1, inputs: 3000 });
  expect(report.failures, report.toString()).toEqual([]);
});

test('what servers may say is read in pieces as whole, and each response in its order', async () => {
  const report = await run(http3, { seed: 1, inputs: 2000 });
  expect(report.failures, report.toString()).toEqual([]);
});
