/** A pool that hears that its server speaks HTTP/3: how it moves over. */
import { expect, test } from 'vitest';
import { HostLimits } from '../../src/pool/host-limits.ts';
import { startCore } from '../support/core-world.ts';

const url = 'https://localhost:1';

test('one connection is opened beside the others, for which no caller waits', () => {
  const { core, wait, dial, dials, limits } = startCore({ url, pool: { size: 1 } });
  wait();
  dial(0).opens(2);

  core.alternativeKnown();
  core.alternativeKnown();

  expect(dials).toHaveLength(2);
  expect(core.figures).toMatchObject({ inUse: 1, connecting: 1, queued: 0 });
  expect(limits.count()).toBe(2);
  // Who comes meanwhile has what is there, and waits for nothing else.
  expect(core.take()).toBe(dial(0));
  const late = wait();
  expect(core.figures).toMatchObject({ connecting: 1, queued: 1 });
  core.checkin(dial(0));
  expect(late.connection).toBe(dial(0));
});

test('when it is open it has the callers that wait and all that come, and the others end with what they carry', () => {
  const { core, wait, dial, dials, limits } = startCore({ url, pool: { size: 2 } });
  const holders = [wait(), wait(), wait()];
  dial(0).opens(1);
  dial(1).opens(1);
  core.checkin(dial(1));
  core.alternativeKnown();

  dial(2).opensHttp3(100);

  expect(holders.map(({ connection }) => connection)).toEqual([dial(0), dial(1), dial(1)]);
  expect([dial(0).state, dial(1).state]).toEqual(['draining', 'draining']);
  expect(dial(0).closeReason).toBe('superseded');
  expect(core.take()).toBe(dial(2));
  core.checkin(dial(0));
  core.checkin(dial(1));
  expect(core.figures).toMatchObject({ inUse: 1, idle: 0, connecting: 0 });
  expect(core).toMatchObject({ protocol: 'http3', streams: 100, open: 1 });
  expect(limits.count()).toBe(1);
  expect(dials).toHaveLength(3);
});

test('idle ones are closed at once, and HTTP/1 connections in use after their request', () => {
  const { core, wait, dial } = startCore({ url });
  wait();
  wait();
  dial(0).opens();
  dial(1).opens();
  core.checkin(dial(1));
  core.alternativeKnown();

  dial(2).opensHttp3(100);

  expect(dial(1).state).toBe('closed');
  expect(dial(0).state).toBe('draining');
  // It is not one too many for the one that took its place.
  expect(core.take()).toBe(dial(2));
  core.checkin(dial(2));
  expect(dial(2).state).toBe('idle');
  core.checkin(dial(0));
  expect(dial(0).state).toBe('closed');
});

test('when it cannot be opened, or its process dies, no caller notices', () => {
  for (const end of ['fails', 'dies'] as const) {
    const { core, wait, dial, dials, limits } = startCore({ url, pool: { size: 1 } });
    wait();
    dial(0).opens(1);
    const waiter = wait();
    core.alternativeKnown();

    dial(1)[end]();

    expect(waiter.told).toEqual([]);
    expect(core.dialFailed).toBe(false);
    expect(core).toMatchObject({ protocol: 'http2', streams: 1, open: 1 });
    expect(limits.count()).toBe(1);
    expect(dials).toHaveLength(2);
    core.checkin(dial(0));
    expect(waiter.connection).toBe(dial(0));
  }
});

test('none is opened beside an HTTP/3 connection, without a slot to spare, or for a shard that winds down', () => {
  const there = startCore({ url });
  there.wait();
  there.dial(0).opensHttp3(10);
  there.core.alternativeKnown();
  expect(there.dials).toHaveLength(1);

  const full = startCore({ url, limits: new HostLimits(1) });
  full.wait();
  full.dial(0).opens(10);
  full.core.alternativeKnown();
  expect(full.dials).toHaveLength(1);

  const leaving = startCore({ url });
  leaving.wait();
  leaving.dial(0).opens(10);
  leaving.core.drain();
  leaving.core.alternativeKnown();
  expect(leaving.dials).toHaveLength(1);
});

test('none is opened where no connection stays idle: the next one is opened by a race anyway', () => {
  const { core, wait, dial, dials } = startCore({ url, pool: { connMaxIdleTime: 0 } });
  wait();
  dial(0).opens(10);
  core.alternativeKnown();
  expect(dials).toHaveLength(1);
});

test('credit that a connection has used up says nothing of the next one', () => {
  const { core, wait, dial } = startCore({ url });
  wait();
  dial(0).opensHttp3(100);
  dial(0).allows(3);
  expect(core.streams).toBe(100);
});

test('one that opens while the shard winds down takes no place, and is closed', () => {
  const { core, wait, dial } = startCore({ url });
  wait();
  dial(0).opens(10);
  core.alternativeKnown();
  core.drain();

  dial(1).opensHttp3(10);

  expect(dial(0).state).toBe('in_use');
  expect(dial(1).state).toBe('closed');
});

test('one that was taken out of the pool stays with who took it', () => {
  const { core, wait, dial } = startCore({ url });
  wait();
  dial(0).opens(10);
  core.checkin(dial(0));
  core.unlist(dial(0));
  core.alternativeKnown();

  dial(1).opensHttp3(10);

  expect(dial(0).state).toBe('in_use');
  core.list(dial(0));
  expect(dial(0).state).toBe('idle');
});

test('a server that wants HTTP/1.1 is not moved over to', () => {
  const { core, wait, dial, dials, clock } = startCore({ url });
  wait();
  dial(0).opens(10);
  core.requireHttp1();
  core.alternativeKnown();
  expect(dials).toHaveLength(1);
  clock.now += 600_000;
  core.alternativeKnown();
  expect(dials).toHaveLength(2);
});

test('one that does not speak for its server gets no further caller', () => {
  const { core, wait, dial } = startCore({ url });
  wait();
  dial(0).opensHttp3(10);

  core.retire(dial(0), 'misdirected');

  expect(core.take()).toBeUndefined();
  expect(dial(0).state).toBe('draining');
  core.checkin(dial(0));
  expect(dial(0).state).toBe('closed');
});
