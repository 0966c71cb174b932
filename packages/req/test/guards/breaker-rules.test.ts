import { expect, test } from 'vitest';
import { BreakerRules } from '../../src/guards/breaker-rules.ts';
import { breakerSchema } from '../../src/options/index.ts';

const rules = (settings: object) => new BreakerRules({ ...breakerSchema.defaults, ...settings });

test('so many failures in a row open it, a success between them does not', () => {
  const breaker = rules({ failures: 3 });
  expect([breaker.failure(0), breaker.failure(1)]).toEqual([false, false]);
  breaker.success(2);
  expect([breaker.failure(3), breaker.failure(4), breaker.failure(5)]).toEqual([
    false,
    false,
    true,
  ]);
});

test('a part of the calls within the window opens it, from the minimum of calls on', () => {
  const breaker = rules({ failures: 100, failureRate: 0.5, minimumCalls: 4, window: 1000 });
  breaker.success(0);
  expect(breaker.failure(10)).toBe(false);
  breaker.success(20);
  expect(breaker.failure(30)).toBe(true);
});

test('what is older than the window does not count', () => {
  const breaker = rules({ failures: 100, failureRate: 0.5, minimumCalls: 4, window: 1000 });
  for (const at of [0, 1, 2]) breaker.failure(at);
  for (const at of [1100, 1101, 1102, 1103]) breaker.success(at);
  expect(breaker.failure(1104)).toBe(false);
  expect(breaker.failure(9000)).toBe(false);
});

test('reset forgets', () => {
  const breaker = rules({ failures: 2 });
  breaker.failure(0);
  breaker.reset();
  expect(breaker.failure(1)).toBe(false);
});
