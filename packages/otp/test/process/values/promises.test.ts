import {
  Agent,
  exit,
  GenServer,
  getState,
  isAlive,
  Machine,
  monitor,
  noreply,
  ok,
  receive,
  replaceState,
  reply,
  self,
  send,
  sendAfter,
  spawn,
  spawnMonitor,
  stop,
  Supervisor,
  Task,
  type Answerable,
  type DownMessage,
  type From,
} from '@linnet/otp';
import { inProcess, settle, TestClock } from '@linnet/otp/testing';
import { dispatch } from 'nact';
import { describe, expect, onTestFinished, test } from 'vitest';
import { setup } from 'xstate';
import { processOf } from '../../../src/process/pid.ts';
import { quietCrashes } from '../../support/mailbox.ts';
import { promises } from '../../support/promises.ts';

quietCrashes();

const badarg = expect.objectContaining({ code: 'ERR_BADARG' }) as Error;

// What the types refuse is given as `never`.
const Server = GenServer.define({
  name: 'Server',
  init: (init: { readonly state: unknown }) => ok(init.state),
  handleCall: {
    answer: (state, value: unknown) => reply(value, state),
    answerLater: async (state, value: readonly unknown[]) => reply(value[0], state),
    stopWith: (state, value: unknown) => stop('normal', state, value),
    become: (_, state: unknown) => reply('ok', state),
    stopAs: (_, state: unknown) => stop('normal', state),
    argument: (state, value: unknown) => reply(Object.is(value, state), state),
    keep: () => noreply<unknown>(GenServer.from()),
    exit: (_, reason: unknown) => exit(reason),
    throw: (_, value: unknown) => {
      throw value as Error;
    },
    ping: (state) => reply('pong', state),
  },
  handleCast: {
    become: (_, state: unknown) => noreply(state),
    answerKept: (from, value: never) => {
      GenServer.reply(from as From, value);
      return noreply<unknown>(from);
    },
  },
  handleContinue: { become: (_, state: unknown) => noreply(state) },
});

const refused = (value: unknown): object =>
  expect.objectContaining({ why: ['bad_return_value', value] }) as object;

