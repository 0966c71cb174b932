import {
  exit,
  formatReason,
  GenServer,
  isAlive,
  monitor,
  noreply,
  receive,
  reply,
  self,
  send,
  setLogger,
  spawn,
  spawnLink,
  stop,
  trapExit,
  type DownMessage,
  type ExitMessage,
} from '@linnet/otp';
import { captureCrashReports, inProcess, settle } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { standardError } from '../../src/process/reports/crash-report.ts';
import { quietCrashes } from '../support/mailbox.ts';

quietCrashes();

function revoked(target: object = {}): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const trapped = (): never => {
  throw new Error('a trap');
};

/** Whether two arrays hold the very same values. */
function same(actual: unknown, expected: readonly unknown[]): boolean {
  return (
    Array.isArray(actual) &&
    actual.length === expected.length &&
    actual.every((item, index) => Object.is(item, expected[index]))
  );
}

/** Values that user code may throw, return and send, each made anew. */
const hostile: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  'a frozen object': () => Object.freeze({ frozen: true }),
  'a frozen error': () => Object.freeze(new Error('frozen')),
  'a revoked proxy': () => revoked(),
  'a revoked proxy of a function': () => revoked(() => {}),
  'a revoked proxy of an array': () => revoked([]),
  'a proxy whose every trap throws': () => new Proxy({}, new Proxy({}, { get: () => trapped })),
  'an object whose getters throw': () =>
    Object.defineProperties(
      {},
      Object.fromEntries(
        [
          'then',
          'type',
          'from',
          'reason',
          'ref',
          'message',
          'stack',
          'name',
          'shutdown',
          'via',
        ].map((key) => [key, { get: trapped, enumerable: true }]),
      ),
    ),
  'an error whose getters throw': () =>
    Object.defineProperties(new Error('x'), {
      message: { get: trapped },
      stack: { get: trapped },
      name: { get: trapped },
    }),
  'an object without a prototype': () => Object.create(null) as object,
  'an object whose toString throws': () => ({ toString: trapped, toJSON: trapped }),
  'a symbol': () => Symbol('s'),
  'a bigint': () => 10n,
  NaN: () => Number.NaN,
  'a class': () => class Hostile {},
  'an array that contains itself': () => {
    const array: unknown[] = [];
    array.push(array);
    return array;
  },
};

const Server = GenServer.define({
  name: 'Hostile',
  init: (make: (() => unknown) | undefined) => make as unknown,
  handleCall: {
    throws: (_, value: unknown) => {
      throw value as Error;
    },
    rejects: async (_, value: unknown) => {
      await Promise.resolve();
      throw value as Error;
    },
    returns: (_, value: unknown) => value as never,
    resolves: (_, value: unknown) => Promise.resolve(value) as never,
    echo: (state, value: unknown) => reply(value, state),
    stops: (state, value: unknown) => stop(value, state),
    ping: (state) => reply('pong', state),
  },
  handleInfo: (state) => noreply(state),
  terminate: () => {},
});

