import type { ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { ResetBudget } from '../../../src/driver/streams/reset-budget.ts';
import { send } from '../exchange-log.ts';
import { openHttp2Wire, startHttp2Server } from './open-http2-wire.ts';
import type { OpenHttp2Wire } from './open-http2-wire.ts';

/** Sends requests and gives them up, each when it has left, until the wire takes no more. */
async function abortUntilRetired(open: OpenHttp2Wire, most: number): Promise<number> {
  let aborts = 0;
  while (open.wire.usable && aborts < most) {
    const log = send(open.wire, { target: '/slow' });
    await open.wire.ping?.();
    log.exchange?.abort(new Error('enough'));
    aborts += 1;
  }
  return aborts;
}

describe('[W18] a wire whose requests are given up, one after the other,', () => {
  test('retires before the server ends the connection; an innocent request is answered', async () => {
    const held: ServerHttp2Stream[] = [];
    await using server = await startHttp2Server((stream, headers) => {
      if (headers[':path'] === '/innocent') held.push(stream);
    });
    using open = await openHttp2Wire(server.port);
    const innocent = send(open.wire, { target: '/innocent' });
    const aborts = await abortUntilRetired(open, 2000);
    expect(aborts).toBeGreaterThanOrEqual(400);
    expect(aborts).toBeLessThan(1000);
    await open.until((wire) => !wire.usable);
    const late = send(open.wire);
    expect(late.error).toMatchObject({
      name: 'ConnectionClosedError',
      reason: 'retired',
      requestSent: false,
    });
    expect(innocent.endings).toBe(0);
    for (const stream of held) {
      stream.respond({ ':status': 200 });
      stream.end('here');
    }
    expect((await innocent.done).body).toBe('here');
    // Nothing is under way any more: it ends, in order.
    expect(await open.closed).toBeUndefined();
  });

  test('says that it has changed once, when it has retired', async () => {
    await using server = await startHttp2Server(() => {});
    using open = await openHttp2Wire(server.port, { resetBurst: 3, resetRate: 0 });
    await open.until((wire) => wire.limitKnown);
    const kept = send(open.wire);
    const before = open.changes;
    expect(await abortUntilRetired(open, 10)).toBe(3);
    await open.wire.ping?.();
    expect(open.changes).toBe(before + 1);
    kept.exchange?.abort(new Error('enough'));
    await open.closed;
  });

  test('ends at once when nothing else is under way', async () => {
    await using server = await startHttp2Server(() => {});
    using open = await openHttp2Wire(server.port, { resetBurst: 1, resetRate: 0 });
    expect(await abortUntilRetired(open, 10)).toBe(1);
    expect(await open.closed).toBeUndefined();
  });
});

describe('a budget of resets', () => {
  test('is spent by a burst, and grows again with time, up to the burst', () => {
    const budget = new ResetBudget(3, 2);
    expect([budget.spend(1000), budget.spend(1000), budget.spend(1000)]).toEqual([
      true,
      true,
      false,
    ]);
    // Two a second.
    expect(budget.spend(2000)).toBe(true);
    expect(budget.spend(2000)).toBe(false);
    expect([budget.spend(100_000), budget.spend(100_000), budget.spend(100_000)]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
