import { expect, test } from 'vitest';
import { charsetOf } from '../../src/response/media-type.ts';

test.each([
  ['text/plain', undefined],
  ['', undefined],
  [';', undefined],
  ['text/plain; charset=utf-8', 'utf-8'],
  ['text/plain;charset="utf-8"', 'utf-8'],
  ['text/plain;CHARSET=UTF-8', 'UTF-8'],
  ['text/plain ; charset = utf-8 ; a=b', 'utf-8'],
  ['text/plain; a=b; charset=utf-8', 'utf-8'],
  ['text/plain; charset="utf\\-8"', 'utf-8'],
  ['text/plain; charset="utf-8', 'utf-8'],
  ['text/plain; charset=" utf-8 "', 'utf-8'],
  // Only the parameter, not what looks like one inside of another.
  ['text/plain; title="a; charset=utf-16"', undefined],
  ['text/plain; title="a; charset=utf-16"; charset=utf-8', 'utf-8'],
  ['text/plain; title="a\\"; charset=utf-16"; charset=utf-8', 'utf-8'],
  ['text/plain; title="a\\\\"; charset=utf-8', 'utf-8'],
  ['text/plain; title="; charset=utf-16', undefined],
  ['text/plain; x-charset=utf-16', undefined],
  ['text/plain; "charset"=utf-16', undefined],
  ['text/plain; charset; charset=utf-8', 'utf-8'],
  ['charset=utf-16', undefined],
  // The first one counts, if it says something.
  ['text/plain; charset=utf-8; charset=utf-16', 'utf-8'],
  ['text/plain; charset=; charset=utf-8', 'utf-8'],
  ['text/plain; charset=""; charset=utf-8', 'utf-8'],
])('the charset of %j is %j [W22e]', (contentType, charset) => {
  expect(charsetOf(contentType)).toBe(charset);
});

test('a long content type is read in linear time', () => {
  for (const piece of ['; ', ';   "', ';a="\\', '; charset ', '"', ';=', '=']) {
    expect(charsetOf(`a/b;${piece.repeat(100_000)};`)).toBeUndefined();
  }
});
