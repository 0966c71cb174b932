import {
  CallError,
  GenServer,
  getState,
  noreply,
  ok,
  receive,
  reply,
  self,
  send,
  stop,
} from '@linnet/otp';
import type * as copy from '@linnet/otp';
import { inProcess } from '@linnet/otp/testing';
import fc from 'fast-check';
import { beforeAll, expect, test, vi } from 'vitest';
import { isThenable } from '../../../src/process/values/thenable.ts';
import { quietCrashes } from '../../support/mailbox.ts';
import { promises } from '../../support/promises.ts';

quietCrashes();

let other: typeof copy;
beforeAll(async () => {
  vi.resetModules();
  other = await import('@linnet/otp');
});

/** Values of every kind: data, promises, and what this and another copy of the package make. */
const anyValue = fc.oneof(
  fc.anything(),
  fc.constantFrom(...Object.values(promises)).map((make) => make()),
  fc
    .constantFrom(
      () => ok(1),
      () => reply(1, 2),
      () => noreply(1),
      () => stop('normal', 1),
      () => self,
      () => other.ok(1),
      () => other.reply(1, 2),
      () => other.noreply(1),
      () => other.stop('normal', 1),
      () => other.spawn(() => {}),
      () => new other.ExitError('boom'),
      () => other.ignore,
    )
    .map((make) => make() as unknown),
);

const Server = GenServer.define({
  init: (): unknown => 0,
  handleCall: {
    answer: (state, value: readonly unknown[]) => reply(value[0], state),
    become: (_state, value: readonly unknown[]) => reply('ok', value[0]),
    return: (_state, value: readonly unknown[]) => value[0] as never,
  },
});

/** What came of it: the very value, or why it was refused. */
async function outcomeOf(work: () => unknown): Promise<unknown[]> {
  try {
    return ['value', await work()];
  } catch (error) {
    const { why, code } = error as { why?: unknown; code?: string };
    return ['refused', Array.isArray(why) ? (why as unknown[])[0] : code];
  }
}

/** A value that is none of a promise comes as it is. */
function expectValueUnlessPromise(value: unknown, outcome: unknown[], refusal: string): void {
  const [kind, what] = isThenable(value) ? ['refused', refusal] : ['value', value];
  expect([outcome[0], Object.is(outcome[1], what)]).toEqual([kind, true]);
}

test('any value is an answer as it is, or ends server and call; none is waited for', async () => {
  await fc.assert(
    fc.asyncProperty(anyValue, async (value) => {
      const server = await Server.start();
      const call = () => server.call(['answer', [value]], { timeout: 'infinity' });
      expectValueUnlessPromise(value, await outcomeOf(call), 'bad_return_value');
      await server.stop().catch(() => {});
    }),
    { numRuns: 300 },
  );
});

test('any value is a state as it is, or ends the server', async () => {
  await fc.assert(
    fc.asyncProperty(anyValue, async (value) => {
      const server = await Server.start();
      const become = async (): Promise<unknown> => {
        await server.call(['become', [value]], { timeout: 'infinity' });
        return getState(server);
      };
      expectValueUnlessPromise(value, await outcomeOf(become), 'bad_return_value');
      await server.stop().catch(() => {});
    }),
    { numRuns: 300 },
  );
});

test('any value that a callback returns ends the call, one way or the other', async () => {
  await fc.assert(
    fc.asyncProperty(
      // A promise that never settles is a callback that has not finished: its caller has a timeout.
      anyValue.filter((value) => !isThenable(value)),
      async (value) => {
        const server = await Server.start();
        const call = server.call(['return', [value]], { timeout: 100 });
        const outcome = await call.catch((error: unknown) => error);
        expect(outcome === undefined || outcome === 1 || outcome instanceof CallError).toBe(true);
        await server.stop().catch(() => {});
      },
    ),
    { numRuns: 300 },
  );
});

test('any value is a message as it is, or refused to its sender', async () => {
  await fc.assert(
    fc.asyncProperty(anyValue, async (value) => {
      const outcome = await inProcess(() =>
        outcomeOf(() => {
          send(self(), value as never);
          return receive();
        }),
      );
      expectValueUnlessPromise(value, outcome, 'ERR_BADARG');
    }),
    { numRuns: 300 },
  );
});
