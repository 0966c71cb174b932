import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Lag } from '../../soak/lag.ts';

it('excuses what held up the turn in which a timer was armed', async () => {
  const lag = new Lag();
  onTestFinished(() => lag.stop());
  await sleep(20);
  const armedAt = performance.now();
  while (performance.now() < armedAt + 100);
  await sleep(20);
  expect(lag.excuse(armedAt, armedAt + 60_000)).toBeGreaterThan(80);
});
