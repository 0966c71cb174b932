/** Servers that go away and come back while they are asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@linnet/otp/testing';
import { expect, it } from 'vitest';
import { isFinchError, type Finch } from '../../../src/index.ts';
import { startFinch } from '../../support/finch.ts';
import type { WebServer } from '../web-server.ts';

/**
 * Asks with many callers until what happens meanwhile is over, and some more; returns how often
 * each status and each code came. What is neither is thrown.
 */
async function underLoad(
  finch: Finch,
  server: WebServer,
  event: () => Promise<unknown>,
): Promise<Map<number | string, number>> {
  const outcomes = new Map<number | string, number>();
  const ask = async (caller: number): Promise<void> => {
    const pending =
      caller % 4 === 0
        ? finch.post(`${server.url}/origin/digest`, 'x'.repeat(10_000))
        : finch.get(`${server.url}/${caller % 4 === 1 ? 'file/65536' : 'whoami'}`);
    const outcome = await pending.then(
      ({ status }) => status,
      async (error: unknown) => {
        if (!isFinchError(error)) throw error;
        // A caller who is refused would ask a thousand times until the server is back.
        await sleep(5);
        return error.code;
      },
    );
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  };
  let over = false;
  const callers = Array.from({ length: 24 }, async (_, caller) => {
    while (!over) await ask(caller);
    for (let count = 0; count < 5; count++) await ask(caller);
  });
  await eventually(() => expect(outcomes.get(200)).toBeGreaterThan(50));
  await event();
  over = true;
  await Promise.all(callers);
  return outcomes;
}

export function restart(server: () => WebServer): void {
  it('ends every request with a response or a typed error when the server restarts', async () => {
    const finch = await startFinch({ pools: { default: { size: 8 } } });
    const outcomes = await underLoad(finch, server(), () => server().program.restart());
    const known = [200, 502, 503, 'ERR_FINCH_CONNECT', 'ERR_FINCH_CONNECTION_CLOSED'];
    expect(known).toEqual(expect.arrayContaining([...outcomes.keys()]));
    await eventually(async () => {
      expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
    });
    expect(finch.count()).toBeLessThan(9);
  });
}

/** At this signal other processes take over from those that run, and refuse nobody. */
export function reload(server: () => WebServer, reloadSignal: NodeJS.Signals): void {
  it('is served without a break when the server is reloaded', async () => {
    const finch = await startFinch({ pools: { default: { size: 8 } } });
    const answered = async (): Promise<void> => {
      for (let count = 0; count < 100; count++) {
        await finch.get(`${server().url}/whoami`).catch(() => {});
      }
    };
    const outcomes = await underLoad(finch, server(), () => {
      server().program.signal(reloadSignal);
      return answered();
    });
    const known = [200, 'ERR_FINCH_CONNECTION_CLOSED'];
    expect(known).toEqual(expect.arrayContaining([...outcomes.keys()]));
    // Only a POST that met the end of its connection is its caller's decision.
    expect(outcomes.get('ERR_FINCH_CONNECTION_CLOSED') ?? 0).toBeLessThan(9);
  });
}
