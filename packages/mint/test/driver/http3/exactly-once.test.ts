/** Whatever a server does with its requests, and the requesters with theirs: each ends once, and nothing is left. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WireRequest } from '../../../src/wire.ts';
import { turn } from '../../support/eventually.ts';
import { describeQuic } from '../../support/quic.ts';
import type { ExchangeLog } from '../exchange-log.ts';
import { meet } from './world.ts';
import type { World } from './world.ts';

const requests = ['plain', 'small', 'large', 'streamed'] as const;
const answers = ['whole', 'early', 'stopped', 'reset', 'rejected', 'malformed', 'half'] as const;
const readers = ['greedy', 'slow', 'aborts at once', 'aborts later'] as const;

const plan = fc.record({
  request: fc.constantFrom(...requests),
  answer: fc.constantFrom(...answers),
  reader: fc.constantFrom(...readers),
});

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

function requestOf({ request }: Plan, index: number): Partial<WireRequest> {
  const target = `/${index}`;
  switch (request) {
    case 'plain':
      return { target };
    case 'small':
      return { target, method: 'POST', body: 'small' };
    case 'large':
      return { target, method: 'POST', body: Buffer.alloc(100_000) };
    default:
      return { target, method: 'POST', body: Array.from({ length: 20 }, () => 'x'.repeat(5000)) };
  }
}

async function answer({ peer }: World, plans: readonly Plan[]): Promise<void> {
  for await (const { stream, fields } of peer.requests()) {
    const index = Number(fields.get(':path')?.slice(1));
    const plan = plans[index];
    if (plan === undefined) {
      peer.answer(stream, 'still here');
      continue;
    }
    switch (plan.answer) {
      case 'whole':
        peer.readBody(stream).then(
          () => peer.answer(stream, Buffer.alloc(50_000)),
          () => {},
        );
        break;
      case 'early':
        peer.answer(stream, 'early');
        break;
      case 'stopped':
        peer.stopSending(stream);
        peer.answer(stream, 'stopped');
        break;
      case 'reset':
        peer.respond(stream);
        peer.reset(stream);
        break;
      case 'rejected':
        peer.reset(stream, 'H3_REQUEST_REJECTED');
        break;
      case 'malformed':
        peer.respond(stream, 'two hundred');
        break;
      default:
        peer.respond(stream, 200, [['content-length', '10']]);
        peer.data(stream, 'half');
        peer.reset(stream, 'H3_NO_ERROR');
    }
  }
}

async function read(log: ExchangeLog, { reader }: Plan): Promise<void> {
  if (reader === 'aborts at once') log.exchange?.abort(new Error('at once'));
  if (reader === 'aborts later') await turn(5);
  if (reader === 'aborts later') log.exchange?.abort(new Error('later'));
  if (reader === 'slow') log.greedy = false;
  while (log.endings === 0) {
    log.exchange?.resume();
    await turn();
  }
}

describeQuic('each exchange', () => {
  test('ends once, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 12 }), async (plans) => {
        await using world = await meet({ server: { streamWindow: 30_000 } });
        const answering = answer(world, plans);
        const logs = plans.map((each, index) => world.send(requestOf(each, index)));
        await Promise.all(logs.map((log, index) => read(log, plans[index] as Plan)));
        expect(logs.map(({ endings }) => endings)).toEqual(plans.map(() => 1));
        expect((await world.send({ target: '/serves' }).done).body).toBe('still here');
        expect(world.wire).toMatchObject({ underWay: 0, usable: true });
        for (const log of logs) log.exchange?.abort(new Error('too late'));
        expect(logs.map(({ endings }) => endings)).toEqual(plans.map(() => 1));
        world.wire.destroy();
        await answering;
      }),
      { numRuns: 40 },
    );
  });
});
