/** Host limits that are shared with other instances through a limiter. */
import { expect, test } from 'vitest';
import type { HostLeaseSource, HostLeaseUser, HostLimiter } from '../../src/index.ts';
import { HostLimits, type SlotUser } from '../../src/pool/host-limits.ts';

/** A limit for all hosts together, in this program; what is asked for is granted in the next turn of `grant`. */
class Shared implements HostLimiter {
  readonly #limit: number;
  readonly #users = new Set<HostLeaseUser>();
  readonly #asked = new Set<HostLeaseUser>();
  readonly asks: string[] = [];
  used = 0;
  wanted = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  join(user: HostLeaseUser): HostLeaseSource {
    this.#users.add(user);
    return {
      has: () => this.used < this.#limit,
      take: () => void this.used++,
      ask: (host) => {
        this.#asked.add(user);
        this.asks.push(host);
      },
      give: () => void this.used--,
      add: (_host, connections) => void (this.used += connections),
      isWanted: () => this.wanted,
    };
  }

  tellFree(host: string): void {
    for (const user of this.#asked) user.leaseFree(host);
  }

  tellWanted(host: string): void {
    this.wanted = true;
    for (const user of this.#users) user.leaseWanted(host);
  }
}

class User implements SlotUser {
  readonly host: string;
  readonly maxPerHost = Number.POSITIVE_INFINITY;
  readonly limits: HostLimits;
  held = 0;
  idle = 0;
  wants = 0;

  constructor(limits: HostLimits, host = 'a') {
    this.limits = limits;
    this.host = host;
    limits.join(this);
  }

  get wanting(): boolean {
    return this.wants > 0;
  }

  ask(count: number): void {
    this.wants += count;
    this.slotFree();
  }

  slotFree(): void {
    while (this.wants > 0 && this.limits.take(this)) {
      this.wants--;
      this.held++;
    }
  }

  evictIdle(): boolean {
    if (this.idle === 0) return false;
    this.idle--;
    this.close();
    return true;
  }

  close(): void {
    this.held--;
    this.limits.give(this.host);
  }
}

test('no connection is opened without a lease, and one that closes gives its lease back', () => {
  const shared = new Shared(3);
  const [one, two] = [1, 2].map(() => new User(new HostLimits(Number.POSITIVE_INFINITY, shared)));
  one?.ask(2);
  two?.ask(2);
  expect([one?.held, two?.held, shared.used]).toEqual([2, 1, 3]);
  expect(shared.asks).toEqual(['a']);
  one?.close();
  expect(two?.held).toBe(1);
  shared.tellFree('a');
  expect([two?.held, shared.used]).toEqual([2, 3]);
});

test('for want of a lease, only idle connections to the same host are closed', () => {
  const limits = new HostLimits(Number.POSITIVE_INFINITY, new Shared(2));
  const [other, same, asking] = [new User(limits, 'b'), new User(limits), new User(limits)];
  other.ask(1);
  same.ask(1);
  other.idle = same.idle = 1;
  asking.ask(1);
  expect([other.held, same.held, asking.held]).toEqual([1, 0, 1]);
});

test('when others want leases, idle connections are closed as long as the limiter says so', () => {
  const shared = new Shared(5);
  const limits = new HostLimits(Number.POSITIVE_INFINITY, shared);
  const [user, other] = [new User(limits), new User(limits, 'b')];
  user.ask(3);
  other.ask(1);
  user.idle = 2;
  other.idle = 1;
  expect(limits.wants('a')).toBe(false);
  shared.tellWanted('a');
  // The third is in use: it is closed when its caller is done, whether another one waits for it or not.
  expect([user.held, other.held, shared.used]).toEqual([1, 1, 2]);
  expect(limits.wants('a')).toBe(true);
  expect(limits.isOverfull('a')).toBe(true);
});

test('without the room for a connection, no lease is asked for', () => {
  const shared = new Shared(0);
  const user = new User(new HostLimits(0, shared));
  user.ask(1);
  expect(shared.asks).toEqual([]);
});

test('a connection that is opened ahead of its callers needs a lease as well', () => {
  const shared = new Shared(1);
  const user = new User(new HostLimits(Number.POSITIVE_INFINITY, shared));
  expect(user.limits.takeSpare(user)).toBe(true);
  expect(user.limits.takeSpare(user)).toBe(false);
  expect(shared.asks).toEqual(['a']);
});

test('connections that were open before count, even above the limit', () => {
  const shared = new Shared(1);
  const limits = new HostLimits(Number.POSITIVE_INFINITY, shared);
  limits.add('a', 3);
  expect(shared.used).toBe(3);
});
