import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { spawn } from '@linnet/otp';
import { boundedCopy } from '../../../src/process/values/bounded-copy.ts';

class Account {
  readonly owner = 'ada';
  readonly password = 'hunter2';
}

describe('a value for a log', () => {
  test.each<readonly [unknown, unknown]>([
    ['short', 'short'],
    [undefined, undefined],
    [null, null],
    [1.5, 1.5],
    [10n, '10n'],
    [Symbol('s'), 'Symbol(s)'],
    [function named() {}, '[function named]'],
    [new URL('https://example.com/a'), 'https://example.com/a'],
    [/a+/g, '/a+/g'],
    [new ArrayBuffer(3), '[ArrayBuffer of 3 bytes]'],
    [new Map([['a', 1]]), { a: 1 }],
    [new Set([1, 2]), [1, 2]],
    [Promise.resolve(), '[Promise]'],
    [{ toJSON: () => ({ shown: true }) }, { shown: true }],
    [new Proxy({}, {}), '[proxy]'],
  ])('%o is shown as %o', (value, shown) => {
    expect(boundedCopy(value)).toEqual(shown);
  });

  // Not in the table: its title would be megabytes long before it is cut.
  test('a large buffer is shown by its length', () => {
    expect(boundedCopy(Buffer.alloc(2_000_000))).toBe('[Buffer of 2000000 bytes]');
  });

  test('keeps the name of its class when it is printed, and nothing but its fields as JSON', () => {
    const shown = boundedCopy(new Account());
    expect(inspect(shown)).toBe("Account { owner: 'ada', password: '[redacted]' }");
    expect(JSON.stringify(shown)).toBe('{"owner":"ada","password":"[redacted]"}');
  });

  test('shows a pid as the pid that it is', () => {
    const pid = spawn(() => {});
    expect(boundedCopy({ pid })).toEqual({ pid });
  });

  test('is cut: depth, entries, and the length of strings', () => {
    const shown = boundedCopy(
      { a: { b: { c: 1 } }, list: [1, 2, 3, 4], text: 'abcdef', rest: 1 },
      { depth: 2, entries: 3, length: 4 },
    );
    expect(shown).toEqual({
      a: { b: '[Object]' },
      list: [1, 2, 3, '… 1 more'],
      text: 'abcd… 2 more characters',
      '…': '1 more',
    });
  });

  test('of megabytes becomes some kilobytes', () => {
    const row = () => ({
      text: 'x'.repeat(2000),
      more: Array.from({ length: 50 }, () => 'y'.repeat(500)),
    });
    const state = { rows: Array.from({ length: 100 }, row) };
    expect(JSON.stringify(state).length).toBeGreaterThan(2_000_000);
    expect(JSON.stringify(boundedCopy(state)).length).toBeLessThan(50_000);
  });

  test('that contains itself is shown once', () => {
    const value: { self?: unknown; list: unknown[] } = { list: [] };
    value.self = value;
    value.list.push(value);
    expect(boundedCopy(value)).toEqual({ self: '[circular]', list: ['[circular]'] });
  });

  test('is not asked for what its getters compute', () => {
    const value = {
      get computed(): never {
        throw new Error('asked');
      },
    };
    expect(boundedCopy(value)).toEqual({ computed: '[getter]' });
  });

  test('stays as it is', () => {
    const value = Object.freeze({
      password: 'hunter2',
      list: Object.freeze(['authorization', 'x']),
    });
    boundedCopy(value);
    expect(value).toEqual({ password: 'hunter2', list: ['authorization', 'x'] });
  });
});

describe('a secret is not shown', () => {
  test.each([
    [{ Authorization: 'x' }],
    [{ 'x-api-key': 'x' }],
    [{ access_token: 'x' }],
    [{ nested: { cookie: ['x'] } }],
    [new Map([['password', 'x']])],
    [['host', 'example.com', 'authorization', 'x']],
    [[['set-cookie', 'x']]],
    [{ headers: { other: 'Bearer x' } }],
    [Object.assign(new Error('failed'), { config: { auth: { username: 'x', password: 'x' } } })],
    [new Error('failed', { cause: Object.assign(new Error('inner'), { token: 'x' }) })],
  ])('in %o', (value) => {
    const shown = inspect(boundedCopy(value), { depth: 10 }).replaceAll(/ at .*/g, '');
    expect(shown).toContain('[redacted]');
    expect(shown).not.toMatch(/'x'|Bearer/);
  });

  test('under a key that the program names', () => {
    expect(boundedCopy({ iban: 'x', IBan: 'y', other: 1 }, { redact: ['IBAN'] })).toEqual({
      iban: '[redacted]',
      IBan: '[redacted]',
      other: 1,
    });
  });
});

test('an error stays one, with its class, message, stack, cause and fields', () => {
  class QueryError extends Error {
    override readonly name = 'QueryError';
    readonly query = 'x'.repeat(5000);
  }
  const error = new QueryError('failed', { cause: new RangeError('inner') });
  const shown = boundedCopy(error) as QueryError;
  expect(shown).toBeInstanceOf(QueryError);
  expect(shown).toMatchObject({ name: 'QueryError', message: 'failed', stack: error.stack });
  expect(shown.cause).toBeInstanceOf(RangeError);
  expect(shown.query).toHaveLength(1000 + '… 4000 more characters'.length);
  expect(inspect(shown)).toContain('QueryError: failed');
});
