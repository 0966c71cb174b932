import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Tally } from '../../soak/tally.ts';

it('does not give up what a hold-up kept from ending', async () => {
  const tally = new Tally();
  onTestFinished(() => tally.stop());
  await sleep(20);
  const entry = tally.begin('request', 1);
  const before = performance.now();
  // Longer than what a request may be late.
  while (performance.now() < before + 250);
  expect(tally.remaining).toBeGreaterThan(0);
  await sleep(20);
  expect(tally.remaining).toBeGreaterThan(0);
  tally.end(entry, 'ok');
  expect(tally.remaining).toBe(0);
  expect(tally.violations).toEqual([]);
});
