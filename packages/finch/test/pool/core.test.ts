/** The core of a pool, call by call, without processes: what callers and connections are told. */
import { describe, expect, test } from 'vitest';
import { HostLimits } from '../../src/pool/host-limits.ts';
import { startCore } from '../support/core-world.ts';

describe('a connection that opens', () => {
  test('goes to the caller that waits longest, whichever dial it was', () => {
    const { core, wait, dial } = startCore();
    const [first, second] = [wait(), wait()];
    expect(core.figures).toMatchObject({ connecting: 2, queued: 0 });

    dial(1).opens();

    expect([first.told, second.told]).toEqual([['connected'], []]);
    expect(first.connection).toBe(dial(1));
    expect(core.figures).toMatchObject({ inUse: 1, connecting: 1, queued: 0 });
    dial(0).opens();
    expect(second.connection).toBe(dial(0));
  });

  test('is idle when no caller waits any more', () => {
    const { core, wait, dial } = startCore();
    core.cancel(wait());

    dial(0).opens();

    expect(dial(0).state).toBe('idle');
    expect(core.figures).toMatchObject({ idle: 1, inUse: 0, connecting: 0 });
    expect(core.take()).toBe(dial(0));
  });

  test('serves the next caller in place of the one that left: no other is opened', () => {
    const { core, wait, dial, dials } = startCore();
    core.cancel(wait());
    const next = wait();
    expect(dials).toHaveLength(1);

    dial(0).opens();

    expect(next.told).toEqual(['connected']);
  });

  test('is closed when the shard winds down and no caller waits', () => {
    const { core, wait, dial, limits } = startCore();
    core.cancel(wait());
    core.drain();

    dial(0).opens();

    expect(core.open).toBe(0);
    expect(limits.count()).toBe(0);
  });

  test('serves as many callers as its server allows, and the others have connections of their own', () => {
    const { core, wait, dial, dials } = startCore({ url: 'https://localhost:1' });
    const waiters = Array.from({ length: 5 }, () => wait());
    // It is not known yet how many it will carry.
    expect(dials).toHaveLength(1);

    dial(0).opens(2);

    expect(waiters.map(({ told }) => told.length)).toEqual([1, 1, 0, 0, 0]);
    expect(dials).toHaveLength(3);
    expect(core.figures).toMatchObject({ inUse: 1, inFlight: 2, connecting: 2, queued: 0 });
    dial(1).opens(2);
    dial(2).opens(2);
    expect(waiters.every(({ told }) => told.length === 1)).toBe(true);
    expect(core.available).toBe((core.size - 3) * 2 + 1);
  });

  test('that turns out to speak HTTP/1.1 leaves the others to connections of their own', () => {
    const { core, wait, dial, dials } = startCore({ url: 'https://localhost:1' });
    for (let count = 0; count < 3; count++) wait();

    dial(0).opens();

    expect(dials).toHaveLength(3);
    expect(core).toMatchObject({ protocol: 'http1', queued: 0 });
  });

  test('refuses the newest of those who wait when it carries fewer than was expected', () => {
    const pool = { size: 1, maxQueue: 1 };
    const { wait, dial, log } = startCore({ url: 'https://localhost:1', pool });
    const waiters = Array.from({ length: 4 }, () => wait());

    dial(0).opens();

    const full = ['ERR_FINCH_QUEUE_FULL'];
    expect(waiters.map(({ told }) => told)).toEqual([['connected'], [], full, full]);
    expect(log).toEqual(['queueFull', 'queueFull']);
  });
});