describe.each(Object.keys(hostile))('%s', (name) => {
  const make = hostile[name] as () => unknown;
  /** Values that `await` cannot carry: it looks at their `then`. */
  const carried = (value: unknown): boolean => {
    try {
      void (value as { then?: unknown } | undefined)?.then;
      return true;
    } catch {
      return false;
    }
  };

  test('thrown in a body is the exit reason, for links and monitors alike', async () => {
    const value = make();
    for (const body of [
      (): void => {
        throw value as Error;
      },
      async (): Promise<void> => {
        await Promise.resolve();
        throw value as Error;
      },
    ]) {
      await inProcess(async () => {
        trapExit();
        monitor(spawnLink(body));
        const messages = [await receive(), await receive()] as Array<DownMessage | ExitMessage>;
        expect(messages.map((message) => message.type)).toEqual(['EXIT', 'DOWN']);
        for (const { reason } of messages) expect(Object.is(reason, value)).toBe(true);
      });
    }
  });

  test('as a message arrives untouched', async () => {
    const value = make();
    await inProcess(async () => {
      send(self(), { value });
      send(self(), value);
      const { value: inside } = (await receive()) as { value: unknown };
      expect(Object.is(inside, value)).toBe(true);
      // `await` looks at the `then` of what it is given, and rejects if that throws.
      let got = value;
      try {
        got = await receive();
      } catch {
        // That message cannot be awaited.
      }
      expect(Object.is(got, value)).toBe(true);
    });
  });

  test('as a message does no harm to a server', async () => {
    const server = await Server.start();
    await inProcess(() => send(server.pid, make()));
    expect(await server.call('ping')).toBe('pong');
    await server.stop();
  });

  test('as the message of a trapping child of a process does no harm', async () => {
    await inProcess(async () => {
      const server = await Server.startLink();
      send(server.pid, make());
      expect(await server.call('ping')).toBe('pong');
      await server.stop();
    });
  });

  test.each(['throws', 'rejects'] as const)(
    '%s in a callback ends the server only',
    async (clause) => {
      const value = make();
      const server = await Server.start();
      const failure = (await server.call(clause, value).catch((error: unknown) => error)) as {
        why: unknown;
      };
      await settle();
      expect(isAlive(server.pid)).toBe(false);
      const reason = name.includes('error') ? [value] : ['bad_return_value', value];
      expect(same([failure.why].flat(), reason)).toBe(true);
    },
  );

  test.each(['returns', 'resolves'] as const)(
    '%s from a callback is a bad return value',
    async (clause) => {
      const value = make();
      const server = await Server.start();
      const failure = (await server.call(clause, value).catch((error: unknown) => error)) as {
        why: unknown;
        message: string;
      };
      expect(isAlive(server.pid)).toBe(false);
      expect(failure.message).toContain('GenServer.call');
      // A promise of a value whose `then` throws rejects by itself.
      const rejected = clause === 'resolves' && !carried(value);
      expect(rejected || same(failure.why, ['bad_return_value', value])).toBe(true);
    },
  );

  test('as a reason of stop, exit and kill does no harm', async () => {
    const value = make();
    const server = await Server.start();
    await server.stop(value);
    const other = await Server.start();
    const failure = (await other.call('stops', value).catch((error: unknown) => error)) as {
      why: unknown;
    };
    expect(Object.is(failure.why, value)).toBe(true);
    const pid = spawn(() => receive());
    await inProcess(async () => {
      const ref = monitor(pid);
      exit(pid, value);
      const { reason } = await receive((m): m is DownMessage => ref.isDownMessage(m));
      expect(Object.is(reason, value)).toBe(true);
    });
  });

  test('is formatted and reported without failing', async () => {
    const value = make();
    expect(typeof formatReason(value)).toBe('string');
    expect(typeof formatReason(['failed_to_start_child', value, value])).toBe('string');
    expect(typeof formatReason({ shutdown: value })).toBe('string');
    const reports = await captureCrashReports(() => {
      spawn(() => {
        throw value as Error;
      });
    });
    expect(reports).toHaveLength(1);
    expect(Object.is(reports[0]?.reason, value)).toBe(true);
  });

  test('is logged by the default logger without failing', async () => {
    const lines: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (line: string | Uint8Array) => lines.push(String(line)) > 0;
    const former = setLogger(standardError);
    onTestFinished(() => {
      process.stderr.write = write;
      setLogger(former);
    });
    spawn(() => {
      throw make() as Error;
    });
    await settle();
    expect(lines.join('')).toMatch(/^process #PID<0\.\d+\.0> terminated: /);
  });
});

test('a logger that throws does not harm the runtime, and the report is printed', async () => {
  const lines: string[] = [];
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (line: string | Uint8Array) => lines.push(String(line)) > 0;
  const former = setLogger({ error: trapped, warn: trapped, debug: trapped });
  onTestFinished(() => {
    process.stderr.write = write;
    setLogger(former);
  });
  spawn(() => exit('boom'));
  await using server = await GenServer.define({
    init: () => 0,
    handleCall: { ping: (n) => reply('pong', n) },
  }).start();
  send(server.pid, 'unexpected');
  expect(await server.call('ping')).toBe('pong');
  await settle();
  expect(lines.join('')).toContain('terminated: boom');
  expect(lines.join('')).toContain('unexpected message');
});
