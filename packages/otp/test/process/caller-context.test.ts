import { AsyncLocalStorage } from 'node:async_hooks';
import {
  Agent,
  GenServer,
  Machine,
  noreply,
  reply,
  self,
  send,
  sendRequest,
  spawn,
  spawnLink,
  spawnMonitor,
  Supervisor,
  Task,
  waitResponse,
  type ContextOptions,
  type Pid,
} from '@linnet/otp';
import { inProcess } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { quietCrashes } from '../support/mailbox.ts';

quietCrashes();

const storage = new AsyncLocalStorage<string>();

/** What code of a process sees: at once, and after it has waited. */
async function look(): Promise<ReadonlyArray<readonly [store: string | undefined, pid: Pid]>> {
  const before = [storage.getStore(), self()] as const;
  await new Promise((resolve) => setImmediate(resolve));
  return [before, [storage.getStore(), self()]];
}

type Sight = Awaited<ReturnType<typeof look>>;
const stores = (sight: Sight): unknown[] => sight.map(([store]) => store);

/** Runs work in a request, from plain code and from within a process. */
async function inRequests(work: () => Promise<unknown[]>): Promise<unknown[][]> {
  const plain = await storage.run('request', work);
  const within = await inProcess(() => storage.run('request', work));
  return [plain, within];
}

const both = (stored: string | undefined): unknown[][] => [
  [stored, stored],
  [stored, stored],
];

describe('[C11] tasks run in the async context of their caller', () => {
  const tasks: Record<string, (options?: ContextOptions) => Promise<Sight>> = {
    'Task.async': (options) => Task.async(look, options).await(),
    'Task.start': (options) =>
      new Promise((resolve) => void Task.start(async () => resolve(await look()), options)),
    'Task.startLink': (options) =>
      new Promise((resolve) => void Task.startLink(async () => resolve(await look()), options)),
    'Task.asyncStream': async (options) => {
      for await (const item of Task.asyncStream([1], look, options)) {
        if (item.type === 'ok') return item.value;
      }
      return [];
    },
    'Task.Supervisor.async': async (options) => {
      await using tasks = await Task.Supervisor.startLink();
      return await (await tasks.async(look, options)).await();
    },
    'Task.Supervisor.asyncNolink': async (options) => {
      await using tasks = await Task.Supervisor.startLink();
      return await (await tasks.asyncNolink(look, options)).await();
    },
    'Task.Supervisor.startChild': async (options) => {
      await using tasks = await Task.Supervisor.startLink();
      return await new Promise((resolve) => {
        void tasks.startChild(async () => resolve(await look()), options);
      });
    },
    'Task.Supervisor.asyncStream': async (options) => {
      await using tasks = await Task.Supervisor.startLink();
      for await (const item of tasks.asyncStream([1], look, options)) {
        if (item.type === 'ok') return item.value;
      }
      return [];
    },
    'Task.Supervisor.asyncStreamNolink': async (options) => {
      await using tasks = await Task.Supervisor.startLink();
      for await (const item of tasks.asyncStreamNolink([1], look, options)) {
        if (item.type === 'ok') return item.value;
      }
      return [];
    },
  };

  test.each(Object.entries(tasks))('%s, unless told not to', async (_, run) => {
    expect(await inRequests(async () => stores(await run()))).toEqual(both('request'));
    const none = { context: 'none' } as const;
    expect(await inRequests(async () => stores(await run(none)))).toEqual(both(undefined));
  });

  test.each(Object.entries(tasks))('%s is its own process all the same', async (_, run) => {
    await inProcess(async () => {
      const sight = await storage.run('request', () => run());
      const [first, second] = sight.map(([, pid]) => pid);
      expect(first).toBe(second);
      expect(first).not.toBe(self());
    });
  });

  test('what a task starts in its turn inherits from it', async () => {
    const nested = storage.run('request', () => Task.async(() => Task.async(look).await()).await());
    expect(stores(await nested)).toEqual(['request', 'request']);
  });

  test('a task that a supervisor starts by its specification has none', async () => {
    const seen = await storage.run('request', async () => {
      const found = Promise.withResolvers<Sight>();
      const child = Task.childSpec(async () => found.resolve(await look()));
      await using _ = await Supervisor.startLink([child], { strategy: 'one_for_one' });
      return await found.promise;
    });
    expect(stores(seen)).toEqual([undefined, undefined]);
  });
});