describe.each(Object.entries(promises))('%s', (_, make) => {
  const start = () => Server.start({ state: 0 });

  test.for(['answer', 'stopWith', 'become', 'stopAs'] as const)(
    '[C1] as an answer or a state of a call ends the server and the call: %s',
    async (clause) => {
      const server = await start();
      const call = server.call([clause, make()], { timeout: 'infinity' });
      await expect(call).rejects.toEqual(refused(expect.anything()));
      expect(isAlive(server.pid)).toBe(false);
    },
  );

  test('[C1] as the answer of an async clause ends the server and the call', async () => {
    const server = await start();
    const call = server.call(['answerLater', [make()]], { timeout: 'infinity' });
    await expect(call).rejects.toEqual(refused(expect.anything()));
    expect(isAlive(server.pid)).toBe(false);
  });

  test('[C1] as the state of a cast or a continuation ends the server', async () => {
    for (const change of [
      (state: unknown) => start().then((server) => (server.cast('become', state), server)),
      (state: unknown) =>
        GenServer.define({
          init: () => ok<unknown>(0, { continue: ['become', state] }),
          handleContinue: { become: (_state, next: unknown) => noreply(next) },
        }).start(),
    ]) {
      const { pid } = await change(make());
      await settle();
      expect(isAlive(pid)).toBe(false);
    }
  });

  test('[C1] as the first state fails the start', async () => {
    await expect(Server.start({ state: make() })).rejects.toMatchObject({
      reason: ['bad_return_value', expect.anything()],
    });
  });

  test('[C1] as a later answer is refused to whoever gives it; the call goes on', async () => {
    const server = await start();
    const kept = server.call(['keep'], { timeout: 'infinity' });
    const from = (await getState(server)) as From;
    expect(() => GenServer.reply(from, make() as never)).toThrow(badarg);
    GenServer.reply(from, 'answer');
    expect(await kept).toBe('answer');
    const failing = server.call(['keep'], { timeout: 'infinity' });
    server.cast('answerKept', make() as never);
    await expect(failing).rejects.toMatchObject({ why: badarg });
  });

  test('[C1] as an answer of a machine ends it and the call', async () => {
    const types = { events: {} as Answerable<{ type: 'ASK' }> };
    for (const actions of [
      Machine.answer(make() as never),
      Machine.answer(() => make() as never),
      Machine.action<unknown, Answerable>(({ event }) =>
        Machine.reply(event.from, make() as never),
      ),
    ]) {
      const machine = setup({ types }).createMachine({ on: { ASK: { actions } } });
      const handle = await Machine.define(machine).start();
      await expect(handle.call({ type: 'ASK' })).rejects.toMatchObject({ why: badarg });
    }
  });

  test('[C1] as the first of a pair ends an agent and the call', async () => {
    const agent = await Agent.start(() => 0);
    await expect(
      agent.getAndUpdate(() => [make(), 1], { timeout: 'infinity' }),
    ).rejects.toMatchObject({ code: 'ERR_CALL_EXIT' });
    expect(isAlive(agent.pid)).toBe(false);
  });

  test('[C1] as the value of a task that is completed is refused', () => {
    expect(() => Task.completed(make() as never)).toThrow(badarg);
  });

  test('[C5] as a message is refused to the sender', async () => {
    const pid = spawn(() => receive());
    expect(() => send(pid, make() as never)).toThrow(badarg);
    expect(() => sendAfter(pid, make() as never, 0)).toThrow(badarg);
    const { reference } = processOf(pid) as { reference: object };
    expect(() => dispatch(reference as never, make())).toThrow(badarg);
    await settle();
    expect(isAlive(pid)).toBe(true);
    exit(pid, 'kill');
  });

  test('[C5] within a message, an argument or the value of a task arrives untouched', async () => {
    const value = make();
    await inProcess(async () => {
      send(self(), { value });
      expect(Object.is(((await receive()) as { value: unknown }).value, value)).toBe(true);
    });
    const agent = await Server.start({ state: [value] });
    const [state] = (await getState(agent)) as [unknown];
    expect(Object.is(state, value)).toBe(true);
    expect(await agent.call('argument', [value])).toBe(false);
    await agent.stop();
  });

  test('as an exit reason is a reason, and nobody waits for it', async () => {
    const value = make();
    for (const body of [
      () => exit(value),
      () => {
        throw value as unknown as Error;
      },
      async () => {
        await Promise.resolve();
        exit(value);
      },
    ]) {
      await inProcess(async () => {
        spawnMonitor(body);
        expect(Object.is(((await receive()) as DownMessage).reason, value)).toBe(true);
      });
      const task = Task.async(body).await();
      await expect(task).rejects.toSatisfy(({ why }) => Object.is(why, value));
    }
    const server = await start();
    await expect(server.call('exit', value)).rejects.toSatisfy(({ why }) => Object.is(why, value));
    const second = await start();
    await second.stop(value);
    const Failing = GenServer.define({ init: () => stop(value) });
    await expect(Failing.start()).rejects.toSatisfy(({ reason }) => Object.is(reason, value));
    const supervisor = await Supervisor.startLink([], { strategy: 'one_for_one' });
    await expect(
      supervisor.startChild({ id: 'failing', start: () => Failing.startLink() as never }),
    ).rejects.toSatisfy(({ reason }) => Object.is((reason as unknown[])[0], value));
    await supervisor.stop(value);
  });

  test('thrown in a callback counts as returned, and is no result', async () => {
    const server = await start();
    await expect(server.call('throw', make())).rejects.toEqual(refused(expect.anything()));
  });
});

type AnyServer = Awaited<ReturnType<typeof Server.start>>;

test('[C1] a call whose answer is a promise that rejects fails with the server, not bare', async () => {
  const server = await Server.start({ state: 0 });
  const promise = Promise.reject(new Error('bare'));
  promise.catch(() => {});
  await expect(server.call('answer', promise)).rejects.toMatchObject({ code: 'ERR_CALL_EXIT' });
});

