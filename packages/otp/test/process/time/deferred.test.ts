import { TestClock } from '@linnet/otp/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { defer, undefer } from '../../../src/index.ts';
import type { Deferred } from '../../../src/index.ts';
import { flushDeferred } from '../../../src/process/time/deferred.ts';

class Work implements Deferred {
  older: Deferred | undefined = undefined;
  newer: Deferred | undefined = undefined;
  run: () => void;

  constructor(run: () => void) {
    this.run = run;
  }
}

/** Items that note their names when they are done. */
function works(done: string[], ...names: string[]): Work[] {
  return names.map((name) => new Work(() => void done.push(name)));
}

describe('deferred work', () => {
  test('is done at the end of the turn, in order, without what was taken back', async () => {
    const done: string[] = [];
    const [first, second, third, fourth] = works(done, 'first', 'second', 'third', 'fourth');
    for (const item of [first, second, third, fourth]) defer(item as Work);
    undefer(third as Work);
    undefer(first as Work);
    undefer(fourth as Work);
    defer(first as Work);
    await Promise.resolve();
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual(['second', 'first']);
    await nextTurn();
    expect(done).toHaveLength(2);
  });

  test('may take other work back, and defer some, while it is done', () => {
    const done: string[] = [];
    const [second, third, fourth] = works(done, 'second', 'third', 'fourth') as [Work, Work, Work];
    const first = new Work(() => {
      undefer(second);
      defer(fourth);
    });
    for (const item of [first, second, third]) defer(item);
    flushDeferred();
    expect(done).toEqual(['third', 'fourth']);
    defer(second);
    flushDeferred();
    expect(done).toEqual(['third', 'fourth', 'second']);
  });

  test('is done at once on a clock that is not the system’s, and before it is replaced', () => {
    const done: string[] = [];
    const [first, second] = works(done, 'first', 'second') as [Work, Work];
    defer(first);
    new TestClock().install(onTestFinished);
    expect(done).toEqual(['first']);
    defer(second);
    expect(done).toEqual(['first', 'second']);
  });
});