describe('a dial that fails', () => {
  test('is told to the caller that waits longest, and to no other', () => {
    const { core, wait, dial } = startCore();
    const [first, second] = [wait(), wait()];

    dial(1).fails();

    expect([first.told, second.told]).toEqual([['refused'], []]);
    expect(core.figures).toMatchObject({ connecting: 1, queued: 0 });
    expect(core.dialFailed).toBe(true);
    dial(0).opens();
    expect(second.told).toEqual(['connected']);
    expect(core.dialFailed).toBe(false);
  });

  test('leaves its slot to the next caller, which has a dial of its own [D1]', () => {
    const { wait, dial, dials } = startCore({ pool: { size: 1 } });
    const [first, second] = [wait(), wait()];

    dial(0).fails();

    expect([first.told, second.told]).toEqual([['refused'], []]);
    expect(dials).toHaveLength(2);
    dial(1).fails();
    expect(second.told).toEqual(['refused']);
    expect(dials).toHaveLength(2);
  });

  test('is told to as many callers as it was expected to serve', () => {
    const { wait, dial, dials } = startCore({ url: 'https://localhost:1' });
    const first = wait();
    dial(0).opens(2);
    dial(0).dies();
    const waiters = Array.from({ length: 4 }, () => wait());
    expect(first.told).toEqual(['connected']);
    expect(dials).toHaveLength(3);

    dial(1).fails();

    expect(waiters.map(({ told }) => told)).toEqual([['refused'], ['refused'], [], []]);
  });

  test('does not take a slot that is not there any more', () => {
    const { core, wait, dial, limits } = startCore({ limits: new HostLimits(2) });
    const [first, second] = [wait(), wait()];
    dial(1).opens();
    limits.maxConnections = 1;

    dial(0).fails();

    expect([first.told, second.told]).toEqual([['connected'], ['refused']]);
    const third = wait();
    expect(core.figures).toMatchObject({ inUse: 1, connecting: 0, queued: 1 });
    limits.maxConnections = 2;
    expect(core.figures).toMatchObject({ connecting: 1, queued: 0 });
    expect(third.told).toEqual([]);
  });
});

describe('a dial whose process dies', () => {
  test('is begun anew for those who wait, and they are told nothing', () => {
    const { core, wait, dial, dials } = startCore({ pool: { size: 2 } });
    const waiters = [wait(), wait()];

    dial(0).dies();
    dial(1).dies();

    expect(dials).toHaveLength(4);
    expect(waiters.map(({ told }) => told)).toEqual([[], []]);
    expect(core.figures).toMatchObject({ connecting: 2, queued: 0 });
  });

  test('is begun anew three times for each connection, and then told', () => {
    const { core, wait, dial, dials, limits } = startCore({ pool: { size: 1 } });
    const waiter = wait();

    for (let index = 0; index < 4; index++) dial(index).dies();

    expect(waiter.told).toEqual(['killed']);
    expect(dials).toHaveLength(4);
    expect(core.open + limits.count()).toBe(0);
  });

  test('is not begun anew when no caller waits', () => {
    const { core, wait, dial, dials, limits } = startCore();
    core.cancel(wait());

    dial(0).dies();

    expect(dials).toHaveLength(1);
    expect(core.open + limits.count()).toBe(0);
  });
});

describe('the dial for a waiter', () => {
  test('is the one that began first, for the one who waits longest; none for those beyond', () => {
    const { core, wait, dial } = startCore({ pool: { size: 2 } });
    const waiters = [wait(), wait(), wait()];

    expect(waiters.map((waiter) => core.dialFor(waiter))).toEqual([dial(0), dial(1), undefined]);
    dial(0).opens();
    expect(waiters.map((waiter) => core.dialFor(waiter))).toEqual([undefined, dial(1), undefined]);
  });

  test('is one for as many as it is expected to serve', () => {
    const { core, wait, dial } = startCore({ url: 'https://localhost:1' });
    const waiters = Array.from({ length: 101 }, () => wait());

    expect(core.dialFor(waiters[99]!)).toBe(dial(0));
    expect(core.dialFor(waiters[100]!)).toBeUndefined();
    expect(core.queued).toBe(1);
  });
});

