import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assertEvent, createMachine } from 'xstate';
import { EventClasses, matchesWildcard } from '../../src/machine/event-classes.ts';
import { TransitionTable } from '../../src/machine/table.ts';

function xstateMatches(type: string, descriptor: string): boolean {
  try {
    assertEvent({ type }, descriptor);
    return true;
  } catch {
    return false;
  }
}

test("wildcards take the events that xstate's wildcards take", () => {
  const token = fc.constantFrom('a', 'b', '*', '');
  const path = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
  fc.assert(
    fc.property(path, path, (type, prefix) => {
      for (const descriptor of ['*', `${prefix}.*`]) {
        expect(matchesWildcard(type, descriptor)).toBe(xstateMatches(type, descriptor));
      }
    }),
    { numRuns: 2000 },
  );
});

test('event types fall into as many classes as the machine can tell apart', () => {
  const classes = new EventClasses(['A', 'mouse.*', 'mouse.up', '*']);
  const names = Array.from({ length: 1000 }, (_, i) => classes.classOf(`mouse.${i}`));
  expect(new Set(names).size).toBe(1);
  expect(classes.classOf('A')).not.toBe(classes.classOf('B'));
  expect(classes.classOf('B')).toBe(classes.classOf('C'));
  expect(new EventClasses(['A']).classOf('B')).toBeUndefined();
});

test('a flood of unknown event types leaves nothing in the transition table', () => {
  const table = new TransitionTable(
    createMachine({
      initial: 'a',
      states: { a: { on: { 'mouse.*': 'b', KNOWN: 'b' } }, b: { on: { '*': 'a' } } },
    }),
  );
  const a = table.initial.target;
  for (let i = 0; i < 1000; i++) {
    expect(table.step(a, `type ${i}`).target).toBe(a);
    expect(table.step(a, `mouse.${i}`).target.value).toBe('b');
    expect(table.step(table.stateOf('b'), `type ${i}`).target).toBe(a);
  }
  expect([...a.steps.keys()].length).toBeLessThan(5);
  expect(table.stateOf('b').steps.size).toBeLessThan(5);
});
