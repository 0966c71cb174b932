import { expect, test } from 'vitest';
import { isIdempotent } from '../../src/request/index.ts';

test('[D16] knows which methods may be sent twice', () => {
  const methods = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'];
  expect(methods.every(isIdempotent)).toBe(true);
  expect(['POST', 'PATCH', 'PROPFIND', 'get', ''].some(isIdempotent)).toBe(false);
});
