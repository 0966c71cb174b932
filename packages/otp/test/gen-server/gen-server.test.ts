import { GenServer, noreply, reply, stop } from '@linnet/otp';
import { expect, expectTypeOf, test } from 'vitest';

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: {
    value: (n) => reply(n, n),
    add: (n, by: number) => reply(n + by, n + by),
    finish: (n) => stop('normal', n, 'bye' as const),
    later: (n) => noreply(n),
  },
  handleCast: { reset: () => noreply(0) },
  handleInfo: (n) => noreply(n),
});

test('answers calls in order and keeps its state', async () => {
  const counter = await Counter.startLink(1, { name: 'counter' });
  expect(await counter.call('add', 2)).toBe(3);
  counter.cast('reset');
  expect(await GenServer.call('counter', 'value')).toBe(0);
  expect(await GenServer.call('counter', ['add', 4])).toBe(4);
  expectTypeOf(await counter.call('add', 2)).toEqualTypeOf<number>();
  expectTypeOf(await counter.call('finish')).toEqualTypeOf<'bye'>();
  // @ts-expect-error no such clause
  await expect(counter.call('nothing')).rejects.toThrow('noproc');
});
