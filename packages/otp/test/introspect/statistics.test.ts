import { exit, receive, self, send, spawn, statistics } from '@linnet/otp';
import { settle } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';

test('counts processes, and the work that is done and to be done', async () => {
  await settle();
  const before = statistics();
  const pid = spawn(async () => {
    for (;;) await receive();
  });
  onTestFinished(() => exit(pid, 'kill'));
  expect(statistics()).toMatchObject({
    processes: before.processes + 1,
    runQueue: before.runQueue + 1,
  });
  for (let i = 0; i < 20_000; i++) send(pid, i);
  await settle();
  const after = statistics();
  expect(after.runQueue).toBe(0);
  // A receive that had to wait for the next turn of the event loop is not counted.
  expect(after.reductions - before.reductions).toBeGreaterThan(19_000);
  expect(after.reductions - before.reductions).toBeLessThan(60_000);
});

test('reductions only grow, also when a slow handler ends the turn early', async () => {
  const seen: number[] = [];
  const slow = spawn(async () => {
    for (let i = 0; i < 200; i++) {
      send(self(), i);
      await receive();
      seen.push(statistics().reductions);
      const until = performance.now() + 0.2;
      while (performance.now() < until);
    }
  });
  onTestFinished(() => exit(slow, 'kill'));
  await settle();
  expect(seen.length).toBe(200);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
});
