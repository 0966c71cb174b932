/** Signed frames: what others than the two nodes send ends a connection, or does nothing. */
import { describe, expect, test } from 'vitest';
import type { NodeIdentity } from '../../src/index.ts';
import { encodeFrame, frameType } from '../../src/association/frame.ts';
import { SeenNumbers } from '../../src/association/seen-numbers.ts';
import { signalOf, World, type SimulatedNode } from './world.ts';

interface Pair {
  readonly world: World;
  readonly a: SimulatedNode;
  readonly b: SimulatedNode;
  /** The frames to b, oldest first. */
  readonly toB: Uint8Array[];
}

function connect(first: { sign?: boolean }, second: { sign?: boolean }): Pair {
  const world = new World(1);
  const toB: Uint8Array[] = [];
  const a = world.start('a@host', first);
  const b = world.start('b@host', second);
  world.overhear = (to: NodeIdentity, frame) => {
    if (to.name === 'b@host') toB.push(frame);
  };
  world.announce(a);
  world.run(100);
  a.endpoint.send(b.identity, signalOf(1));
  world.run(100);
  return { world, a, b, toB };
}

const signed = (): Pair => connect({ sign: true }, { sign: true });
const downs = (node: SimulatedNode): unknown[] =>
  node.seen.flatMap((event) => (event.type === 'down' ? [event.reason] : []));
const values = (node: SimulatedNode): number[] =>
  node.seen.flatMap((event) => (event.type === 'signal' ? [event.value] : []));
const dataFrameOf = (frames: readonly Uint8Array[]): Uint8Array => {
  const frame = frames.find(([type]) => type === frameType.data);
  if (frame === undefined) throw new Error('no frame with data');
  return frame;
};

test('frames are signed if one of the two nodes wants that', () => {
  const lengthOf = (pair: Pair): number => dataFrameOf(pair.toB).length;
  const plain = lengthOf(connect({}, {}));
  for (const [first, second] of [
    [{ sign: true }, {}],
    [{}, { sign: true }],
    [{ sign: true }, { sign: true }],
  ] as const) {
    const pair = connect(first, second);
    expect(lengthOf(pair)).toBe(plain + 24);
    expect(values(pair.b)).toEqual([1]);
  }
});

describe('of a signed connection', () => {
  test.each([
    ['another content', (frame: Uint8Array) => frame.with(-30, (frame.at(-30) ?? 0) ^ 1)],
    ['another signature', (frame: Uint8Array) => frame.with(-1, (frame.at(-1) ?? 0) ^ 1)],
    ['another number', (frame: Uint8Array) => frame.with(-17, (frame.at(-17) ?? 0) ^ 8)],
    ['no signature', (frame: Uint8Array) => frame.subarray(0, -24)],
    ['nothing but a header', (frame: Uint8Array) => frame.subarray(0, 13)],
  ])('a frame with %s ends it, with bad_signature', (_what, change) => {
    const { world, a, b, toB } = signed();
    b.endpoint.frame(change(dataFrameOf(toB)));
    expect(downs(b)).toEqual(['bad_signature']);
    expect(values(b)).toEqual([1]);
    world.run(2000);
    // Its reset is signed, and they connect anew.
    expect(downs(a)).toEqual(['connection_reset']);
    expect(b.endpoint.connected()).toEqual([a.identity]);
  });

  test('a frame that comes again does nothing, whatever it is', () => {
    const { world, a, b, toB } = signed();
    world.run(3000);
    const heard = b.endpoint.figures('a@host')?.lastHeard;
    const sent = world.transmitted;
    for (const frame of toB) if ((frame[0] ?? 0) > 3) b.endpoint.frame(frame);
    expect(b.endpoint.figures('a@host')?.lastHeard).toBe(heard);
    expect(world.transmitted).toBe(sent);
    expect([...downs(a), ...downs(b)]).toEqual([]);
  });

  test('a frame that is sent back to its sender is no frame of the other one', () => {
    const { world, a, b, toB } = signed();
    const toA: Uint8Array[] = [];
    world.overhear = (to, frame) => {
      if (to.name === 'a@host') toA.push(frame);
    };
    b.endpoint.send(a.identity, signalOf(2));
    world.run(100);
    const back = dataFrameOf(toB).slice();
    // Under the number by which its sender knows the connection.
    back.set(dataFrameOf(toA).subarray(1, 5), 1);
    a.endpoint.frame(back);
    expect(downs(a)).toEqual(['bad_signature']);
    expect(values(a)).toEqual([2]);
  });

  test('goodbyes and takeovers that no node has said do nothing to it', () => {
    const { world, a, b } = signed();
    b.endpoint.gone(a.identity, 'bye');
    const fence = { by: { name: 'b@host', creation: 7, startedAt: 0 } };
    const body = new TextEncoder().encode(JSON.stringify(fence));
    b.endpoint.frame(encodeFrame(frameType.fence, 0, 0, 0, body));
    world.run(3000);
    expect(b.refusals).toEqual([]);
    expect([...downs(a), ...downs(b)]).toEqual([]);
  });

  test('a node that leaves is down with bye, as without signatures', () => {
    const { world, a, b } = signed();
    a.endpoint.stop();
    world.run(10);
    expect(downs(b)).toEqual(['bye']);
  });

  test('a run that takes a name over tells the other one, in a signed frame', () => {
    const world = new World(1, { sign: true });
    const a = world.start('a@host');
    const b = world.start('b@host');
    world.announce(a);
    world.run(100);
    const second = world.start('b@host', { takeover: true });
    second.endpoint.connect(a.identity);
    world.run(1000);
    expect(b.refusals).toContain('fenced');
    expect(a.endpoint.connected()).toEqual([second.identity]);
  });
});

test('who does not know the cookie takes no name over', () => {
  const world = new World(1);
  const a = world.start('a@host');
  const b = world.start('b@host');
  world.announce(a);
  world.run(100);
  const stranger = world.start('b@host', { takeover: true, cookie: 'guessed' });
  stranger.endpoint.connect(a.identity);
  world.run(10_000);
  expect(a.endpoint.connected()).toEqual([b.identity]);
  expect([...downs(a), ...downs(b), ...b.refusals]).toEqual([]);
});

test('numbers that were seen are remembered as far back as a window goes', () => {
  const seen = new SeenNumbers();
  expect([1, 3, 2, 3, 1, 2].map((number) => seen.add(number))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(seen.add(9000)).toBe(true);
  expect(seen.add(9000 - 8191)).toBe(true);
  expect(seen.add(9000 - 8192)).toBe(false);
  expect(seen.add(2 ** 40)).toBe(true);
  expect(seen.add(2 ** 40 - 1)).toBe(true);
  expect(seen.add(2 ** 40)).toBe(false);
});
