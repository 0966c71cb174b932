import { describe, expect, test } from 'vitest';
import { InvalidRequestError, badValueIndex, isToken, withoutBlanks } from '../src/index.ts';
import {
  checkField,
  checkMethod,
  checkTarget,
  declaredLength,
  expectsBody,
  invalidTrailer,
  isFieldValue,
  lengthMismatch,
  parseLength,
  reserved,
  tokenChars,
  valueChars,
} from '../src/syntax.ts';

const every = Array.from({ length: 256 }, (_, code) => code);

test('the tables say the same of a byte as the expressions say of a character', () => {
  for (const code of every) {
    const char = String.fromCharCode(code);
    expect([code, tokenChars[code] === 1]).toEqual([code, isToken(char)]);
    expect([code, valueChars[code] === 1]).toEqual([code, isFieldValue(char)]);
  }
});

test('a token has one of 77 characters, and no value has a control but the tab', () => {
  expect(every.filter((code) => tokenChars[code] === 1)).toHaveLength(77);
  expect(every.filter((code) => valueChars[code] === 0)).toEqual([
    ...every.slice(0, 9),
    ...every.slice(10, 32),
    127,
  ]);
  expect(isToken('')).toBe(false);
  expect(isFieldValue('')).toBe(true);
  for (const char of ['\u0100', '\u2028', '\ud800', '\uff21']) {
    expect(isToken(char)).toBe(false);
    expect(isFieldValue(char)).toBe(false);
  }
  expect(isToken('a\n')).toBe(false);
  expect(isFieldValue('a\n')).toBe(false);
});

test('the first character that no value may have is found', () => {
  expect(badValueIndex('a \t\xe9')).toBe(-1);
  expect(badValueIndex('a\r\nset-cookie: b')).toBe(1);
  expect(badValueIndex('\u20ac')).toBe(0);
});

test.each([
  [' \ta b\t ', 'a b'],
  ['', ''],
  [' \t ', ''],
  ['\xa0a\x0b', '\xa0a\x0b'],
  ['\r\na', '\r\na'],
])('the blanks around %j are spaces and tabs only', (text, bare) => {
  expect(withoutBlanks(text)).toBe(bare);
  expect(withoutBlanks(`xx${text}yy`, 2, 2 + text.length)).toBe(bare);
});

/** What a request's content-length declares; -1 where it is refused. */
function declared(text: string): number {
  try {
    return declaredLength(text);
  } catch (error) {
    if (error instanceof InvalidRequestError) return -1;
    throw error;
  }
}

describe('a length', () => {
  test.each([
    ['0', 0],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', -1],
    ['9'.repeat(400), -1],
    ['', -1],
    ['-1', -1],
    ['+1', -1],
    ['1 ', -1],
    ['1a', -1],
    ['/', -1],
    [':', -1],
  ])('of %j is %d', (text, length) => {
    expect(parseLength(Buffer.from(`x${text}9`), 1, 1 + text.length)).toBe(length);
    expect(declared(text)).toBe(length);
  });
});

test('a body is expected of methods that have one by definition', () => {
  for (const method of ['PUT', 'POST', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']) {
    expect(expectsBody(method)).toBe(true);
  }
  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'CONNECT', 'post']) {
    expect(expectsBody(method)).toBe(false);
  }
});

test('what cannot be sent is told by its part, what is allowed, and what was given', () => {
  expect(() => checkMethod('a b')).toThrow('The method "a b" cannot be sent. Allowed: a token.');
  expect(() => checkTarget('a b')).toThrow('The target "a b" cannot be sent.');
  expect(() => checkField('a b', 'c')).toThrow('The headers "a b" cannot be sent.');
  expect(() => checkField('a', 'c\n')).toThrow('The value of the header a has a character');
  expect(reserved('host', 'one host')).toMatchObject({ option: 'headers', value: 'host' });
  expect(lengthMismatch(5, 6)).toMatchObject({ option: 'body', value: 6 });
  expect(invalidTrailer('te')).toMatchObject({ option: 'trailers', value: 'te' });
  checkMethod('GET');
  checkMethod('M-SEARCH');
  checkTarget('/');
  checkField('a', '');
});
