import { expect, test } from 'vitest';
import { parseProxyUrl } from '../../../src/index.ts';

test.each([
  ['http://proxy.test', 'http', 'proxy.test', 80, 'http://proxy.test:80'],
  ['HTTP://Proxy.test:3128/', 'http', 'proxy.test', 3128, 'http://proxy.test:3128'],
  ['https://proxy.test', 'https', 'proxy.test', 443, 'https://proxy.test:443'],
  ['https://proxy.test:80', 'https', 'proxy.test', 80, 'https://proxy.test:80'],
  ['socks5://proxy.test', 'socks5', 'proxy.test', 1080, 'socks5://proxy.test:1080'],
  ['socks5h://proxy.test:80', 'socks5h', 'proxy.test', 80, 'socks5h://proxy.test:80'],
  ['http://[0::1]:8080', 'http', '::1', 8080, 'http://[::1]:8080'],
  [
    'socks5h://BÜCHER.test',
    'socks5h',
    'xn--bcher-kva.test',
    1080,
    'socks5h://xn--bcher-kva.test:1080',
  ],
] as const)('%s', (url, protocol, host, port, origin) => {
  const username = '';
  expect(parseProxyUrl(url)).toEqual({ protocol, host, port, origin, username, password: '' });
});

test('decodes user and password, and leaves them out of the origin', () => {
  const address = parseProxyUrl('http://a%40b:c%3Ad%2F@proxy.test:3128');
  expect(address).toMatchObject({ username: 'a@b', password: 'c:d/' });
  expect(address?.origin).toBe('http://proxy.test:3128');
});

test.each([
  'proxy.test:3128',
  'ftp://proxy.test',
  'socks://proxy.test',
  'socks4://proxy.test',
  'http://',
  'http:///proxy.test',
  'http://proxy.test/path',
  'http://proxy.test?query',
  'http://proxy.test#fragment',
  'http://proxy.test:0',
  'http://proxy.test:99999',
  'http://proxy .test',
  'http://proxy.test\n',
  'http://u:%zz@proxy.test',
  `socks5://${'u'.repeat(256)}@proxy.test`,
  'environment',
])('cannot use %j', (url) => {
  expect(parseProxyUrl(url)).toBeUndefined();
});
