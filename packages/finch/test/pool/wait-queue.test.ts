import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WaitQueue, type Waiter } from '../../src/pool/wait-queue.ts';

const waiter = (): Waiter => ({
  connected: () => {},
  requeue: () => {},
  failed: () => {},
  fresh: false,
  queue: undefined,
  ticket: 0,
  previousWaiter: undefined,
  nextWaiter: undefined,
});

describe('WaitQueue', () => {
  test('equals a list, whatever is done in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            act: fc.constantFrom('push', 'push', 'shift', 'pop', 'remove', 'take', 'clear'),
            pick: fc.nat(),
          }),
          { maxLength: 60 },
        ),
        (steps) => {
          const queue = new WaitQueue();
          let model: Waiter[] = [];
          for (const { act, pick } of steps) {
            const chosen = model[pick % Math.max(1, model.length)];
            switch (act) {
              case 'push': {
                const added = waiter();
                queue.push(added);
                model.push(added);
                break;
              }
              case 'shift':
                assert.equal(queue.shift(), model.shift());
                break;
              case 'remove':
                if (chosen !== undefined) {
                  queue.remove(chosen);
                  queue.remove(chosen);
                  model = model.filter((other) => other !== chosen);
                }
                break;
              case 'pop':
                assert.equal(queue.pop(), model.pop());
                break;
              case 'take':
                assert.deepEqual(queue.take(pick % 4), model.splice(0, pick % 4));
                break;
              case 'clear':
                assert.deepEqual(queue.take(), model);
                assert(model.every((one) => one.queue === undefined));
                model = [];
                break;
            }
            assert.equal(queue.size, model.length);
            assert.equal(queue.next, model[0]);
          }
          assert.deepEqual(queue.take(), model);
        },
      ),
    );
  });

  test('one who comes from another queue keeps its place', () => {
    const [old, young] = [new WaitQueue(), new WaitQueue()];
    const waiters = Array.from({ length: 6 }, waiter);
    for (const [index, one] of waiters.entries()) (index % 2 === 0 ? old : young).push(one);

    for (const one of old.take()) young.push(one);

    expect(young.take()).toEqual(waiters);
    expect(young.size).toBe(0);
  });

  test('a waiter of another queue is left alone', () => {
    const [one, other] = [new WaitQueue(), new WaitQueue()];
    const waiting = waiter();
    one.push(waiting);

    other.remove(waiting);

    expect(one.size).toBe(1);
    expect(other.size).toBe(0);
  });
});
