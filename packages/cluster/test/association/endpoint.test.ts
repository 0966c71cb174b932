import { describe, expect, test } from 'vitest';
import { protocolVersion } from '../../src/association/greeting.ts';
import { helloFrame } from '../../src/association/handshake-frames.ts';
import { noFaults, signalOf, World, type Seen, type SimulatedNode } from './world.ts';

function pair(seed = 1, options = {}): { world: World; a: SimulatedNode; b: SimulatedNode } {
  const world = new World(seed, options);
  const a = world.start('a@host');
  const b = world.start('b@host');
  world.announce(a);
  world.run(100);
  return { world, a, b };
}

const downs = (node: SimulatedNode): unknown[] =>
  node.seen.flatMap((event: Seen) => (event.type === 'down' ? [event.reason] : []));
const values = (node: SimulatedNode): number[] =>
  node.seen.flatMap((event) => (event.type === 'signal' ? [event.value] : []));

test('an announcement connects two nodes, once', () => {
  const { world, a, b } = pair();
  world.announce(b);
  world.run(5000);
  expect(a.seen).toEqual([{ type: 'up', node: b.identity }]);
  expect(b.seen).toEqual([{ type: 'up', node: a.identity }]);
});

test('what is sent during the handshake arrives after it', () => {
  const world = new World(1);
  const a = world.start('a@host');
  const b = world.start('b@host');
  a.endpoint.connect(b.identity);
  expect(a.endpoint.send(b.identity, signalOf(7))).toBe(true);
  world.run(100);
  expect(values(b)).toEqual([7]);
});

test('the bytes of a signal may be written to once it is sent: short, long, or before the handshake', () => {
  const world = new World(1);
  const a = world.start('a@host');
  const b = world.start('b@host');
  a.endpoint.connect(b.identity);
  const sendAndErase = (value: number, length: number, sender: number): void => {
    const signal = signalOf(value, length, sender);
    a.endpoint.send(b.identity, signal, sender);
    signal.fill(0xff);
  };
  sendAndErase(0, 20, 1);
  world.run(100);
  sendAndErase(1, 20, 1);
  sendAndErase(2, 300_000, 1);
  sendAndErase(3, 20, 1);
  world.run(100);
  expect(values(b)).toEqual([0, 1, 2, 3]);
});

describe('over a carrier that takes the frames, since it loses none', () => {
  const takers = (options = {}): ReturnType<typeof pair> => {
    const found = pair(1, options);
    found.world.takesFrames = true;
    return found;
  };

  test.each([false, true])('all signals arrive in order, whole, when signed is %s', (sign) => {
    const { world, a, b } = takers({ sign });
    for (let i = 0; i < 2000; i++) {
      a.endpoint.send(b.identity, signalOf(i, i % 100 === 0 ? 200_000 : 20, 1), 1);
      if (i % 50 === 0) world.run(10);
    }
    world.run(1000);
    expect(values(b)).toEqual(Array.from({ length: 2000 }, (_, i) => i));
    expect(a.endpoint.figures('b@host')).toMatchObject({
      unacknowledgedFrames: 0,
      unacknowledgedBytes: 0,
    });
  });

  test('what waits for its acknowledgement counts as much, until the node is overloaded', () => {
    const { world, a, b } = takers({ windowBytes: 64 * 1024 });
    b.frozen = true;
    for (let i = 0; i < 3; i++) {
      a.endpoint.send(b.identity, signalOf(i, 20_000));
      world.run(1);
    }
    expect(a.endpoint.figures('b@host')?.unacknowledgedBytes).toBeGreaterThan(60_000);
    expect(a.endpoint.isBusy('b@host')).toBe(true);
    a.endpoint.send(b.identity, signalOf(3, 20_000));
    expect(downs(a)).toEqual(['overload']);
  });

  test('one that is lost all the same is the end of the connection, not a gap', () => {
    const { world, a, b } = takers();
    a.endpoint.send(b.identity, signalOf(0));
    world.run(100);
    world.faults = { ...noFaults, drop: 1 };
    a.endpoint.send(b.identity, signalOf(1));
    world.run(10);
    world.faults = noFaults;
    a.endpoint.send(b.identity, signalOf(2));
    world.run(100);
    expect(values(b)).toEqual([0]);
    expect(downs(a)).toEqual(['lost_signals']);
  });
});

