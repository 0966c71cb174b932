import { describe, expect, test } from 'vitest';
import { HostLimits, type SlotUser } from '../../src/pool/host-limits.ts';

/** A user of slots that records what it was told. */
class User implements SlotUser {
  readonly host: string;
  readonly maxPerHost: number;
  readonly limits: HostLimits;
  idle = 0;
  wanted = 0;
  held = 0;

  constructor(limits: HostLimits, host: string, maxPerHost = Infinity) {
    this.limits = limits;
    this.host = host;
    this.maxPerHost = maxPerHost;
    limits.join(this);
  }

  get wanting(): boolean {
    return this.wanted > 0;
  }

  /** Asks for slots; what is not there is wanted. */
  ask(count: number): void {
    this.wanted += count;
    this.slotFree();
  }

  slotFree(): void {
    while (this.wanted > 0 && this.limits.take(this)) {
      this.wanted--;
      this.held++;
    }
  }

  evictIdle(): boolean {
    if (this.idle === 0) return false;
    this.idle--;
    this.give();
    return true;
  }

  give(): void {
    this.held--;
    this.limits.give(this.host);
  }

  rest(count: number): void {
    this.idle += count;
  }
}

describe('HostLimits', () => {
  test('closes no more idle connections than are needed for a user that asked in vain before', () => {
    const limits = new HostLimits(2);
    const [busy, waiting] = [new User(limits, 'a'), new User(limits, 'b')];
    busy.ask(2);
    waiting.ask(1);
    busy.rest(2);

    waiting.slotFree();

    expect(waiting).toMatchObject({ held: 1, wanted: 0 });
    expect(busy).toMatchObject({ held: 1, idle: 1 });
  });

  test('gives no more slots than there are, in all and for each host', () => {
    const limits = new HostLimits(5);
    const a = new User(limits, 'a', 2);
    const b = new User(limits, 'b');

    a.ask(4);
    b.ask(4);

    expect([a.held, b.held]).toEqual([2, 3]);
    expect(limits.count()).toBe(5);
    expect(limits.count('a')).toBe(2);
    expect(limits.count('nowhere')).toBe(0);
  });

  test('hands a slot that comes back to whoever asked first', () => {
    const limits = new HostLimits(1);
    const [a, b, c] = [new User(limits, 'a'), new User(limits, 'b'), new User(limits, 'c')];
    a.ask(1);
    b.ask(1);
    c.ask(1);

    a.give();
    expect([b.held, c.held]).toEqual([1, 0]);
    b.give();
    expect([b.held, c.held]).toEqual([0, 1]);
  });

  test('goes round among those who want more than one, beginning with who asked first', () => {
    const limits = new HostLimits(1);
    const [a, b] = [new User(limits, 'a'), new User(limits, 'b')];
    a.ask(3);
    b.ask(3);
    const order: string[] = ['a'];

    for (let turn = 0; turn < 5; turn++) {
      const holder = a.held > 0 ? a : b;
      holder.give();
      order.push(a.held > 0 ? 'a' : 'b');
    }

    expect(order).toEqual(['a', 'a', 'b', 'a', 'b', 'b']);
    expect(limits.count()).toBe(1);
  });

  test('one whose host is full does not stand in the way of the next one', () => {
    const limits = new HostLimits(2);
    const [a, b, c] = [new User(limits, 'a', 1), new User(limits, 'b'), new User(limits, 'c')];
    a.ask(2);
    b.ask(1);
    c.ask(1);
    expect([a.held, b.held, c.held]).toEqual([1, 1, 0]);

    b.give();

    expect([a.held, b.held, c.held]).toEqual([1, 0, 1]);
  });

  test('has an idle connection of somebody else closed', () => {
    const limits = new HostLimits(2);
    const [a, b] = [new User(limits, 'a'), new User(limits, 'b')];
    a.ask(2);
    a.rest(1);

    b.ask(1);

    expect([a.held, a.idle, b.held]).toEqual([1, 0, 1]);
    expect(limits.count()).toBe(2);
  });

  test('has one of the same host closed when that is what lacks', () => {
    const limits = new HostLimits(10);
    const [a, other, same] = [
      new User(limits, 'h', 1),
      new User(limits, 'x'),
      new User(limits, 'h', 1),
    ];
    other.ask(1);
    other.rest(1);
    same.ask(1);
    same.rest(1);

    a.ask(1);

    expect([a.held, other.held, same.held]).toEqual([1, 1, 0]);
  });

  test('takes idle connections from each in turn', () => {
    const limits = new HostLimits(6);
    const [a, b, c] = [new User(limits, 'a'), new User(limits, 'b'), new User(limits, 'c')];
    for (const user of [a, b]) {
      user.ask(3);
      user.rest(3);
    }

    c.ask(4);

    expect([a.held, b.held, c.held]).toEqual([1, 1, 4]);
  });

  test('says when a connection had better be closed than kept idle', () => {
    const limits = new HostLimits(2);
    const [a, b] = [new User(limits, 'a', 1), new User(limits, 'b')];
    a.ask(2);
    expect(limits.wants('b')).toBe(false);
    expect(limits.wants('a')).toBe(true);
    b.ask(2);
    expect(limits.wants('a')).toBe(true);

    a.wanted = b.wanted = 0;

    expect(limits.wants('a')).toBe(false);
    expect(limits.wants('b')).toBe(false);
  });

  test('gives a spare slot only when nobody else wants one', () => {
    const limits = new HostLimits(3);
    const [a, b] = [new User(limits, 'a', 1), new User(limits, 'b')];
    expect(limits.takeSpare(b)).toBe(true);
    a.ask(2);

    expect(limits.takeSpare(b)).toBe(false);
    expect(limits.count()).toBe(2);
  });

  test('a higher cap acts at once, as does a lower one on what is idle', () => {
    const limits = new HostLimits(1);
    const a = new User(limits, 'a');
    a.ask(3);
    expect(a.held).toBe(1);

    limits.maxConnections = 3;
    expect(a.held).toBe(3);
    a.rest(2);
    limits.maxConnections = 2;

    expect([a.held, a.idle]).toEqual([2, 1]);
    limits.maxConnections = 1;
    expect([a.held, a.idle]).toEqual([1, 0]);
    a.ask(1);
    limits.add('b', 1);
    expect(limits.wants('a')).toBe(true);
  });

  test('who has left is not told any more', () => {
    const limits = new HostLimits(1);
    const [a, b] = [new User(limits, 'a'), new User(limits, 'b')];
    a.ask(1);
    b.ask(1);

    limits.leave(b);
    a.give();

    expect(b.held).toBe(0);
    expect(limits.count()).toBe(0);
  });

  test('counts connections that were there before it', () => {
    const limits = new HostLimits(2);
    const a = new User(limits, 'a');
    limits.add('old', 3);

    a.ask(1);
    expect(a.held).toBe(0);
    limits.give('old');
    expect(a.held).toBe(0);
    limits.give('old');

    expect(a.held).toBe(1);
    expect(limits.count()).toBe(2);
  });
});
