import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/index.ts';
import { turn } from '../support/eventually.ts';

const source = new URL('../../src/driver/clock.ts', import.meta.url).href;

/** Resolves when an alarm of this delay went off. */
function alarm(ms: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.after(ms, resolve);
  });
}

test('time never goes back', () => {
  const times = Array.from({ length: 100 }, () => systemClock.now());
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test('an alarm goes off once, and not before its time', async () => {
  const began = systemClock.now();
  let count = 0;
  await new Promise<void>((resolve) => {
    systemClock.after(5, () => {
      count++;
      resolve();
    });
  });
  // Timers of Node.js count whole milliseconds, from the beginning of the one that runs.
  expect(systemClock.now() - began).toBeGreaterThanOrEqual(4);
  await alarm(1);
  expect(count).toBe(1);
});

test('an alarm that was cancelled does not go off, and may be cancelled again', async () => {
  let count = 0;
  const cancelled = systemClock.after(1, () => count++);
  cancelled.cancel();
  await alarm(2);
  await turn();
  cancelled.cancel();
  expect(count).toBe(0);
});

test('an alarm in the background goes off, too, while the program runs', async () => {
  await Promise.all([
    new Promise<void>((resolve) => {
      systemClock.after(1, resolve, true);
    }),
    alarm(2),
  ]);
});

test.each([2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY])(
  'an alarm of %d ms does not go off at once, as a timer of Node.js would',
  async (ms) => {
    let count = 0;
    const long = systemClock.after(ms, () => count++);
    await alarm(5);
    await turn(2);
    long.cancel();
    expect(count).toBe(0);
  },
);

test.each([
  ['in the background', 'true', ''],
  ['in the foreground', 'false', 'went off'],
])(
  'a program waits for an alarm in the foreground only: %s',
  async (_where, background, output) => {
    const program =
      `const { systemClock } = await import(${JSON.stringify(source)});` +
      `systemClock.after(50, () => console.log('went off'), ${background});`;
    const args = ['--conditions=@linnet/source', '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout.trim()).toBe(output);
  },
);
