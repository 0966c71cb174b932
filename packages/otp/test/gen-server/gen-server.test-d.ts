import {
  GenServer,
  ignore,
  noreply,
  ok,
  reply,
  startFailure,
  stop,
  type ChildSpec,
  type From,
  type Ignore,
  type ServerHandle,
} from '@linnet/otp';
import { describe, expectTypeOf, test } from 'vitest';

const Counter = GenServer.define({
  init: (start: number) => start,
  handleCall: {
    value: (n) => reply(n, n),
    add: (n, by: number, label?: string) => reply(`${label ?? ''}${n + by}`, n + by),
    later: (n) => noreply(n),
    finish: (n) => stop('normal', n, 'bye' as const),
    silent: (n) => stop('normal', n),
    either: (n) => (n > 0 ? reply(true as const, n) : stop('normal', n, 'no' as const)),
    slow: async (n) => {
      await Promise.resolve();
      return reply(new Date(), n);
    },
    maybe: (n) => (n > 0 ? reply(1, n) : noreply(n)),
    many: (n, ...all: readonly string[]) => reply(all, n),
  },
  handleCast: {
    reset: () => noreply(0),
    set: (_n, to: number) => noreply(to),
  },
});

const counter = await Counter.startLink(1);

describe('a typed server', () => {
  test('infers the answers of its clauses', () => {
    expectTypeOf(counter.call('value')).resolves.toEqualTypeOf<number>();
    expectTypeOf(counter.call('add', 1)).resolves.toEqualTypeOf<string>();
    expectTypeOf(counter.call('add', 1, 'x')).resolves.toEqualTypeOf<string>();
    expectTypeOf(counter.call('finish')).resolves.toEqualTypeOf<'bye'>();
    expectTypeOf(counter.call('slow')).resolves.toEqualTypeOf<Date>();
    expectTypeOf(counter.call('either')).resolves.toEqualTypeOf<true | 'no'>();
    expectTypeOf(counter.call('many', 'a', 'b')).resolves.toEqualTypeOf<readonly string[]>();
  });

  test('gives unknown for an answer that comes later', () => {
    expectTypeOf(counter.call('later')).resolves.toEqualTypeOf<unknown>();
  });

  test('takes a request with options', () => {
    expectTypeOf(counter.call(['add', 1], { timeout: 100 })).resolves.toEqualTypeOf<string>();
    expectTypeOf(counter.call(['value'], { timeout: 'infinity' })).resolves.toEqualTypeOf<number>();
  });

  test('refuses wrong clauses and arguments', () => {
    // @ts-expect-error no such clause
    void counter.call('nothing');
    // @ts-expect-error a cast is not a call
    void counter.call('reset');
    // @ts-expect-error the argument is missing
    void counter.call('add');
    // @ts-expect-error the argument is a number
    void counter.call('add', '1');
    // @ts-expect-error there is no third argument
    void counter.call('add', 1, 'x', 2);
    // @ts-expect-error the clause takes no argument
    void counter.call('value', 1);
    // @ts-expect-error the argument is a number
    void counter.call(['add', '1']);
    // @ts-expect-error a call is not a cast
    counter.cast('value');
    // @ts-expect-error the argument is missing
    counter.cast('set');
    // @ts-expect-error the argument is a number
    counter.cast('set', '1');
    counter.cast('reset');
    counter.cast('set', 1);
  });

  test('refuses a wrong use of the answer', async () => {
    const value = await counter.call('value');
    // @ts-expect-error it is a number
    value satisfies string;
  });

  test('takes the argument of init', () => {
    // @ts-expect-error it is missing
    void Counter.startLink();
    // @ts-expect-error it is a number
    void Counter.startLink('1');
    // @ts-expect-error a name is a string, a symbol or a via name
    void Counter.startLink(1, { name: 5 });
    // @ts-expect-error no such option
    void Counter.startLink(1, { nmae: 'x' });
    // @ts-expect-error it is missing
    Counter.childSpec();
    // @ts-expect-error no such restart type
    Counter.childSpec(1, { restart: 'sometimes' });
    expectTypeOf(Counter.childSpec(1)).toExtend<ChildSpec>();
  });

  test('is typed by its definition when it is found by name', () => {
    expectTypeOf(Counter.at('counter')).toEqualTypeOf(counter);
    expectTypeOf(Counter.at('counter').call('value')).resolves.toEqualTypeOf<number>();
  });

  test('is untyped when it is called by its name alone', () => {
    expectTypeOf(GenServer.call('counter', 'value')).resolves.toEqualTypeOf<unknown>();
    expectTypeOf(GenServer.call<number>('counter', ['add', 1])).resolves.toEqualTypeOf<number>();
    // @ts-expect-error a request begins with the name of its clause
    void GenServer.call('counter', [1]);
  });
});