test.each([
  ['an answer', (server, promise) => server.call('answer', promise)],
  ['an answer given later', (server, promise) => server.call('answerLater', [promise])],
  ['a last answer', (server, promise) => server.call('stopWith', promise)],
  ['a state', (server, promise) => server.call('become', promise)],
  ['a last state', (server, promise) => server.call('stopAs', promise)],
  ['the first state', (_, state) => Server.start({ state })],
  ['a message', ({ pid }, promise) => send(pid, promise as never)],
  ['a message for later', ({ pid }, promise) => sendAfter(pid, promise as never, 1)],
] satisfies [string, (server: AnyServer, promise: Promise<never>) => unknown][])(
  '[C1] what a promise that was refused as %s rejects with ends no program',
  async (_, give) => {
    const server = await Server.start({ state: 0 });
    // Vitest fails for a rejection that nobody has handled.
    const promise = Promise.reject(new Error('rejected'));
    await Promise.resolve()
      .then(() => give(server, promise))
      .catch(() => {});
    await settle();
    if (isAlive(server.pid)) await server.stop();
  },
);

test('replaceState awaits an async function, and messages wait meanwhile', async () => {
  const server = await Server.start({ state: 1 });
  let release = (): void => {};
  const replaced = replaceState(server, async (state) => {
    await new Promise<void>((resolve) => (release = resolve));
    return (state as number) + 1;
  });
  let answered = false;
  const ping = server.call('ping').then(() => (answered = true));
  await settle();
  expect(answered).toBe(false);
  release();
  expect(await replaced).toBe(2);
  await ping;
  await expect(replaceState(server, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await getState(server)).toBe(2);
  await server.stop();
});

describe('what a server has begun', () => {
  const Timed = GenServer.define({
    name: 'Timed',
    init: () => 0,
    handleCall: {
      later: (n, done: (result: Promise<unknown>) => void) => {
        setTimeout(() => done(GenServer.call(self(), 'value')), 0);
        return reply(undefined, n + 1);
      },
      value: (n) => reply(n, n),
      now: async (n) =>
        reply(await GenServer.call(self(), 'value').catch((error: unknown) => error), n),
      slow: async (n, wait: Promise<unknown>) => {
        await wait;
        return reply(undefined, n);
      },
    },
  });

  test('[C7] may call the server in a timer, while it is idle', async () => {
    const server = await Timed.start();
    const result = await new Promise((done) => {
      void server.call('later', done);
    });
    expect(result).toBe(1);
    await server.stop();
  });

  test('[C7] may stop it and look into it', async () => {
    const Stopping = GenServer.define({
      init: (end: (result: Promise<unknown>) => void) => {
        setImmediate(() => end(getState(self()).then(() => self())));
        return 'state';
      },
    });
    const pid = await new Promise((done) => {
      void Stopping.start(done);
    });
    expect(isAlive(pid as never)).toBe(true);
    await GenServer.stop(pid as never);
  });

  test('[C7] still fails at once where the server waits for it', async () => {
    const server = await Timed.start();
    expect(await server.call('now')).toMatchObject({ why: 'calling_self' });
    await server.stop();
  });
});

test.for(['call', 'machine', 'receive', 'getState', 'stop', 'await'] as const)(
  '[C8] a timeout that is null is refused: %s',
  async (how) => {
    const options = { timeout: null as never };
    const server = await Server.start({ state: 0 });
    const run: Record<typeof how, () => Promise<unknown>> = {
      call: () => server.call(['ping'], options),
      machine: () => Machine.call(server.pid, { type: 'ASK' }, options),
      receive: () => receive(undefined, options),
      getState: () => getState(server, options),
      stop: () => server.stop('normal', null as never),
      await: () => Task.async(() => 1).await(null as never),
    };
    await inProcess(async () => {
      await expect((async () => run[how]())()).rejects.toEqual(badarg);
    });
    await server.stop();
  },
);

test('[C8] a timeout of 0 waits for no later answer than one of the same turn', async () => {
  const clock = new TestClock().install(onTestFinished);
  const server = await Server.start({ state: 0 });
  expect(await server.call(['ping'], { timeout: 0 })).toBe('pong');
  const kept = server.call(['keep'], { timeout: 0 });
  kept.catch(() => {});
  await clock.advance(0);
  await expect(kept).rejects.toMatchObject({ code: 'ERR_CALL_TIMEOUT' });
  await server.stop();
});

test('a promise in a monitor of a dead process does no harm', async () => {
  await inProcess(async () => {
    const pid = spawn(() => exit(Promise.resolve(1)));
    monitor(pid);
    await receive();
  });
});