describe('a connection that is given back', () => {
  test('goes to the next caller without being idle', () => {
    const { core, wait, dial } = startCore({ pool: { size: 1 } });
    const [first, second] = [wait(), wait()];
    dial(0).opens();

    core.checkin(dial(0));

    expect([first.told, second.told]).toEqual([['connected'], ['connected']]);
    expect(dial(0)).toMatchObject({ state: 'in_use', users: 1, served: 2 });
  });

  test('inside of the call that gives it goes on afterwards, ten thousand times', () => {
    const { core, dial, wait } = startCore({ pool: { size: 1, maxQueue: 'infinity' } });
    const first = wait();
    dial(0).opens();
    const waiters = Array.from({ length: 10_000 }, () => wait());
    for (const waiter of waiters) waiter.onConnected = (connection) => core.checkin(connection);

    core.checkin(dial(0));

    expect(first.told).toEqual(['connected']);
    expect(waiters.every(({ told }) => told.length === 1)).toBe(true);
    expect(core.figures).toMatchObject({ idle: 1, inUse: 0, queued: 0 });
  });

  test('makes room for the one that the next caller needs fresh', () => {
    const { core, wait, dial, dials } = startCore({ pool: { size: 1 } });
    wait();
    dial(0).opens();
    const fresh = wait(true);

    core.checkin(dial(0));

    expect(dial(0)).toMatchObject({ state: 'closed', closeReason: 'evicted' });
    expect(dials).toHaveLength(2);
    dial(1).opens();
    expect(fresh.connection).toBe(dial(1));
  });

  test('goes to another caller when the one that needs a fresh one has a dial', () => {
    const { core, wait, dial, dials } = startCore({ pool: { size: 2 } });
    wait();
    dial(0).opens();
    const fresh = wait(true);
    const next = wait();
    expect(dials).toHaveLength(2);

    core.checkin(dial(0));

    expect([fresh.told, next.told]).toEqual([[], ['connected']]);
    core.checkin(dial(0));
    expect(dial(0).state).toBe('idle');
    dial(1).opens();
    expect(fresh.connection).toBe(dial(1));
  });

  test('makes room for a fresh one also where the limit of the instance is reached', () => {
    const { core, wait, dial, limits } = startCore({ limits: new HostLimits(1) });
    core.prewarm(1);
    dial(0).opens();

    const fresh = wait(true);

    expect(dial(0)).toMatchObject({ state: 'closed', closeReason: 'evicted' });
    expect(limits.count()).toBe(1);
    dial(1).opens();
    expect(fresh.connection).toBe(dial(1));
  });

  test('after its end changes nothing', () => {
    const { core, wait, dial, limits } = startCore();
    wait();
    dial(0).opens();
    dial(0).dies();

    core.checkin(dial(0));

    expect(core.open + limits.count()).toBe(0);
  });

  test('is closed when it may not be used again, and the next caller has a new one', () => {
    const { core, wait, dial, dials } = startCore({ pool: { size: 1 } });
    wait();
    dial(0).opens();
    const next = wait();
    dial(0).isExpired = true;

    core.checkin(dial(0));

    expect(dial(0)).toMatchObject({ state: 'closed', closeReason: 'expired' });
    expect(next.told).toEqual([]);
    expect(dials).toHaveLength(2);
  });

  test('beyond the size of the pool, or with an idle time of 0, is closed', () => {
    const { core, wait, dial } = startCore({ pool: { size: 1, whenFull: 'overflow' } });
    wait();
    wait();
    dial(0).opens();
    dial(1).opens();
    expect(core.figures).toMatchObject({ size: 1, inUse: 2 });

    core.checkin(dial(1));
    expect(dial(1)).toMatchObject({ state: 'closed', closeReason: 'drained' });
    core.setIdleTime(0);
    core.checkin(dial(0));
    expect(dial(0)).toMatchObject({ state: 'closed', closeReason: 'idle_timeout' });
  });
});

describe('taking a connection', () => {
  test('takes the one used last, and the one used longest ago ages out', () => {
    const { core, dial } = startCore();
    core.prewarm(2);
    dial(0).opens();
    dial(1).opens();

    expect(core.take()).toBe(dial(1));
    expect(core.evictIdle()).toBe(true);
    expect(dial(0)).toMatchObject({ state: 'closed', closeReason: 'evicted' });
  });

  test('closes those on its way that may not be used again', () => {
    const { core, dial } = startCore();
    core.prewarm(2);
    dial(0).opens();
    dial(1).opens();
    dial(1).isExpired = true;

    expect(core.take()).toBe(dial(0));
    expect(dial(1)).toMatchObject({ state: 'closed', closeReason: 'stale' });
  });

  test('goes on to the next one when the process of the first is dead', () => {
    const { core, dial, limits } = startCore();
    core.prewarm(2);
    dial(0).opens();
    dial(1).opens();
    dial(1).diesUnseen();

    expect(core.take()).toBe(dial(0));
    expect(core.open).toBe(1);
    expect(limits.count()).toBe(1);
  });

  test('gives the streams of one connection before it takes another', () => {
    const { core, dial } = startCore({ url: 'https://localhost:1' });
    core.prewarm(1);
    dial(0).opens(2);
    core.prewarm(2);
    dial(1)?.opens(2);

    const [one, other] = [core.take(), core.take()];

    expect(one).toBe(other);
    expect(one?.availableStreams).toBe(0);
    expect(core.figures).toMatchObject({ inUse: 1, inFlight: 2, idle: 1 });
  });

  test('takes none while the server allows no stream', () => {
    const { core, wait, dial, dials } = startCore({ url: 'https://localhost:1' });
    core.prewarm(1);
    dial(0).opens(1);
    dial(0).allows(0);

    expect(core.take()).toBeUndefined();
    const waiter = wait();
    const before = dials.length;
    dial(0).allows(1);
    expect(waiter.told).toEqual(['connected']);
    expect(dials).toHaveLength(before);
  });
});