describe('a definition', () => {
  test('has the state of its init in every callback', () => {
    GenServer.define({
      init: () => ({ users: new Map<string, number>() }),
      handleCall: {
        count: (state) => {
          expectTypeOf(state).toEqualTypeOf<{ users: Map<string, number> }>();
          return reply(state.users.size, state);
        },
      },
      handleInfo: (state, message) => {
        expectTypeOf(state).toEqualTypeOf<{ users: Map<string, number> }>();
        expectTypeOf(message).toEqualTypeOf<unknown>();
        return noreply(state);
      },
      terminate: (_reason, state) => {
        expectTypeOf(state).toEqualTypeOf<{ users: Map<string, number> }>();
      },
    });
    GenServer.define({
      init: async () => ok('text', 100),
      handleCast: {
        use: (state) => {
          expectTypeOf(state).toEqualTypeOf<string>();
          return noreply(state);
        },
      },
    });
  });

  test('refuses results that do not fit', () => {
    GenServer.define({
      init: () => 1,
      // @ts-expect-error the state is a number
      handleCall: { wrong: (_n) => reply(1, 'text') },
    });
    GenServer.define({
      init: () => 1,
      // @ts-expect-error a call is answered by a result, not by a value
      handleCall: { wrong: (n) => n },
    });
    GenServer.define({
      init: () => 1,
      // @ts-expect-error a cast has nobody to answer
      handleCast: { wrong: (n) => reply(1, n) },
    });
    GenServer.define({
      init: () => 1,
      // @ts-expect-error a message has nobody to answer
      handleInfo: (n) => reply(1, n),
    });
    // @ts-expect-error no such callback
    GenServer.define({ init: () => 1, handleCalls: {} });
    // @ts-expect-error init is missing
    GenServer.define({ handleCall: {} });
    // @ts-expect-error what comes next is a number, hibernate, infinity or a continue
    noreply(1, 'soon');
  });

  test('knows this.from in its clauses', () => {
    GenServer.define({
      init: () => 1,
      handleCall: {
        later(n) {
          expectTypeOf(this.from).toEqualTypeOf<From>();
          return noreply(n);
        },
      },
    });
    // @ts-expect-error only a from can be answered
    GenServer.reply({}, 1);
  });

  test('without clauses has nothing to call', () => {
    const Mute = GenServer.define({ init: () => 1 });
    expectTypeOf(Mute.start()).resolves.toEqualTypeOf<
      ServerHandle<Record<never, never>, Record<never, never>>
    >();
    // @ts-expect-error no such clause
    void Mute.at('mute').call('anything');
  });

  test('may leave out the argument of init when that is optional', () => {
    const Optional = GenServer.define({ init: (start?: number) => start ?? 0 });
    void Optional.startLink();
    void Optional.startLink(1);
    void Optional.startLink(undefined, { name: 'x' });
  });
});

describe('a start', () => {
  test('may give ignore only if init can', () => {
    const Sometimes = GenServer.define({
      init: (on: boolean) => (on ? 1 : ignore),
      handleCall: { get: (n) => reply(n, n) },
    });
    expectTypeOf<Awaited<ReturnType<typeof Sometimes.start>>>().toExtend<
      Ignore | { call: unknown }
    >();
    expectTypeOf<
      Extract<Awaited<ReturnType<typeof Sometimes.start>>, Ignore>
    >().toEqualTypeOf<Ignore>();
    expectTypeOf<Extract<Awaited<ReturnType<typeof Counter.start>>, Ignore>>().toBeNever();
    void Sometimes.start(true).then((server) => {
      // @ts-expect-error it may be ignore
      server satisfies { call: unknown };
      if (server !== ignore) expectTypeOf(server.call('get')).resolves.toEqualTypeOf<number>();
    });
  });

  test('may fail in ways that say nothing of the state', () => {
    const Failing = GenServer.define({
      init: (how: 'stop' | 'failure' | 'ok') => {
        if (how === 'stop') return stop('bad');
        if (how === 'failure') return startFailure('worse');
        return ok(1);
      },
      handleCall: { get: (n) => reply(n, n) },
    });
    expectTypeOf(Failing.at('x').call('get')).resolves.toEqualTypeOf<number>();
  });
});
