import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { exit, GenServer, noreply, receive, self, send, spawn, type Pid } from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { quietCrashes } from '../support/mailbox.ts';
import { schedule } from '../../src/process/scheduler.ts';

quietCrashes();

/** What all busy processes of a test have handled. */
interface Load {
  handled: number;
}

/** Processes that always have mail, each in its own way. */
const busy: Record<string, (load: Load) => Pid[]> = {
  'a server that casts to itself': (load) => {
    const pid = spawn(() => {});
    const Busy = GenServer.define({
      init: () => send(self(), 'go'),
      handleInfo: (state) => {
        load.handled++;
        send(self(), 'again');
        return noreply(state);
      },
    });
    const pids: Pid[] = [pid];
    void Busy.start().then((server) => pids.push(server.pid));
    return pids;
  },
  'a server with async callbacks': (load) => {
    const pids: Pid[] = [];
    const Busy = GenServer.define({
      init: () => send(self(), 'go'),
      handleInfo: async (state) => {
        load.handled++;
        send(self(), 'again');
        await Promise.resolve();
        return noreply(state);
      },
    });
    void Busy.start().then((server) => pids.push(server.pid));
    return pids;
  },
  'a process in a receive loop': (load) => [
    spawn(async () => {
      for (;;) {
        send(self(), 'again');
        await receive();
        load.handled++;
      }
    }),
  ],
  'two processes that play ping-pong': (load) => {
    const player = async (): Promise<void> => {
      for (;;) {
        const other = (await receive()) as Pid;
        load.handled++;
        send(other, self());
      }
    };
    const pids = [spawn(player), spawn(player)] as const;
    send(pids[0], pids[1]);
    return [...pids];
  },
  'a process that starts another one and ends': (load) => {
    const pids: Pid[] = [];
    const next = (): void => {
      load.handled++;
      pids[0] = spawn(next);
    };
    pids.push(spawn(next));
    return pids;
  },
};

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe.each(Object.keys(busy))('%s', (name) => {
  function start(): Load {
    const load = { handled: 0 };
    const pids = (busy[name] as (load: Load) => Pid[])(load);
    onTestFinished(async () => {
      for (const pid of pids) exit(pid, 'kill');
      await settle();
    });
    return load;
  }

  test('lets the event loop turn after some ten thousand messages', async () => {
    const load = start();
    await turn();
    let most = 0;
    for (let i = 0; i < 8; i++) {
      const before = load.handled;
      await turn();
      most = Math.max(most, load.handled - before);
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(10_000);
  });

  test('does not hold up another process', async () => {
    const load = start();
    const hops = 40;
    await turn();
    const before = load.handled;
    await inProcess(async () => {
      const echo = spawn(async () => {
        for (let i = 0; i < hops; i++) send((await receive()) as Pid, 'pong');
      });
      for (let i = 0; i < hops; i++) {
        send(echo, self());
        await receive();
      }
    });
    // Each hop there and back waits for a few rounds of the run queue, not for a turn of the loop.
    expect(load.handled - before).toBeLessThan(2 * hops * 3 * 256 + 20_000);
  });

  test('does not hold up timers or a real socket', async () => {
    start();
    await new Promise((resolve) => void setTimeout(resolve, 1));
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(client, 'connect');
    for (let i = 0; i < 10; i++) {
      client.write('ping');
      await once(client, 'data');
    }
    counting = false;
    client.destroy();
    server.close();
    // Some turns each: one to write, one to read in the server, one to read the echo.
    expect(turns).toBeLessThan(10 * 50);
  });
});

test('slow handlers end the turn before the messages are used up', async () => {
  const load = { handled: 0 };
  const Slow = GenServer.define({
    init: () => send(self(), 'go'),
    handleInfo: (state) => {
      const until = performance.now() + 0.5;
      while (performance.now() < until);
      load.handled++;
      send(self(), 'again');
      return noreply(state);
    },
  });
  const server = await Slow.start();
  await turn();
  let most = 0;
  for (let i = 0; i < 5; i++) {
    const before = load.handled;
    await turn();
    most = Math.max(most, load.handled - before);
  }
  exit(server.pid, 'kill');
  expect(most).toBeLessThan(512);
});

test('nothing runs inside send or spawn', async () => {
  const seen: string[] = [];
  const pid = spawn(async () => {
    seen.push('started');
    seen.push((await receive()) as string);
  });
  send(pid, 'message');
  seen.push('after send');
  await settle();
  expect(seen).toEqual(['after send', 'started', 'message']);
});

test('a runnable that throws does not stop the others', async () => {
  const rejections: unknown[] = [];
  const listener = (error: unknown): void => void rejections.push(error);
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', listener);
  onTestFinished(() => {
    process.off('unhandledRejection', listener);
    for (const other of others) process.on('unhandledRejection', other);
  });
  let ran = false;
  schedule({
    run: () => {
      throw new Error('a bug of the runtime');
    },
  });
  schedule({ run: () => (ran = true) });
  await settle();
  expect(ran).toBe(true);
  expect(rejections).toMatchObject([{ message: 'a bug of the runtime' }]);
});

test('runs while the timers of the program are faked', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const load = { handled: 0 };
  await inProcess(async () => {
    for (let i = 0; i < 20_000; i++) {
      send(self(), i);
      await receive();
      load.handled++;
    }
  });
  expect(load.handled).toBe(20_000);
});
