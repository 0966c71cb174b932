import { expectTypeOf, test } from 'vitest';
import { Finch, subscribeTelemetry } from '../../src/index.ts';
import type { AsyncRequestRef, OpenResponse, ResponsePart } from '../../src/index.ts';
import type { Request } from '../../src/index.ts';

declare const finch: Finch;

test('the accumulator has one type, from the first value to the result', () => {
  expectTypeOf(
    finch.stream('http://a', 0, (part, acc) => {
      expectTypeOf(part).toEqualTypeOf<ResponsePart>();
      expectTypeOf(acc).toEqualTypeOf<number>();
      return acc + 1;
    }),
  ).toEqualTypeOf<Promise<number>>();
  expectTypeOf(
    finch.stream<string[]>('http://a', [], async (_part, acc) => [...acc, 'x']),
  ).toEqualTypeOf<Promise<string[]>>();
  // @ts-expect-error -- another type than the accumulator's
  void finch.stream<number>('http://a', 0, () => 'text');
});

test('a step says to go on or to halt', () => {
  expectTypeOf(
    finch.streamWhile<number>('http://a', 0, (_part, acc) =>
      acc > 3 ? { halt: acc } : { cont: acc + 1 },
    ),
  ).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error -- neither of them
  void finch.streamWhile<number>('http://a', 0, (_part, acc) => acc);
});

test('the type of a part follows from its name', () => {
  void finch.stream('http://a', undefined, (part) => {
    if (part.type === 'data') expectTypeOf(part.data).toEqualTypeOf<Uint8Array>();
    if (part.type === 'status') expectTypeOf(part.status).toEqualTypeOf<number>();
    // @ts-expect-error -- only data parts have data
    if (part.type === 'headers') void part.data;
  });
});

test('a body function says the type of its accumulator', () => {
  expectTypeOf(
    Finch.build(
      'POST',
      'http://a',
      {},
      {
        stream: (n: number) => (n < 3 ? { data: 'x', acc: n + 1 } : { done: n }),
      },
    ),
  ).toEqualTypeOf<Request>();
  // @ts-expect-error -- a step without accumulator
  Finch.build('POST', 'http://a', {}, { stream: () => ({ data: 'x' }) });
});

test('open and asyncRequest give typed handles', () => {
  expectTypeOf(finch.open('http://a')).toEqualTypeOf<Promise<OpenResponse>>();
  expectTypeOf(finch.asyncRequest('http://a')).toEqualTypeOf<AsyncRequestRef>();
});

test('an event is typed by its name', () => {
  subscribeTelemetry('request.stop', (event) => {
    expectTypeOf(event.duration).toEqualTypeOf<number>();
    expectTypeOf(event.status).toEqualTypeOf<number | undefined>();
  });
  // @ts-expect-error -- there is no such event
  subscribeTelemetry('request.ended', () => {});
});
