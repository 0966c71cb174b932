import { expect, test } from 'vitest';
import { NoProxy } from '../../../src/index.ts';

test.each([
  // Names, as curl reads them: a name and everything below it.
  ['example.com', 'example.com', true],
  ['example.com', 'www.example.com', true],
  ['example.com', 'a.b.example.com', true],
  ['example.com', 'notexample.com', false],
  ['example.com', 'example.com.evil', false],
  ['www.example.com', 'example.com', false],
  ['.example.com', 'www.example.com', true],
  ['.example.com', 'example.com', true],
  ['*.example.com', 'www.example.com', true],
  ['example.com.', 'example.com', true],
  ['EXAMPLE.com', 'example.com', true],
  ['bücher.example', 'xn--bcher-kva.example', true],
  ['localhost', 'localhost', true],
  ['.', 'example.com', false],
  // Lists.
  ['a.test,b.test', 'b.test', true],
  ['a.test b.test', 'b.test', true],
  [' a.test ,\t b.test ,', 'b.test', true],
  ['', 'example.com', false],
  // Everything.
  ['*', 'example.com', true],
  ['*', '10.0.0.1', true],
  ['a.test, *', '::1', true],
  // Addresses and blocks.
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.10', false],
  ['0.0.1', '10.0.0.1', false],
  ['10.0.0.0/8', '10.1.2.3', true],
  ['10.0.0.0/8', '11.1.2.3', false],
  ['192.168.0.0/31', '192.168.0.1', true],
  ['192.168.0.0/31', '192.168.0.2', false],
  ['0.0.0.0/0', '8.8.8.8', true],
  ['10.0.0.0/33', '10.0.0.1', false],
  ['10.0.0.0/x', '10.0.0.1', false],
  ['10.0.0.0/8', 'ten.test', false],
  ['::1', '::1', true],
  ['[::1]', '::1', true],
  ['0:0::1', '::1', true],
  ['fd00::/8', 'fd12::1', true],
  ['fd00::/8', 'fe80::1', false],
  ['[fd00::]', 'fd00::', true],
])('%j for the host %s: %s', (list, host, expected) => {
  expect(NoProxy.parse(list).includes(host, 443)).toBe(expected);
});

test.each([
  ['example.com:8080', 'example.com', 8080, true],
  ['example.com:8080', 'example.com', 443, false],
  ['.example.com:8080', 'www.example.com', 8080, true],
  ['10.0.0.1:80', '10.0.0.1', 80, true],
  ['10.0.0.1:80', '10.0.0.1', 81, false],
  ['10.0.0.0/8:80', '10.1.1.1', 80, true],
  ['10.0.0.0/8:80', '10.1.1.1', 81, false],
  ['[::1]:80', '::1', 80, true],
  ['[::1]:80', '::1', 81, false],
  ['[fd00::/8]:80', 'fd00::1', 80, true],
  ['example.com:0', 'example.com', 0, false],
])('%j for %s and port %i: %s', (list, host, port, expected) => {
  expect(NoProxy.parse(list).includes(host, port)).toBe(expected);
});

test('tells of what it cannot read, and goes by the rest', () => {
  const unreadable: string[] = [];
  const list = NoProxy.parse('a.test, 10.0.0.0/99, b*.test, c.test:99999, [x', (entry) => {
    unreadable.push(entry);
  });
  expect(unreadable).toEqual(['10.0.0.0/99', 'b*.test', 'c.test:99999', '[x']);
  expect(list.includes('a.test', 80)).toBe(true);
});
