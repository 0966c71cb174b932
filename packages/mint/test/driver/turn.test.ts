import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { turn } from '../../src/driver/turn.ts';
import type { TurnUser } from '../../src/driver/turn.ts';

/** The end of a turn of the event loop, after what was due in it. */
async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

/** Notes what it is called for. */
function user(log: string[], name: string, then?: () => void): TurnUser {
  return {
    flush() {
      log.push(name);
      then?.();
    },
  };
}

test('all of a turn are flushed at its end, in order, each once', async () => {
  const log: string[] = [];
  turn.add(user(log, 'a'));
  turn.add(user(log, 'b'));
  await Promise.resolve();
  turn.add(user(log, 'c'));
  expect(log).toEqual([]);
  await nextTurn();
  expect(log).toEqual(['a', 'b', 'c']);
  await nextTurn();
  await nextTurn();
  expect(log).toEqual(['a', 'b', 'c']);
});

test('who is added while the others are flushed comes at the end of the next turn', async () => {
  const log: string[] = [];
  turn.add(user(log, 'a', () => turn.add(user(log, 'b', () => turn.addAfterPoll(user(log, 'c'))))));
  await nextTurn();
  expect(log).toEqual(['a']);
  await nextTurn();
  expect(log).toEqual(['a', 'b']);
  await nextTurn();
  expect(log).toEqual(['a', 'b']);
  await nextTurn();
  expect(log).toEqual(['a', 'b', 'c']);
});

test('who waits for the poll is flushed a turn later than the others', async () => {
  const log: string[] = [];
  turn.addAfterPoll(user(log, 'polled'));
  turn.add(user(log, 'due'));
  await nextTurn();
  expect(log).toEqual(['due']);
  turn.add(user(log, 'next'));
  await nextTurn();
  expect(log).toEqual(['due', 'polled', 'next']);
});

test('nobody is flushed in the context of the one who was added first', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const see: TurnUser = { flush: () => void seen.push(storage.getStore()) };
  storage.run('mine', () => {
    turn.add(see);
    turn.addAfterPoll(see);
  });
  await nextTurn();
  await nextTurn();
  expect(seen).toEqual([undefined, undefined]);
});

test('who throws keeps nobody else from their turn', async () => {
  const log: string[] = [];
  const bug = new Error('a bug in a handler');
  const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
  const others = process.listeners('uncaughtException').slice(0, -1);
  for (const listener of others) process.off('uncaughtException', listener);
  turn.add(
    user(log, 'a', () => {
      throw bug;
    }),
  );
  turn.add(user(log, 'b'));
  expect(await thrown).toBe(bug);
  for (const listener of others) process.on('uncaughtException', listener);
  await nextTurn();
  expect(log).toEqual(['a', 'b']);
});
