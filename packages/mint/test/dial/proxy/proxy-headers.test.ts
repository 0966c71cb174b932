import { expect, test } from 'vitest';
import { basicAuthorization, isProxyHeaders, parseProxyUrl } from '../../../src/index.ts';

test.each([
  [{ 'x-team': 'payments', 'User-Agent': 'a b' }, true],
  [{}, true],
  [{ Host: 'example.com' }, false],
  [{ 'transfer-encoding': 'chunked' }, false],
  [{ 'x y': 'a' }, false],
  [{ 'x-team': 'a\r\nb: c' }, false],
  [{ 'x-team': 1 }, false],
  [['x-team', 'payments'], false],
  [null, false],
  ['x-team: payments', false],
])('fields for a proxy: %j is accepted: %j', (value, isAccepted) => {
  expect(isProxyHeaders(value)).toBe(isAccepted);
});

test.each([
  ['http://ada:secret@proxy.internal:3128', 'Basic YWRhOnNlY3JldA=='],
  ['https://ada@proxy.internal', 'Basic YWRhOg=='],
  ['http://proxy.internal:3128', undefined],
  ['socks5://ada:secret@proxy.internal', undefined],
])('the credentials in %s make the field %j', (url, field) => {
  const address = parseProxyUrl(url);
  expect(address && basicAuthorization(address)).toBe(field);
});
