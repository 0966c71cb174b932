import { self, type Pid } from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import type { BodyInput } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

const storage = new AsyncLocalStorage<string>();

interface Seen {
  readonly where: string;
  readonly pid: Pid;
  readonly store: string | undefined;
}

/** Bodies that note in which process and context their code runs. */
function bodies(seen: Seen[]): Record<string, BodyInput> {
  const note = (where: string): void => {
    seen.push({ where, pid: self(), store: storage.getStore() });
  };
  async function* pieces(): AsyncGenerator<string> {
    note('async');
    yield 'a';
    await new Promise((resolve) => setImmediate(resolve));
    note('after await');
    yield 'b';
  }
  return {
    'a generator function': function* (): Generator<string> {
      note('sync');
      yield 'a';
      note('next');
      yield 'b';
    },
    'an async generator function': pieces,
    'an async iterator': pieces(),
    'a function': () => {
      note('function');
      return ['a', 'b'];
    },
  };
}

test('a body is made as the calling process and in its async context, however the connection came', async () => {
  const held: (() => void)[] = [];
  await using server = await startHttpServer(async (request, answer) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    if (request.url === '/held') held.push(() => answer.end(text));
    else answer.end(text);
  });
  const finch = await startFinch({ pools: { default: { size: 1 } } });
  const hold = () => ({
    answer: inProcess(() => finch.request(`${server.url}/held`)),
    held: eventually(() => expect(held).toHaveLength(1)),
  });
  const check = async (how: string): Promise<void> => {
    for (const kind of Object.keys(bodies([]))) {
      const seen: Seen[] = [];
      const me = await inProcess(() =>
        storage.run('mine', async () => {
          // Another process frees the connection for which this one waits.
          const other = how === 'queued' ? hold() : undefined;
          await other?.held;
          const mine = finch.post(server.url, bodies(seen)[kind] as BodyInput);
          held.pop()?.();
          await other?.answer;
          expect((await mine).text(), `${kind}, ${how}`).toBe('ab');
          return self();
        }),
      );
      expect(seen.length).toBeGreaterThan(0);
      for (const { pid, store } of seen) expect([kind, pid, store]).toEqual([kind, me, 'mine']);
    }
  };
  await check('fresh');
  await check('idle');
  await check('queued');
});

test('a body that is handed over within the turn of another process is made as its own', async () => {
  await using server = await startHttpServer(async (request, answer) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    answer.end(text);
  });
  const finch = await startFinch({ pools: { default: { size: 1 } } });
  const lease = await finch.checkout(server.url);
  const seen: Seen[] = [];
  const waiting = inProcess(async () => {
    const body = bodies(seen)['a generator function'] as BodyInput;
    expect((await finch.post(server.url, body)).text()).toBe('ab');
    return self();
  });
  await eventually(() => expect(finch.getStats().queued).toBe(1));
  await inProcess(() => void lease.release());
  const me = await waiting;
  expect(seen.map(({ pid }) => pid)).toEqual([me, me]);
});
