import type { Dispatcher as Dispatcher8 } from 'undici';
import { fetch as fetch8, interceptors, request, setGlobalDispatcher } from 'undici';
import type { Dispatcher as Dispatcher7 } from 'undici7';
import { expectTypeOf, test } from 'vitest';
import { Finch } from '../../src/index.ts';

const finch = Finch.get('Types');

test('is a dispatcher for the functions of undici, for those of Node.js and for setGlobalDispatcher', () => {
  const dispatcher = finch.dispatcher({ poolTag: 'api', bodyTimeout: 'infinity' });
  expectTypeOf(dispatcher).toExtend<Dispatcher8>();
  expectTypeOf(dispatcher).toExtend<Dispatcher7>();
  expectTypeOf(dispatcher).toExtend<NonNullable<RequestInit['dispatcher']>>();
  expectTypeOf(fetch).toBeCallableWith('http://localhost', { dispatcher });
  expectTypeOf(fetch8).toBeCallableWith('http://localhost', { dispatcher });
  expectTypeOf(request).toBeCallableWith('http://localhost', { dispatcher });
  expectTypeOf(setGlobalDispatcher).toBeCallableWith(dispatcher);
});

test('takes interceptors of undici, one by one or in a list', () => {
  const composed = finch
    .dispatcher()
    .compose(interceptors.retry({ maxRetries: 2 }), interceptors.redirect())
    .compose([interceptors.cache(), interceptors.decompress()]);
  expectTypeOf(composed).toExtend<Dispatcher8>();
});

test('finch.fetch has the type of fetch', () => {
  expectTypeOf(finch.fetch).toEqualTypeOf<typeof globalThis.fetch>();
});