describe('a shared connection', () => {
  test('that is taken out of circulation is not given to callers, until it is put back', () => {
    const { core, wait, dial, dials } = startCore({ url: 'https://localhost:1' });
    core.prewarm(1);
    dial(0).opens(2);

    core.unlist(dial(0));

    expect(core.figures).toMatchObject({ inUse: 1, inFlight: 0 });
    expect(core.take()).toBeUndefined();
    const waiter = wait();
    expect(dials).toHaveLength(2);
    expect(core.enter(dial(0))).toBe(true);
    expect(core.enter(dial(0))).toBe(true);
    expect(core.enter(dial(0))).toBe(false);
    core.checkin(dial(0));
    core.list(dial(0));
    expect(waiter.connection).toBe(dial(0));
    expect(core.figures).toMatchObject({ inUse: 1, inFlight: 2, connecting: 1 });
  });

  test('whose keeper died drains, and ends with its last user', () => {
    const { core, dial } = startCore({ url: 'https://localhost:1' });
    core.prewarm(1);
    dial(0).opens(2);
    core.unlist(dial(0));
    core.enter(dial(0));

    core.dismissUnlisted(dial(0));

    expect(dial(0)).toMatchObject({ state: 'draining', users: 1 });
    core.checkin(dial(0));
    expect(dial(0)).toMatchObject({ state: 'closed', closeReason: 'abandoned' });
    expect(core.open).toBe(0);
  });

  test('that the server announces the end of drains, and another one takes its place', () => {
    const { core, wait, dial, dials } = startCore({
      url: 'https://localhost:1',
      pool: { size: 1 },
    });
    wait();
    dial(0).opens(1);
    const next = wait();
    expect(dials).toHaveLength(1);

    dial(0).goesAway();

    expect(dial(0).state).toBe('draining');
    expect(dials).toHaveLength(2);
    dial(1).opens(1);
    expect(next.told).toEqual(['connected']);
    expect(core.figures).toMatchObject({ inUse: 2, size: 1 });
    core.checkin(dial(0));
    expect(dial(0)).toMatchObject({ state: 'closed', closeReason: 'goaway' });
  });

  test('ends when the server asks for HTTP/1.1, which is spoken for ten minutes', () => {
    const { core, dial, clock } = startCore({ url: 'https://localhost:1' });
    core.prewarm(1);
    dial(0).opens(2);

    expect(core.requireHttp1()).toBe(true);

    expect(dial(0).state).toBe('closed');
    expect(core.http1Only).toBe(true);
    clock.now = 600_000;
    expect(core.http1Only).toBe(false);
  });
});

