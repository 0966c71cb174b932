import type { ChildSpec } from '@linnet/otp';
import { expectTypeOf, test } from 'vitest';
import { Observer, type ObserverOptions, type Redact } from '../src/index.ts';

test('the specification takes options and those of children', () => {
  expectTypeOf(Observer.childSpec({ port: 0, restart: 'transient' })).toEqualTypeOf<
    ChildSpec<Observer>
  >();
  // @ts-expect-error there is no such option
  Observer.childSpec({ prot: 1 });
  // @ts-expect-error no other address than false
  Observer.childSpec({ port: true });
});

test('the handler is a plain function', () => {
  expectTypeOf(Observer.get().handler).toEqualTypeOf<(request: Request) => Promise<Response>>();
});

test('authorize may be asynchronous', () => {
  expectTypeOf<NonNullable<ObserverOptions['authorize']>>().returns.toEqualTypeOf<
    boolean | Promise<boolean>
  >();
  expectTypeOf<Redact>().returns.toEqualTypeOf<string | undefined>();
});
