/** Who gets leases: fair shares, and what a limiter decides, whatever its holders do. */
import { captureCrashReports } from '@linnet/otp/testing';
import { Finch, type HostLeaseUser } from '@linnet/finch';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HostLeases } from '../../src/finch/index.ts';
import { LeaseTable } from '../../src/finch/lease-table.ts';
import { LimiterState } from '../../src/finch/limiter-state.ts';
import { fairShares } from '../../src/finch/shares.ts';

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0);

test('nobody gets more than asked for, and who gets less has no less than any other, but for one', () => {
  expect(fairShares(10, [1, 20, 20])).toEqual([1, 5, 4]);
  expect(fairShares(1, [1, 1])).toEqual([1, 0]);
  const demands = fc.array(fc.nat(20), { maxLength: 8 });
  fc.assert(
    fc.property(fc.nat(60), demands, (limit, asked) => {
      const shares = fairShares(limit, asked);
      expect(sum(shares)).toBe(Math.min(limit, sum(asked)));
      for (const [i, share] of shares.entries()) {
        const demand = asked[i] ?? 0;
        expect(share).toBeLessThanOrEqual(demand);
        const most = share < demand ? share + 1 : limit;
        expect(Math.max(...shares)).toBeLessThanOrEqual(most);
      }
    }),
  );
});

/** Holders of a limiter that do what they are told, at once or later. */
class Model {
  readonly state: LimiterState<string>;
  readonly held = new Map<string, number>();
  readonly wants = new Map<string, number>();
  readonly shares = new Map<string, number>();

  constructor(limit: number) {
    this.state = new LimiterState(limit);
  }

  distribute(): void {
    for (const news of this.state.distribute()) {
      if (news.type === 'share') this.shares.set(news.to, news.share);
      else {
        this.held.set(news.to, this.heldBy(news.to) + news.count);
        this.wants.set(news.to, 0);
      }
    }
    const { total } = this.state;
    if (total !== sum(this.held.values())) throw new Error(`it counts ${total}`);
  }

  heldBy(name: string): number {
    return this.held.get(name) ?? 0;
  }

  ask(name: string, needs: number, batch: number): void {
    this.wants.set(name, needs);
    this.state.ask(name, needs, batch);
    this.distribute();
  }

  giveBack(name: string, count: number): void {
    const given = Math.min(count, this.heldBy(name));
    this.held.set(name, this.heldBy(name) - given);
    this.state.giveBack(name, given);
    this.distribute();
  }

  gone(name: string): void {
    this.held.delete(name);
    this.wants.delete(name);
    this.shares.delete(name);
    this.state.gone(name);
    this.distribute();
  }
}

const name = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.oneof(
  fc.tuple(fc.constant('ask' as const), name, fc.integer({ min: 1, max: 3 }), fc.nat(16)),
  fc.tuple(fc.constant('giveBack' as const), name, fc.nat(8), fc.constant(0)),
  fc.tuple(fc.constant('gone' as const), name, fc.constant(0), fc.constant(0)),
);

test('no more is granted than the limit, and who asks in vain gets a lease as others keep to their shares', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step), (limit, steps) => {
      const model = new Model(limit);
      for (const [what, who, count, batch] of steps) {
        if (what === 'ask') model.ask(who, count, batch);
        else if (what === 'giveBack') model.giveBack(who, count);
        else model.gone(who);
        expect(sum(model.held.values())).toBeLessThanOrEqual(limit);
      }
      // Each holder gives back what is above its share: what is wanted is served, one lease at least.
      for (let round = 0; round < 20; round++) {
        for (const who of model.held.keys()) {
          const share = model.shares.get(who) ?? Number.POSITIVE_INFINITY;
          if (model.heldBy(who) > share) model.giveBack(who, model.heldBy(who) - share);
        }
      }
      const inVain = [...model.wants].filter(([, needs]) => needs > 0).map(([who]) => who);
      // With fewer leases than holders, those who have none wait for those who have one.
      for (const who of inVain) {
        const others = [...model.held].filter(([other]) => other !== who).map(([, held]) => held);
        expect(Math.max(0, ...others) - model.heldBy(who)).toBeLessThan(2);
      }
    }),
  );
});

test('above the limit, shares are told until it is kept', () => {
  const model = new Model(4);
  model.state.attach('a', 4);
  model.state.attach('b', 4);
  model.held.set('a', 4).set('b', 4);
  model.distribute();
  expect([...model.shares.values()]).toEqual([2, 2]);
  model.giveBack('a', 2);
  model.giveBack('b', 2);
  expect([...model.shares.values()]).toEqual([Infinity, Infinity]);
});

const user = (): HostLeaseUser & { free: number; wanted: number } => ({
  free: 0,
  wanted: 0,
  leaseFree() {
    this.free++;
  },
  leaseWanted() {
    this.wanted++;
  },
});

test('the table of a node has leases for all of its instances, and none is lost with one of them', () => {
  const table = new LeaseTable();
  let wakes = 0;
  table.attach(() => wakes++);
  const [first, second] = [user(), user()];
  const [one, two] = [table.join(first), table.join(second)];
  one.source.ask('h');
  two.source.ask('h');
  expect(wakes).toBe(1);
  expect(table.takeChanged()).toEqual(['h']);
  expect(table.figures('h')).toEqual({ held: 0, used: 0, waiting: 2 });
  table.grant('h', 1);
  // The one that does not take it is no obstacle for the other.
  expect([first.free, second.free]).toEqual([1, 1]);
  one.source.take('h');
  expect(two.source.has('h')).toBe(false);
  one.leave();
  expect(two.source.has('h')).toBe(true);
  expect(table.takeSpare('h', 0)).toBe(1);
  expect(table.figures('h')).toEqual({ held: 0, used: 0, waiting: 0 });
});

test('when its process has gone, a node opens no more connections until there is another one', () => {
  const table = new LeaseTable();
  table.attach(() => {});
  const { source } = table.join(user());
  table.grant('h', 3);
  source.take('h');
  table.detach();
  expect(source.has('h')).toBe(false);
  expect(table.figures('h')).toMatchObject({ held: 1, used: 1 });
  source.add('h', 1);
  let woken = false;
  table.attach(() => (woken = true));
  expect(woken).toBe(true);
  expect(table.figures('h')).toMatchObject({ held: 2, used: 2 });
});

test('an instance with the limiter does not start where HostLeases does not run', async () => {
  using reports = captureCrashReports();
  const start = Finch.startLink({ name: 'alone', hostLimiter: HostLeases.limiter() });
  await expect(start).rejects.toThrow('Linnet.HostLeases');
  expect(reports.reports).toHaveLength(1);
});