describe('a full pool', () => {
  test("refuses a caller with whenFull 'fail', or beyond maxQueue", () => {
    const failing = startCore({ pool: { size: 1, whenFull: 'fail' } });
    failing.wait();
    expect(failing.wait().told).toEqual(['ERR_FINCH_QUEUE_FULL']);

    const queueing = startCore({ pool: { size: 1, maxQueue: 1 } });
    queueing.wait();
    expect(queueing.wait().told).toEqual([]);
    expect(queueing.wait().told).toEqual(['ERR_FINCH_QUEUE_FULL']);
  });

  test('has its idle connections closed for another pool that waits for the slot', () => {
    const limits = new HostLimits(1);
    const [one, other] = [startCore({ limits }), startCore({ limits, url: 'http://localhost:2' })];
    one.wait();
    one.dial(0).opens();
    const waiter = other.wait();
    expect(other.dials).toHaveLength(0);

    one.core.checkin(one.dial(0));

    expect(one.dial(0)).toMatchObject({ state: 'closed', closeReason: 'evicted' });
    other.dial(0).opens();
    expect(waiter.told).toEqual(['connected']);
  });

  test('that is made smaller closes what is idle, and the rest when it comes back', () => {
    const { core, dial } = startCore({ pool: { size: 3 } });
    core.prewarm(3);
    for (const index of [0, 1, 2]) dial(index).opens();
    core.take();

    core.resize(0);

    expect(core.figures).toMatchObject({ inUse: 1, idle: 0 });
    core.checkin(dial(2));
    expect(core.open).toBe(0);
  });

  test('that is made smaller keeps none of the connections that were being opened', () => {
    const { core, dial } = startCore({ pool: { size: 3 } });
    core.prewarm(3);

    core.resize(1);
    for (const index of [0, 1, 2]) dial(index).opens();

    expect(core.figures).toMatchObject({ size: 1, idle: 1, connecting: 0 });
  });

  test('that is made smaller while callers wait serves all of them, in their order', () => {
    const { core, wait, dial } = startCore({ pool: { size: 3 } });
    const waiters = Array.from({ length: 6 }, () => wait());
    for (const index of [0, 1, 2]) dial(index).opens();

    core.resize(1);
    for (const index of [0, 1, 2]) core.checkin(dial(index));

    expect(core.figures).toMatchObject({ size: 1, inUse: 1, queued: 2 });
    expect(waiters.map(({ told }) => told.length)).toEqual([1, 1, 1, 1, 0, 0]);
    core.checkin(dial(2));
    core.checkin(dial(2));
    expect(waiters.every(({ told }) => told.join() === 'connected')).toBe(true);
  });

  test('that is made larger opens connections for those who wait', () => {
    const { core, wait, dial, dials } = startCore({ pool: { size: 1 } });
    const waiters = Array.from({ length: 4 }, () => wait());

    core.resize(3);

    expect(dials).toHaveLength(3);
    for (const index of [0, 1, 2]) dial(index).opens();
    expect(waiters.map(({ told }) => told.length)).toEqual([1, 1, 1, 0]);
  });
});

describe('the end of a shard', () => {
  test('sends those who wait to look for another one, in their order, once', () => {
    const { core, wait, limits, log } = startCore({ pool: { size: 1 } });
    const waiters = [wait(), wait(), wait()];

    core.close();
    core.close();

    expect(waiters.map(({ told }) => told)).toEqual([['requeue'], ['requeue'], ['requeue']]);
    expect(core.open + limits.count()).toBe(0);
    expect(log.filter((entry) => entry === 'closed')).toHaveLength(1);
    expect(wait().told).toEqual(['ERR_FINCH_POOL_DOWN']);
    expect(core.take()).toBeUndefined();
  });

  test('in order tells when the last connection comes back and the last waiter is gone', () => {
    const { core, wait, dial, log } = startCore({ pool: { size: 1 } });
    wait();
    const waiting = wait();
    dial(0).opens();
    core.drain();
    expect(log).toEqual([]);

    core.checkin(dial(0));
    expect(waiting.told).toEqual(['connected']);
    expect(log).toEqual([]);
    core.checkin(dial(0));
    expect(log).toContain('quiet');
    expect(core).toMatchObject({ open: 0, quiet: true });
  });

  test('sends waiters elsewhere while connections that are in use go on', () => {
    const { core, wait, dial } = startCore({ pool: { size: 1 } });
    wait();
    const waiting = wait();
    dial(0).opens();

    core.dismiss();

    expect(waiting.told).toEqual(['requeue']);
    expect(dial(0).state).toBe('in_use');
  });
});

test('a shard of another instance counts its connections in the limits of that one', () => {
  const { core } = startCore();
  const other = new HostLimits(5);
  core.prewarm(2);

  core.moveTo({ hostLimits: other, maxPerHost: 3, idleTime: 10 });

  expect(other.count()).toBe(2);
  expect(core).toMatchObject({ maxPerHost: 3, idleTime: 10 });
});

test('expired connections are discarded: idle ones at once, shared ones with their last user', () => {
  const { core, dial } = startCore({ url: 'https://localhost:1' });
  core.prewarm(1);
  dial(0).opens(2);
  core.take();
  dial(0).isExpired = true;

  core.discardExpired();

  expect(dial(0)).toMatchObject({ state: 'draining', closeReason: 'expired' });
  core.checkin(dial(0));
  expect(core.open).toBe(0);
});
