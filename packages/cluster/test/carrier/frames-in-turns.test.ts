import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FramesInTurns } from '../../src/carrier/frames-in-turns.ts';

function collector(): { readonly frames: FramesInTurns; readonly handled: number[] } {
  const handled: number[] = [];
  const frames = new FramesInTurns((frame) => handled.push(frame[0] ?? -1));
  return { frames, handled };
}
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('a turn handles so many frames, the next ones what waits, in order', async () => {
  const { frames, handled } = collector();
  for (const i of numbers(20)) frames.push(Uint8Array.of(i));
  expect(handled).toEqual(numbers(8));
  await setImmediate();
  frames.push(Uint8Array.of(20)); // it comes while others wait
  expect(handled).toEqual(numbers(16));
  await setImmediate();
  expect(handled).toEqual(numbers(21));
  frames.push(Uint8Array.of(21)); // nothing waits any more
  expect(handled).toEqual(numbers(22));
});

test('at the end, all that waits is handled at once', async () => {
  const { frames, handled } = collector();
  for (const i of numbers(50)) frames.push(Uint8Array.of(i));
  frames.end();
  expect(handled).toEqual(numbers(50));
  await setImmediate();
  expect(handled).toEqual(numbers(50));
});
