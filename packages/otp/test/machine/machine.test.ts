import { isAlive, Machine, self, spawn } from '@linnet/otp';
import { expect, test } from 'vitest';
import { createMachine } from 'xstate';

test('a machine is a process that takes events', async () => {
  const Door = Machine.define(
    createMachine({
      id: 'door',
      initial: 'closed',
      states: {
        closed: { on: { OPEN: 'open' } },
        open: { on: { CLOSE: 'closed', BREAK: 'broken' } },
        broken: { type: 'final' },
      },
    }),
  );
  expect(Door.engine).toBe('table');
  const door = await Door.startLink();
  expect(door.value).toBe('closed');
  expect(door.step({ type: 'OPEN' })).toBe(true);
  expect(door.value).toBe('open');
  expect(door.snapshot().value).toBe('open');
  expect(door.matches('open')).toBe(true);
  expect(door.step({ type: 'BREAK' })).toBe(true);
  expect(isAlive(door.pid)).toBe(false);
  expect(door.step({ type: 'OPEN' })).toBe(false);
});

test('actions of a stepped transition run as the process of the machine', async () => {
  const seen: unknown[] = [];
  const Door = Machine.define(
    createMachine({
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: { entry: () => void seen.push(self()) } },
    }),
  );
  const door = await Door.startLink();
  door.step({ type: 'GO' });
  await new Promise<void>((resolve) => {
    spawn(() => {
      door.step({ type: 'GO' });
      resolve();
    });
  });
  expect(seen).toEqual([door.pid]);
});
