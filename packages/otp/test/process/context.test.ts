import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  exit,
  GenServer,
  noreply,
  receive,
  reply,
  self,
  send,
  sendAfter,
  spawn,
  spawnLink,
  Watch,
  type Pid,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { arm } from '../../src/index.ts';
import { quietCrashes } from '../support/mailbox.ts';
import { useClock, type Clock } from '../../src/process/time/clock.ts';
import { currentProcess } from '../../src/process/context.ts';

quietCrashes();

describe('self()', () => {
  test('throws outside any process', () => {
    expect(() => self()).toThrow(expect.objectContaining({ code: 'ERR_NO_PROCESS' }) as Error);
  });

  test('is known in whatever a process awaits, schedules or listens to', async () => {
    await inProcess(async () => {
      const me = self();
      const seen: Pid[] = [];
      const note = (): void => void seen.push(self());
      await Promise.resolve();
      note();
      await delay(1);
      note();
      await new Promise<void>((resolve) => void setTimeout(() => resolve(note()), 1));
      await new Promise<void>((resolve) => void setImmediate(() => resolve(note())));
      await new Promise<void>((resolve) => process.nextTick(() => resolve(note())));
      await new Promise<void>((resolve) => queueMicrotask(() => resolve(note())));
      const emitter = new EventEmitter();
      const event = once(emitter, 'x').then(note);
      emitter.emit('x');
      await event;
      for await (const _ of (async function* () {
        yield await delay(1);
      })()) {
        note();
      }
      expect(seen).toEqual(Array.from({ length: 8 }, () => me));
    });
  });

  test('is each process its own while they interleave', async () => {
    const wrong: unknown[] = [];
    const worker = async (): Promise<void> => {
      const me = self();
      for (let i = 0; i < 20; i++) {
        if (i % 3 === 0) await delay(0);
        else if (i % 3 === 1) await Promise.resolve();
        else {
          send(self(), i);
          await receive();
        }
        if (self() !== me) wrong.push([me, self()]);
      }
    };
    await Promise.all(Array.from({ length: 200 }, () => inProcess(worker)));
    expect(wrong).toEqual([]);
  });

  test('is the callee in a callback and the caller after the call', async () => {
    const Server = GenServer.define({
      init: () => self(),
      handleCall: {
        sync: (pid) => reply([pid, self()] as const, pid),
        async: async (pid) => {
          await delay(1);
          return reply([pid, self()] as const, pid);
        },
      },
      handleInfo: (pid) => noreply(pid),
    });
    await using server = await Server.start();
    await inProcess(async () => {
      const me = self();
      for (const clause of ['sync', 'async'] as const) {
        expect(await server.call(clause)).toEqual([server.pid, server.pid]);
        expect(self()).toBe(me);
      }
    });
    expect(await server.call('sync')).toEqual([server.pid, server.pid]);
    expect(() => self()).toThrow('needs a current process');
  });

  test('is unknown in plain code that a process has called back', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const outcome = promise.then((value) => {
      expect(() => self()).toThrow('needs a current process');
      return value;
    });
    spawn(() => resolve('from a process'));
    expect(await outcome).toBe('from a process');
  });
});

describe('the async context of the program', () => {
  const storage = new AsyncLocalStorage<string>();

  test('a process does not inherit the store of whoever spawns it', async () => {
    const seen: Array<string | undefined> = [];
    const note = (): void => void seen.push(storage.getStore());
    await storage.run('request 1', async () => {
      spawn(async () => {
        note();
        await delay(1);
        note();
        spawnLink(note);
      });
      const Server = GenServer.define({
        init: note,
        handleCall: { ask: (state) => (note(), reply(1, state)) },
      });
      await using server = await Server.start();
      await server.call('ask');
      await delay(5);
    });
    await settle();
    expect(seen).toEqual(Array.from({ length: seen.length }, () => undefined));
    expect(seen.length).toBe(5);
  });

  test('a process keeps a store of its own, and the caller gets its own back', async () => {
    const body = async (name: string): Promise<string | undefined> =>
      storage.run(name, async () => {
        send(self(), 1);
        await receive();
        await delay(1);
        return storage.getStore();
      });
    const names = ['a', 'b', 'c'];
    const got = await storage.run('caller', async () => {
      const all = await Promise.all(names.map((name) => inProcess(() => body(name))));
      expect(storage.getStore()).toBe('caller');
      return all;
    });
    expect(got).toEqual(names);
  });
});

describe('callbacks of the runtime', () => {
  class Note extends Watch {
    readonly current: unknown[] = [];
    protected override down(): void {
      this.current.push(currentProcess()?.pid);
    }
  }

  test('the end of a watch belongs to no process', async () => {
    const notes = [new Note(), new Note()];
    const dying = spawn(() => {
      for (const note of notes) note.watch(self());
      throw new Error('boom');
    });
    const killed = spawn(() => receive());
    await settle();
    const last = new Note();
    last.watch(killed);
    await inProcess(() => exit(killed, 'kill'));
    expect([...notes, last].map((note) => note.current)).toEqual([
      [undefined],
      [undefined],
      [undefined],
    ]);
    expect(dying).toBeDefined();
  });

  test('a watch may send messages when the holder died of its own fault', async () => {
    class Slot extends Watch {
      readonly #waiter: Pid;
      constructor(waiter: Pid) {
        super();
        this.#waiter = waiter;
      }
      protected override down(): void {
        send(this.#waiter, 'the slot is free');
      }
    }
    const got = await inProcess(async () => {
      const me = self();
      spawn(() => {
        new Slot(me).watch(self());
        throw new Error('boom');
      });
      return receive();
    });
    expect(got).toBe('the slot is free');
  });

  test('a timer that fires belongs to no process, not to the one that armed the clock', async () => {
    const fired: unknown[] = [];
    const target = { onTimeout: () => fired.push(currentProcess()?.pid) };
    spawn(() => {
      arm(target, 3);
    });
    await settle();
    arm(target, 3);
    await new Promise((resolve) => {
      arm({ onTimeout: () => resolve(undefined) }, 3);
    });
    expect(fired).toEqual([undefined, undefined]);
  });

  test('a message that a dead process has asked to be sent later to another one arrives', async () => {
    await inProcess(async () => {
      const me = self();
      spawn(() => void sendAfter(me, 'later', 2));
      expect(await receive()).toBe('later');
    });
  });

  test('a clock of the user is called outside any process', async () => {
    const seen: unknown[] = [];
    const note = (): void => void seen.push(currentProcess()?.pid);
    const clock: Clock = {
      now: () => 0,
      wakeAfter: () => {
        note();
        return { cancel: note, keepAlive: note };
      },
    };
    const restore = useClock(clock);
    await inProcess(() => void sendAfter(self(), 'x', 10));
    await settle();
    restore();
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((each) => each !== undefined)).toEqual([]);
  });
});
