import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = join(import.meta.dirname, 'without-quic.ts');

test('where the package with QUIC is missing, pools stay with TCP, and one with HTTP/3 alone says what to install', async () => {
  const args = ['--conditions=@linnet/source', program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { answers, warnings, error } = JSON.parse(stdout) as {
    answers: string[];
    warnings: string[];
    error: { code: string; message: string; requestSent: boolean; origin: string };
  };
  expect(answers).toEqual(Array.from({ length: 6 }, () => 'TCP'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(
    /^LINNET_FINCH_HTTP3_UNAVAILABLE: https:.* offers HTTP\/3, .*npm install @matrixai\/quic/,
  );
  expect(error).toMatchObject({ code: 'ERR_FINCH_HTTP3_UNAVAILABLE', requestSent: false });
  expect(error.origin).toMatch(/^https:\/\/localhost:\d+$/);
  expect(error.message).toContain('npm install @matrixai/quic');
});
