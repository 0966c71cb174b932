import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { ConnectionStack } from '../../src/pool/connection-stack.ts';
import { WaitQueue, type Waiter } from '../../src/pool/wait-queue.ts';

const waiter = (): Waiter => ({
  connected: () => {},
  requeue: () => {},
  failed: () => {},
  connectTimeout: undefined,
  fresh: false,
  dialling: () => {},
  dialGone: () => {},
  dialLost: () => false,
  queue: undefined,
  ticket: 0,
  previousWaiter: undefined,
  nextWaiter: undefined,
  dial: undefined,
});

const connection = (): Connection =>
  ({
    stack: undefined,
    above: undefined,
    below: undefined,
    openedFor: [],
  }) as unknown as Connection;

describe('WaitQueue', () => {
  test('equals a list, whatever is done in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            act: fc.constantFrom(
              'push',
              'shift',
              'remove',
              'assign',
              'unassign',
              'settle',
              'first',
              'clear',
            ),
            pick: fc.nat(),
          }),
          { maxLength: 60 },
        ),
        (steps) => {
          const queue = new WaitQueue();
          let model: Waiter[] = [];
          const dial = connection();
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
              case 'assign':
                if (chosen !== undefined && chosen.dial === undefined) queue.assign(chosen, dial);
                break;
              case 'unassign':
                if (chosen !== undefined) queue.unassign(chosen);
                break;
              case 'settle':
                {
                  const asked = new Set(model.filter((one) => one.dial === dial));
                  const settled = queue.settle(dial);
                  assert.deepEqual(new Set(settled), asked);
                  assert.equal(settled.length, asked.size);
                }
                break;
              case 'first':
                assert.equal(
                  queue.firstUnassigned(),
                  model.find((one) => one.dial === undefined),
                );
                break;
              case 'clear':
                assert.deepEqual(queue.clear(), model);
                assert(model.every((one) => one.queue === undefined && one.dial === undefined));
                model = [];
                break;
            }
            assert.equal(queue.size, model.length);
            assert.equal(queue.unassigned, model.filter((one) => one.dial === undefined).length);
          }
          assert.deepEqual(queue.clear(), model);
        },
      ),
    );
  });

  test('one who comes from another queue keeps its place', () => {
    const [old, young] = [new WaitQueue(), new WaitQueue()];
    const waiters = Array.from({ length: 6 }, waiter);
    for (const [index, one] of waiters.entries()) (index % 2 === 0 ? old : young).push(one);

    for (const one of old.clear()) young.push(one);

    expect(young.clear()).toEqual(waiters);
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

describe('ConnectionStack', () => {
  test('equals a list, whatever is done in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ act: fc.constantFrom('push', 'pop', 'remove'), pick: fc.nat() }), {
          maxLength: 60,
        }),
        (steps) => {
          const stack = new ConnectionStack();
          let model: Connection[] = [];
          for (const { act, pick } of steps) {
            if (act === 'push') {
              const added = connection();
              stack.push(added);
              model.push(added);
            } else if (act === 'pop') {
              assert.equal(stack.pop(), model.pop());
            } else {
              const chosen = model[pick % Math.max(1, model.length)];
              if (chosen !== undefined) {
                stack.remove(chosen);
                stack.remove(chosen);
                model = model.filter((other) => other !== chosen);
              }
            }
            assert.equal(stack.size, model.length);
            assert.equal(stack.oldest(), model[0]);
          }
        },
      ),
    );
  });
});
