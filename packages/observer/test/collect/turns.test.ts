import { DynamicSupervisor } from '@linnet/otp';
import { setImmediate } from 'node:timers';
import { expect, test } from 'vitest';
import { startProgram, uniqueName } from '../support/program.ts';
import { Worker } from '../support/workers.ts';

/** How many turns of the event loop there were while something was done. */
async function turnsOf(act: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let next = setImmediate(function again() {
    turns++;
    next = setImmediate(again);
  });
  await act();
  clearImmediate(next);
  return turns;
}

test('documents of 5,000 processes are made in turns of some hundred', async () => {
  const name = uniqueName('Many');
  const { observer } = await startProgram({ port: false, authorize: () => true }, [
    DynamicSupervisor.childSpec({ name }),
  ]);
  for (let i = 0; i < 5000; i++) {
    await DynamicSupervisor.startChild(name, Worker.childSpec('', { name: `${name}-${i}` }));
  }
  const look = (page: string) => async (): Promise<void> => {
    await (await observer.handler(new Request(`http://localhost/api/${page}`))).text();
  };
  // To look at each, to put each in its place, to flatten the tree, and to search it: 10 turns or more each.
  expect(await turnsOf(look(`tree?search=${name}-17`))).toBeGreaterThanOrEqual(40);
  // The look is the one of a moment ago, or a new one; the table has 10 turns of its own.
  expect(await turnsOf(look('processes?sort=name'))).toBeGreaterThanOrEqual(10);
  expect(await turnsOf(look('registry'))).toBeGreaterThanOrEqual(10);
});
