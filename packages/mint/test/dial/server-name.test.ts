import { expect, test } from 'vitest';
import { serverNameOf } from '../../src/dial/server-name.ts';

test.each([
  ['api.example.com', 'api.example.com', 'api.example.com'],
  ['api.example.com.', 'api.example.com', 'api.example.com'],
  ['127.0.0.1', undefined, '127.0.0.1'],
  ['::1', undefined, '::1'],
  ['[::1]', undefined, '::1'],
  ['fe80::1%eth0', undefined, 'fe80::1'],
])('of %s it sends %s and verifies %s', (given, sni, verified) => {
  expect(serverNameOf(given)).toEqual({ sni, verified });
});
