import { expectTypeOf, test } from 'vitest';
import type {
  Duration,
  InstanceOptions,
  PoolChildOptions,
  PoolOptions,
  RequestOptions,
} from '../../src/index.ts';
import type { ResolvedPoolOptions, ResolvedRequestOptions } from '../../src/options/index.ts';

test('what a caller gives is optional and exact', () => {
  expectTypeOf<{ size: number; whenFull: 'fail' }>().toExtend<PoolOptions>();
  expectTypeOf<{ size: string }>().not.toExtend<PoolOptions>();
  expectTypeOf<{ whenFull: 'wait' }>().not.toExtend<PoolOptions>();
  expectTypeOf<PoolOptions['protocols']>().toEqualTypeOf<
    readonly ('http1' | 'http2' | 'http3')[] | undefined
  >();
  expectTypeOf<RequestOptions['requestTimeout']>().toEqualTypeOf<Duration | undefined>();
  // @ts-expect-error there is no such option
  const unknown: PoolOptions = { sise: 1 };
  void unknown;
});

test('required options are required', () => {
  expectTypeOf<{ name: string }>().toExtend<InstanceOptions>();
  expectTypeOf<{ pools: {} }>().not.toExtend<InstanceOptions>();
  expectTypeOf<{ finch: string; pool: string; size: number }>().toExtend<PoolChildOptions>();
  expectTypeOf<{ finch: string }>().not.toExtend<PoolChildOptions>();
});

test('resolved options have their defaults', () => {
  expectTypeOf<ResolvedPoolOptions['size']>().toEqualTypeOf<number>();
  expectTypeOf<ResolvedPoolOptions['maxPerHost']>().toEqualTypeOf<Duration | undefined>();
  expectTypeOf<ResolvedPoolOptions['connOpts']['connectTimeout']>().toEqualTypeOf<Duration>();
  expectTypeOf<ResolvedPoolOptions['connOpts']['tls']['minVersion']>().toEqualTypeOf<
    'TLSv1.2' | 'TLSv1.3'
  >();
  expectTypeOf<ResolvedRequestOptions['signal']>().toEqualTypeOf<AbortSignal | undefined>();
  expectTypeOf<ResolvedRequestOptions['retry']>().toEqualTypeOf<boolean>();
});