describe('[C11] processes that serve others do not, unless told to', () => {
  const Looking = GenServer.define({
    init: () => 0,
    handleCall: { look: async (n) => reply(await look(), n) },
    handleCast: { look: () => noreply(0) },
  });
  const spawned =
    (start: (body: () => Promise<void>, options?: ContextOptions) => unknown) =>
    (options?: ContextOptions): Promise<Sight> =>
      inProcess(() => {
        const found = Promise.withResolvers<Sight>();
        start(async () => found.resolve(await look()), options);
        return found.promise;
      });
  const processes: Record<string, (options?: ContextOptions) => Promise<Sight>> = {
    spawn: spawned(spawn),
    spawnLink: spawned(spawnLink),
    spawnMonitor: spawned(spawnMonitor),
    GenServer: async (options) => {
      await using server = await Looking.start(undefined, options);
      return await server.call('look');
    },
    Machine: async (options) => {
      const found = Promise.withResolvers<Sight>();
      const entry = Machine.action(async () => found.resolve(await look()));
      await using _ = await Machine.define(createMachine({ entry })).start(undefined, options);
      return await found.promise;
    },
    'the functions of an Agent': async (options) => {
      await using agent = await Agent.start(() => 0);
      return await agent.get(look, options);
    },
  };

  test.each(Object.entries(processes))('%s', async (_, run) => {
    const plain = (options?: ContextOptions): Promise<unknown[]> =>
      storage.run('request', async () => stores(await run(options)));
    expect(await plain()).toEqual([undefined, undefined]);
    if (_.startsWith('spawn')) return;
    expect(await plain({ context: 'inherit' })).toEqual(['request', 'request']);
  });

  test.each([spawn, spawnLink, spawnMonitor])('%o, told to', async (start) => {
    const seen = await inProcess(() => {
      const found = Promise.withResolvers<Sight>();
      const body = async (): Promise<void> => found.resolve(await look());
      storage.run('request', () => void start(body, { context: 'inherit' }));
      return found.promise;
    });
    expect(stores(seen)).toEqual(['request', 'request']);
  });

  test('a function that an agent runs in the context of its caller is the agent all the same', async () => {
    await using agent = await Agent.start(() => 0);
    const sight = await storage.run('request', () => agent.get(look, { context: 'inherit' }));
    expect(sight.map(([, pid]) => pid)).toEqual([agent.pid, agent.pid]);
  });

  test('an option that is none of the two is refused', () => {
    const badarg = expect.objectContaining({ code: 'ERR_BADARG' }) as Error;
    expect(() => spawn(() => {}, { context: 'caller' as never })).toThrow(badarg);
    expect(() => Task.async(() => {}, { context: null as never })).toThrow(badarg);
  });
});

describe("[N2] a server whose context is the caller's", () => {
  const Tracing = GenServer.define({
    name: 'Tracing',
    context: 'caller',
    init: () => ({ seen: [storage.getStore()] as unknown[] }),
    handleCall: {
      look: async (state) => reply(await look(), state),
      lookAtOnce: (state) => reply(storage.getStore(), state),
      fail: () => {
        throw new Error(`failed for ${storage.getStore()}`);
      },
      continue: (state) => reply(undefined, state, { continue: 'goOn' }),
      seen: (state) => reply(state.seen, state),
      nested: async (state, inner: Pid) =>
        reply(await GenServer.call<string>(inner, 'lookAtOnce'), state),
    },
    handleCast: {
      note: async (state, text: string) => {
        const seen = stores(await look());
        return noreply({ seen: [...state.seen, `${text}: ${seen.join(', ')}`] });
      },
    },
    handleContinue: {
      goOn: (state) => noreply({ seen: [...state.seen, storage.getStore()] }),
    },
    handleInfo: (state) => noreply({ seen: [...state.seen, storage.getStore()] }),
  });

  test('handles each call in the context of its caller, at once and after it has waited', async () => {
    await using server = await Tracing.startLink();
    const seen = await inRequests(async () => {
      const sight = await server.call('look');
      expect(sight.map(([, pid]) => pid)).toEqual([server.pid, server.pid]);
      return stores(sight);
    });
    expect(seen).toEqual(both('request'));
    const many = ['a', 'b', 'c'].map((name) => storage.run(name, () => server.call('lookAtOnce')));
    expect(await Promise.all(many)).toEqual(['a', 'b', 'c']);
    expect(await server.call('lookAtOnce')).toBeUndefined();
  });

  test('handles casts in it, too, and everything else in none', async () => {
    await using server = await storage.run('starter', () => Tracing.startLink());
    storage.run('caster', () => server.cast('note', 'cast'));
    storage.run('sender', () => send(server.pid, 'info'));
    await storage.run('continuer', () => server.call('continue'));
    expect(await server.call('seen')).toEqual([
      undefined,
      'cast: caster, caster',
      undefined,
      undefined,
    ]);
  });

  test('hands it on to the server that it calls', async () => {
    await using outer = await Tracing.startLink();
    await using inner = await Tracing.startLink();
    expect(await storage.run('request', () => outer.call('nested', inner.pid))).toBe('request');
  });

  test('carries it through sendRequest and a name, and in a call that comes during init', async () => {
    await using server = await Tracing.startLink(undefined, { name: 'tracing' });
    const answer = await inProcess(() =>
      storage.run('request', () => waitResponse(sendRequest(server, 'lookAtOnce'))),
    );
    expect(answer).toMatchObject({ value: 'request' });
    const entered = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const Slow = GenServer.define({
      context: 'caller',
      init: async () => {
        entered.resolve();
        await released.promise;
        return 0;
      },
      handleCall: { look: (n) => reply(storage.getStore(), n) },
    });
    const starting = Slow.start(undefined, { name: 'slow' });
    await entered.promise;
    const early = storage.run('early', () => GenServer.call('slow', 'look'));
    released.resolve();
    await using _slow = await starting;
    expect(await early).toBe('early');
  });

  test('fails as it would without', async () => {
    const server = await Tracing.start();
    await expect(storage.run('request', () => server.call('fail'))).rejects.toThrow(
      'failed for request',
    );
  });

  test('is refused by another word', () => {
    const definition = { context: 'inherit', init: () => 0 } as unknown as { init: () => number };
    expect(() => GenServer.define(definition)).toThrow("context must be 'caller', or left out");
  });
});
