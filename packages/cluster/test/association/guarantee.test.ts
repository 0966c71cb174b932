/** The guarantee of associations, whatever the carrier does. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NodeIdentity } from '../../src/index.ts';
import { noFaults, signalOf, World, type SimulatedNode } from './world.ts';

/** What a node has sent to another one, and whether it has seen it down since. */
interface Sent {
  readonly value: number;
  readonly sender: number;
  readonly to: NodeIdentity;
  readonly seenBefore: number;
}

const seeds = Number(process.env['CLUSTER_SEEDS'] ?? 12);
const operations = Number(process.env['CLUSTER_OPERATIONS'] ?? 100_000);

/** Processes of each node that send. */
const senders = 3;

/**
 * Each node sees of each run of another one: signals only between an up and a down; of each process
 * there, within such a time without a gap and in order; and over all times none twice.
 */
function checkReceived(node: SimulatedNode): void {
  const up = new Set<string>();
  const last = new Map<string, number>();
  /** The processes of which a signal has come in this time. */
  const heard = new Set<string>();
  for (const event of node.seen) {
    const peer = event.type === 'signal' ? event.from : event.node;
    const key = `${peer.name} ${peer.creation}`;
    if (event.type === 'up') {
      if (up.has(key)) expect.fail(`${key} is up twice`);
      up.add(key);
      for (let i = 0; i < senders; i++) heard.delete(`${key} ${i}`);
    } else if (event.type === 'down') {
      if (!up.delete(key)) expect.fail(`${key} is down twice`);
    } else {
      if (!up.has(key)) expect.fail(`a signal of ${key}, which is down`);
      const process = `${key} ${event.sender}`;
      const before = last.get(process) ?? -1;
      const follows = heard.has(process) ? event.value === before + 1 : event.value > before;
      if (!follows) expect.fail(`${event.value} of ${process} after ${before}`);
      last.set(process, event.value);
      heard.add(process);
    }
  }
}

/** A sender that has not seen the receiver down since it sent has lost nothing. */
function checkSent(sender: SimulatedNode, sent: readonly Sent[], world: World): void {
  for (const { value, sender: process, to, seenBefore } of sent) {
    const isPeer = (node: NodeIdentity): boolean =>
      node.name === to.name && node.creation === to.creation;
    const down = sender.seen
      .slice(seenBefore)
      .some((event) => event.type === 'down' && isPeer(event.node));
    if (down) continue;
    const receiver = world.nodes.get(`${to.name} ${to.creation}`);
    const arrived = receiver?.seen.some(
      (event) =>
        event.type === 'signal' &&
        event.value === value &&
        event.sender === process &&
        event.from.name === sender.identity.name,
    );
    if (arrived !== true) expect.fail(`${value} to ${to.name} was lost in silence`);
  }
}

function simulate(
  seed: number,
  total: number,
  { replay = true, sign = false }: { readonly replay?: boolean; readonly sign?: boolean } = {},
): World {
  const world = new World(seed, { replay, sign, handshakeMs: 3000, downAfterMs: 4000 });
  const { dice } = world;
  const names = ['a@one', 'b@two', 'c@three'];
  for (const name of names) world.start(name);
  const counters = new Map<string, number>();
  const perSender = new Map<SimulatedNode, Sent[]>();
  const live = (): SimulatedNode[] => [...world.nodes.values()];
  const all = new Set(live());
  const hello = (): void => {
    for (const node of live()) if (!node.frozen) world.announce(node);
    world.at(1000, hello);
  };
  hello();
  let left = total;
  while (left > 0) {
    world.faults = dice.chance(0.3)
      ? noFaults
      : {
          drop: dice.next() * 0.1,
          duplicate: dice.next() * 0.1,
          reorder: dice.next() * 0.1,
          delayMs: dice.chance(0.1) ? 8000 : 200,
        };
    const fault = dice.below(8);
    const [x, y, z] = names.toSorted(() => dice.next() - 0.5) as [string, string, string];
    const node = live()[dice.below(live().length)] as SimulatedNode;
    if (fault === 0) world.cut(x, y);
    if (fault === 1) {
      world.cut(x, y);
      world.cut(x, z);
    }
    if (fault === 2) {
      const frozenFor = dice.below(10_000);
      node.frozen = true;
      world.at(frozenFor, () => world.thaw(node));
    }
    if (fault === 3 && dice.chance(0.3)) {
      world.kill(node);
      all.add(world.start(node.identity.name));
    }
    for (let step = 0; step < 20 && left > 0; step++) {
      for (const sender of live()) {
        if (sender.frozen) continue;
        for (const to of sender.endpoint.connected()) {
          const burst = dice.below(60);
          for (let i = 0; i < burst && left > 0; i++, left--) {
            const process = dice.below(senders);
            const key = `${sender.identity.name}${sender.identity.creation} ${process} ${to.name}${to.creation}`;
            const value = counters.get(key) ?? 0;
            const length = dice.chance(0.003) ? 70_000 + dice.below(500_000) : dice.below(300);
            const seenBefore = sender.seen.length;
            const signal = signalOf(value, length, process);
            if (!sender.endpoint.send(to, signal, process)) break;
            counters.set(key, value + 1);
            const sent = perSender.get(sender) ?? [];
            perSender.set(sender, sent);
            sent.push({ value, sender: process, to, seenBefore });
          }
        }
      }
      world.run(dice.below(400));
      if (live().length > 0 && left % 7 === 0) left--;
    }
    world.healAll();
    world.run(dice.below(3000));
    left -= 5;
  }
  world.faults = noFaults;
  for (const node of live()) if (node.frozen) world.thaw(node);
  world.run(30_000);
  for (const node of all) checkReceived(node);
  for (const node of live()) {
    const sent = perSender.get(node) ?? [];
    // Each of them is looked for in a list: a sample is enough.
    checkSent(node, sent.filter((_, index) => index % 97 === 0).concat(sent.slice(-50)), world);
    expect(node.endpoint.connected().map((peer) => peer.name)).toHaveLength(2);
  }
  return world;
}

describe('over a carrier that loses, doubles, reorders, delays and cuts off', () => {
  test(
    'signals arrive in order, once, and none is lost without a nodedown',
    { timeout: 600_000 },
    () => {
      const numRuns = Math.max(1, seeds);
      const each = Math.ceil(operations / numRuns);
      fc.assert(
        fc.property(fc.integer(), (seed) => void simulate(seed, each)),
        { numRuns, endOnFailure: true },
      );
    },
  );

  test('without replay, the same holds: each loss is a nodedown', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => void simulate(seed, 5000, { replay: false })),
      { numRuns: 5, endOnFailure: true },
    );
  });

  test('with signed frames, the same holds: none of the faults is a forgery', () => {
    const check = (seed: number): void => {
      const world = simulate(seed, 5000, { sign: true });
      const downs = [...world.nodes.values()].flatMap(({ seen }) =>
        seen.flatMap((event) => (event.type === 'down' ? [event.reason] : [])),
      );
      expect(downs).not.toContain('bad_signature');
    };
    fc.assert(fc.property(fc.integer(), check), { numRuns: 5, endOnFailure: true });
  });
});
