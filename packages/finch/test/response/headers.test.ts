import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ResponseHeaders } from '../../src/response/index.ts';

const raw = [
  Buffer.from('Content-Type'),
  Buffer.from('text/plain'),
  'X-Many',
  'a',
  Buffer.from('Set-Cookie'),
  Buffer.from('a=1'),
  'x-many',
  'b',
  'set-cookie',
  'b=2',
  'x-latin',
  Buffer.from('Zo\xeb', 'latin1'),
];

test('many fields of one name are read, and shown, in linear time [W4]', () => {
  const many = 200_000;
  const fields = ['x-a', 'b'];
  for (let index = 0; index < many; index += 1) {
    fields.push('set-cookie', `a=${index}`, 'x-many', String(index));
  }
  const headers = new ResponseHeaders(fields);

  const object = headers.toObject();

  expect(object['set-cookie']).toHaveLength(many);
  expect(object['set-cookie']?.at(-1)).toBe(`a=${many - 1}`);
  expect(object['x-many']).toBe(headers.get('x-many'));
  expect(headers.getAll('x-many')).toHaveLength(many);
  expect(inspect(headers)).toMatch(/^ResponseHeaders \{\n {2}'x-a': 'b'/);
});

test('each object of the headers is the caller’s own', () => {
  const headers = new ResponseHeaders(['set-cookie', 'a', 'set-cookie', 'b']);
  (headers.toObject()['set-cookie'] as string[]).push('c');
  expect(headers.toObject()).toEqual({ 'set-cookie': ['a', 'b'] });
});

describe('response headers', () => {
  const headers = new ResponseHeaders(raw);

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

  test('decode bytes as latin1, whatever kind of bytes they are', () => {
    expect(headers.get('x-latin')).toBe('Zoë');
    const bytes = new Uint8Array([0xff, 0x41, 0xe9]).subarray(1);
    expect(new ResponseHeaders(['a', bytes]).get('a')).toBe('Aé');
  });

  test('become an object without prototype, cookies always a list', () => {
    expect(headers.toObject()).toEqual({
      'content-type': 'text/plain',
      'x-many': 'a, b',
      'set-cookie': ['a=1', 'b=2'],
      'x-latin': 'Zoë',
    });
    const tricky = new ResponseHeaders(['__proto__', 'x', 'set-cookie', 'a=1']).toObject();
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
    expect(inspect(new ResponseHeaders(['A', 'b', 'set-cookie', 'c=d']))).toBe(
      "ResponseHeaders { a: 'b', 'set-cookie': [ 'c=d' ] }",
    );
  });

  test('are empty without fields', () => {
    expect(new ResponseHeaders([])).toHaveLength(0);
    expect(new ResponseHeaders([]).get('a')).toBeUndefined();
  });
});