test('a node with another cookie is refused, and no connection is open', () => {
  const world = new World(1);
  const a = world.start('a@host');
  const b = world.start('b@host', { cookie: 'other' });
  world.announce(a);
  world.announce(b);
  world.run(2000);
  expect(a.endpoint.connected()).toEqual([]);
  expect(b.endpoint.connected()).toEqual([]);
  expect([...a.refusals, ...b.refusals]).toContain('bad_cookie');
});

test('a killed node is down with no_responders after a tick and suspectMs', () => {
  const { world, a, b } = pair();
  world.kill(b);
  world.run(3000);
  expect(downs(a)).toEqual(['no_responders']);
});

test('a frozen node is down after downAfterMs, and back soon after it goes on', () => {
  const { world, a, b } = pair();
  b.frozen = true;
  world.run(9000);
  expect(downs(a)).toEqual([]);
  world.run(1500);
  expect(downs(a)).toEqual(['tick_timeout']);
  world.thaw(b);
  world.announce(b);
  world.run(2000);
  expect(a.endpoint.connected()).toEqual([b.identity]);
  expect(downs(b)).toEqual(['connection_reset']);
});

test('a node that is frozen for less is not missed, and gets what was sent meanwhile', () => {
  const { world, a, b } = pair();
  b.frozen = true;
  for (let i = 0; i < 50; i++) {
    a.endpoint.send(b.identity, signalOf(i));
    world.run(100);
  }
  world.thaw(b);
  world.run(1000);
  expect(downs(a)).toEqual([]);
  expect(downs(b)).toEqual([]);
  expect(values(b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

test('the loss of the last signal is noticed, and made good', () => {
  const { world, a, b } = pair();
  world.faults = { ...noFaults, drop: 1 };
  a.endpoint.send(b.identity, signalOf(1));
  world.run(10);
  world.faults = noFaults;
  world.run(1500);
  expect(values(b)).toEqual([1]);
});

test('without replay, a loss is a nodedown', () => {
  const { world, a, b } = pair(1, { replay: false });
  world.faults = { ...noFaults, drop: 1 };
  a.endpoint.send(b.identity, signalOf(1));
  world.run(10);
  world.faults = noFaults;
  world.run(3000);
  expect(downs(b)).toEqual(['lost_signals']);
  expect(downs(a)).toEqual(['connection_reset']);
  expect(values(b)).toEqual([]);
});

test('a signal that is longer than a frame arrives whole, between its neighbours', () => {
  const world = new World(1);
  const a = world.start('a@host');
  const b = world.start('b@host');
  world.announce(a);
  world.run(100);
  a.endpoint.send(b.identity, signalOf(1));
  a.endpoint.send(b.identity, signalOf(2, 5 * 1024 * 1024));
  a.endpoint.send(b.identity, signalOf(3));
  world.run(1000);
  expect(values(b)).toEqual([1, 2, 3]);
});

describe('a long signal', () => {
  const long = 5 * 1024 * 1024;

  test('is overtaken by those of other senders, not by those of its own', () => {
    const { world, a, b } = pair();
    a.endpoint.send(b.identity, signalOf(1, long, 1), 1);
    a.endpoint.send(b.identity, signalOf(2, 20, 1), 1);
    a.endpoint.send(b.identity, signalOf(3, 100_000, 1), 1);
    a.endpoint.send(b.identity, signalOf(4, 20, 1), 1);
    a.endpoint.send(b.identity, signalOf(5, 20, 2), 2);
    world.run(2);
    a.endpoint.send(b.identity, signalOf(6, 20, 3), 3);
    world.run(1000);
    expect(values(b)).toEqual([5, 6, 1, 2, 3, 4]);
  });

  test('is sent a part at a time, so that no more than 512 KiB of it are under way', () => {
    const { world, a, b } = pair();
    const before = world.transmittedBytes;
    b.frozen = true;
    for (let sender = 1; sender <= 3; sender++) {
      a.endpoint.send(b.identity, signalOf(sender, long, sender), sender);
    }
    world.run(500);
    expect(world.transmittedBytes - before).toBeLessThan(600 * 1024);
    expect(a.endpoint.figures('b@host')?.unacknowledgedBytes).toBeGreaterThan(3 * long);
    world.thaw(b);
    world.run(2000);
    expect(values(b).toSorted((x, y) => x - y)).toEqual([1, 2, 3]);
  });

  test('takes turns with others: one of 200 kB is not held up by one of 5 MB', () => {
    const { world, a, b } = pair();
    a.endpoint.send(b.identity, signalOf(1, long, 1), 1);
    a.endpoint.send(b.identity, signalOf(2, 200_000, 2), 2);
    world.run(2000);
    expect(values(b)).toEqual([2, 1]);
  });

  test('of many senders at a time arrives, a few at a time', () => {
    const { world, a, b } = pair();
    const all = Array.from({ length: 100 }, (_, i) => i);
    for (const i of all) a.endpoint.send(b.identity, signalOf(i, 200_000, i), i);
    world.run(5000);
    expect(values(b).toSorted((x, y) => x - y)).toEqual(all);
    expect(downs(b)).toEqual([]);
  });
});

test('a node that takes nothing is down with overload, and nothing is kept for it', () => {
  const { world, a, b } = pair(1, { windowBytes: 1024 * 1024 });
  b.frozen = true;
  let sent = 0;
  while (a.endpoint.send(b.identity, signalOf(0, 10_000)) && sent < 1000) {
    sent++;
    world.run(1);
  }
  expect(downs(a)).toEqual(['overload']);
  expect(sent).toBeLessThan(110);
  expect(a.endpoint.figures(b.identity.name)).toBeUndefined();
});

test('a node is busy while more than half of the window waits', () => {
  const { world, a, b } = pair(1, { windowBytes: 1024 * 1024 });
  b.frozen = true;
  for (let i = 0; i < 60; i++) a.endpoint.send(b.identity, signalOf(i, 10_000));
  world.run(10);
  expect(a.endpoint.isBusy('b@host')).toBe(true);
  world.thaw(b);
  world.run(2000);
  expect(a.endpoint.isBusy('b@host')).toBe(false);
});

test('a run that starts anew with its name replaces the one that is gone', () => {
  const { world, a, b } = pair();
  world.kill(b);
  const again = world.start('b@host');
  world.announce(again);
  world.run(1000);
  expect(downs(a)).toEqual(['replaced']);
  expect(a.endpoint.connected()).toEqual([again.identity]);
  expect(a.endpoint.send(b.identity, signalOf(1))).toBe(false);
});

test('a run whose clock was put back replaces the one that is gone, too', () => {
  const { world, a, b } = pair();
  world.kill(b);
  const again = world.start('b@host', { startedAt: -1e12 });
  world.announce(again);
  world.run(1000);
  expect(a.endpoint.connected()).toEqual([again.identity]);
});

test('a node of another version of the protocol is refused, and told', () => {
  const world = new World(1);
  const a = world.start('a@host');
  const b = world.start('b@host');
  const greeting = {
    version: protocolVersion + 1,
    node: b.identity,
    connection: 5,
    nonce: '0'.repeat(32),
    takeover: false,
    sign: false,
  };
  a.endpoint.frame(helloFrame(greeting));
  world.run(100);
  expect(b.refusals).toEqual(['version']);
  expect(a.endpoint.connected()).toEqual([]);
});

test('a second node with the name of a living one is refused', () => {
  const { world, a, b } = pair();
  const second = world.start('b@host');
  second.endpoint.connect(a.identity);
  world.run(2000);
  expect(second.refusals).toContain('name_in_use');
  expect(a.endpoint.connected()).toEqual([b.identity]);
  expect(downs(a)).toEqual([]);
});

test('with takeover, it takes the name, and the other one is told', () => {
  const { world, a, b } = pair();
  const second = world.start('b@host', { takeover: true });
  second.endpoint.connect(a.identity);
  world.run(1000);
  expect(a.endpoint.connected()).toEqual([second.identity]);
  expect(b.refusals).toContain('fenced');
});

test('a node that leaves is down at once, and not connected to because it is heard of', () => {
  const { world, a, b } = pair();
  a.endpoint.disconnect('b@host');
  world.run(10);
  expect(downs(b)).toEqual(['bye']);
  world.announce(a);
  world.announce(b);
  world.run(1000);
  expect(a.endpoint.connected()).toEqual([]);
  a.endpoint.connect(b.identity);
  world.run(1000);
  expect(a.endpoint.connected()).toEqual([b.identity]);
});

test('frames that are none are ignored', () => {
  const { world, a, b } = pair();
  for (let type = 0; type < 20; type++) {
    a.endpoint.frame(Uint8Array.from([type]));
    a.endpoint.frame(world.dice.bytes(200));
    a.endpoint.frame(Uint8Array.from([type, ...world.dice.bytes(100)]));
  }
  world.run(5000);
  expect(a.endpoint.connected()).toEqual([b.identity]);
});
