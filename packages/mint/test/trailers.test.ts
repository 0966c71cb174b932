import { expect, test } from 'vitest';
import { Fields } from '../src/index.ts';
import { allowedTrailers, isTrailerAllowed } from '../src/trailers.ts';

test.each(['content-length', 'Transfer-Encoding', 'HOST', 'set-cookie', 'authorization', 'te'])(
  '[M9] %s has no place after a body',
  (name) => {
    expect(isTrailerAllowed(name)).toBe(false);
  },
);

test.each(['etag', 'x-checksum', 'server-timing', 'grpc-status', 'content-md5'])(
  '[M9] %s may come after a body',
  (name) => {
    expect(isTrailerAllowed(name)).toBe(true);
  },
);

test('[M9] those that have no place there are dropped, the others keep their order', () => {
  const fields = Fields.of(['a', '1', 'Set-Cookie', 'b=c', 'grpc-status', '0', 'host', 'x']);
  expect(allowedTrailers(fields).list).toEqual(['a', '1', 'grpc-status', '0']);
  expect(allowedTrailers(Fields.of(['host', 'x']))).toBe(Fields.none);
});

test('fields that may all stay are the same ones', () => {
  const fields = Fields.of(['a', '1']);
  expect(allowedTrailers(fields)).toBe(fields);
  expect(allowedTrailers(Fields.none)).toBe(Fields.none);
});
