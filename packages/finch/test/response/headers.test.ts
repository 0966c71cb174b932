import { inspect } from 'node:util';
import { Fields } from '@linnet/mint';
import { describe, expect, test } from 'vitest';
import { ResponseHeaders } from '../../src/response/index.ts';

const raw = [
  'Content-Type',
  'text/plain',
  'X-Many',
  'a',
  'Set-Cookie',
  'a=1',
  'x-many',
  'b',
  'set-cookie',
  'b=2',
  'x-latin',
  'Zo\xeb',
];

test('many fields of one name are read, and shown, in linear time [W4]', () => {
  const many = 200_000;
  const fields = ['x-a', 'b'];
  for (let index = 0; index < many; index += 1) {
    fields.push('set-cookie', `a=${index}`, 'x-many', String(index));
  }
  const headers = new ResponseHeaders(Fields.of(fields));

  const object = headers.toObject();

  expect(object['set-cookie']).toHaveLength(many);
  expect(object['set-cookie']?.at(-1)).toBe(`a=${many - 1}`);
  expect(object['x-many']).toBe(headers.get('x-many'));
  expect(headers.getAll('x-many')).toHaveLength(many);
  expect(inspect(headers)).toMatch(/^ResponseHeaders \{\n {2}'x-a': 'b'/);
});

test('each object of the headers is the caller’s own', () => {
  const headers = new ResponseHeaders(Fields.of(['set-cookie', 'a', 'set-cookie', 'b']));
  (headers.toObject()['set-cookie'] as string[]).push('c');
  expect(headers.toObject()).toEqual({ 'set-cookie': ['a', 'b'] });
});

describe('response headers', () => {
  const headers = new ResponseHeaders(Fields.of(raw));

  test('are an array of pairs in order, names in lower case, duplicates kept', () => {
    expect(Array.isArray(headers)).toBe(true);
    expect(headers).toHaveLength(6);
    expect(headers[0]).toEqual(['content-type', 'text/plain']);
    expect([...headers].map(([name]) => name)).toEqual([
      'content-type',
      'x-many',
      'set-cookie',
      'x-many',
      'set-cookie',
      'x-latin',
    ]);
  });

  test('answer by name in any case', () => {
    expect(headers.get('CONTENT-type')).toBe('text/plain');
    expect(headers.get('x-many')).toBe('a, b');
    expect(headers.get('missing')).toBeUndefined();
    expect(headers.has('X-MANY')).toBe(true);
    expect(headers.has('missing')).toBe(false);
    expect(headers.getAll('missing')).toEqual([]);
  });

  test('do not join cookies', () => {
    expect(headers.get('Set-Cookie')).toBe('a=1');
    expect(headers.getAll('Set-Cookie')).toEqual(['a=1', 'b=2']);
  });

  test('have a character for each byte', () => {
    expect(headers.get('x-latin')).toBe('Zoë');
  });

  test('become an object without prototype, cookies always a list', () => {
    expect(headers.toObject()).toEqual({
      'content-type': 'text/plain',
      'x-many': 'a, b',
      'set-cookie': ['a=1', 'b=2'],
      'x-latin': 'Zoë',
    });
    const tricky = new ResponseHeaders(
      Fields.of(['__proto__', 'x', 'set-cookie', 'a=1']),
    ).toObject();
    expect(Object.keys(tricky)).toEqual(['__proto__', 'set-cookie']);
    expect(tricky['set-cookie']).toEqual(['a=1']);
  });

  test('give plain arrays to map and filter', () => {
    const names = headers.map(([name]) => name);
    expect(names.constructor).toBe(Array);
    expect(headers.filter(([name]) => name === 'x-many').constructor).toBe(Array);
  });

  test('are written as pairs in JSON and by name in console.log', () => {
    expect(JSON.parse(JSON.stringify(headers))).toHaveLength(6);
    expect(inspect(new ResponseHeaders(Fields.of(['A', 'b', 'set-cookie', 'c=d'])))).toBe(
      "ResponseHeaders { a: 'b', 'set-cookie': [ 'c=d' ] }",
    );
  });

  test('are empty without fields', () => {
    expect(new ResponseHeaders(Fields.of([]))).toHaveLength(0);
    expect(new ResponseHeaders(Fields.of([])).get('a')).toBeUndefined();
  });
});
