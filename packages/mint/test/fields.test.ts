import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Fields } from '../src/index.ts';

const lines = 'Content-Type: text/plain\r\nA:\t1 \r\na: 2\r\nempty:\r\n';

describe.each([
  ['of lines', Fields.ofLines(lines, 14, 24, 5)],
  ['of lines whose type nobody looked for', Fields.ofLines(lines, 0, 0, 5)],
  [
    'of lines that are not regular',
    Fields.ofIrregularLines(
      'Content-Type: text/\r\n plain\nA: 1\na: 2\nempty:\r\n'.replace('/\r\n ', '/'),
      5,
    ),
  ],
  ['of a list', Fields.of(['Content-Type', 'text/plain', 'A', '1', 'a', '2', 'empty', ''], 5)],
])('fields %s', (_what, fields) => {
  test('are a flat list, in order, in the case of the peer, the same each time', () => {
    expect(fields.list).toEqual(['Content-Type', 'text/plain', 'A', '1', 'a', '2', 'empty', '']);
    expect(fields.list).toBe(fields.list);
  });

  test('are pairs', () => {
    expect([...fields]).toEqual([
      ['Content-Type', 'text/plain'],
      ['A', '1'],
      ['a', '2'],
      ['empty', ''],
    ]);
  });

  test('give the first value of a name', () => {
    expect(fields.get('a')).toBe('1');
    expect(fields.get('content-type')).toBe('text/plain');
    expect(fields.get('empty')).toBe('');
    expect(fields.get('b')).toBeUndefined();
  });

  test('give the type and the length of the content', () => {
    expect(fields.contentType).toBe('text/plain');
    expect(fields.contentLength).toBe(5);
  });
});

test('none are none', () => {
  expect(Fields.of([])).toBe(Fields.none);
  expect(Fields.ofIrregularLines('', -1)).toBe(Fields.none);
  expect([...Fields.none]).toEqual([]);
  expect(Fields.none).toMatchObject({ contentLength: -1, contentType: undefined, list: [] });
  expect(Fields.of(['a', 'b']).contentLength).toBe(-1);
  expect(Fields.none.isEmpty).toBe(true);
  expect(Fields.of(['a', 'b']).isEmpty).toBe(false);
  expect(Fields.ofLines('a: b\r\n', 0, 0, -1).isEmpty).toBe(false);
});

test('a line that goes on is joined by one space, and white space around it is nothing', () => {
  const folded = 'a: b \t\n \tc\r\n\r\td\nempty:\n \r\n late \ne: f\n';
  expect(Fields.ofIrregularLines(folded.replace('\r\n\r\t', '\r\n\t'), -1).list).toEqual([
    'a',
    'b c d',
    'empty',
    'late',
    'e',
    'f',
  ]);
});

test('[W4] 26,000 fields are taken apart in linear time', () => {
  const many = Fields.ofLines('set-cookie: a=1\r\n'.repeat(26_000), 0, 0, -1);
  expect(many.list).toHaveLength(52_000);
  expect(many.get('set-cookie')).toBe('a=1');
});

test('fields are printed as pairs, however they are kept', () => {
  expect(inspect(Fields.ofLines('a: b\r\n', 0, 0, -1))).toBe("[ [ 'a', 'b' ] ]");
  expect(inspect(Fields.of(['a', 'b']))).toBe("[ [ 'a', 'b' ] ]");
});
