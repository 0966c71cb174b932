import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fifo } from '../../src/exchange/fifo.ts';

test('gives what was put in, in order, whatever is done in between', () => {
  const step = fc.constantFrom('push', 'push', 'shift', 'drain', 'clear');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const queue = new Fifo<number>();
      const model: number[] = [];
      for (const [index, name] of steps.entries()) {
        const [given, expected] = play(name, index, queue, model);
        expect(given).toEqual(expected);
        expect(queue.length).toBe(model.length);
      }
    }),
  );
});

test('takes an entry in constant time, however many there are', () => {
  const queue = new Fifo<number>();
  const many = 2_000_000;
  for (let index = 0; index < many; index += 1) queue.push(index);
  let sum = 0;
  for (let index = 0; index < many; index += 1) sum += queue.shift() ?? 0;
  expect(sum).toBe((many * (many - 1)) / 2);
  expect(queue.shift()).toBeUndefined();
});

/** Does the same with both; what each gave. */
function play(name: string, index: number, queue: Fifo<number>, model: number[]): unknown[] {
  switch (name) {
    case 'push':
      return [queue.push(index), void model.push(index)];
    case 'shift':
      return [queue.shift(), model.shift()];
    case 'drain':
      return [queue.drain(), model.splice(0)];
    default:
      return [queue.clear(), void model.splice(0)];
  }
}
