/** Frames that no node has sent, made of some that were: as a client of the carrier can send who is no node. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeU32 } from '../../src/association/frame.ts';
import { Dice, type SimulatedNode, signalOf, World } from './world.ts';

/** A frame that is changed, cut, prolonged, put together of two, or nothing but noise. */
function forged(dice: Dice, heard: readonly Uint8Array[]): Uint8Array {
  const pick = (): Uint8Array => heard[dice.below(heard.length)] ?? dice.bytes(40);
  const frame = Uint8Array.from(pick());
  switch (dice.below(7)) {
    case 0:
      for (let i = dice.below(4); i >= 0; i--) frame[dice.below(frame.length)] = dice.below(256);
      return frame;
    case 1:
      return frame.subarray(0, dice.below(frame.length));
    case 2:
      return Uint8Array.from([...frame, ...dice.bytes(dice.below(50))]);
    case 3:
      return Uint8Array.from([...frame.subarray(0, dice.below(40)), ...pick().subarray(13)]);
    case 4:
      frame[0] = dice.below(14);
      return frame;
    case 5:
      // Another number of the frame, or of what was received.
      writeU32(frame, 5 + 4 * dice.below(2), dice.below(2 ** 32));
      return frame;
    default:
      return dice.bytes(dice.below(200));
  }
}

interface Attack {
  readonly sign: boolean;
  /** What the outsider does to a frame before it goes in. */
  readonly change: (frame: Uint8Array, dice: Dice) => Uint8Array;
}

/** Signals go from a to b while frames are forged; gives b, and whether all is well in the end. */
function attack(seed: number, { sign, change }: Attack): SimulatedNode {
  const world = new World(seed, { sign });
  const dice = new Dice(seed + 1);
  const [a, b] = [world.start('a@host'), world.start('b@host')];
  const heard: Uint8Array[] = [];
  world.overhear = (_to, frame) => {
    if (heard.push(Uint8Array.from(frame)) > 50) heard.shift();
  };
  world.announce(a);
  world.run(100);
  let next = 0;
  for (let i = 0; i < 300; i++) {
    if (a.endpoint.isConnected(b.identity)) a.endpoint.send(b.identity, signalOf(next++));
    const target = dice.chance(0.5) ? a : b;
    target.endpoint.frame(change(forged(dice, heard), dice));
    world.run(dice.below(20));
    if (i % 50 === 0) {
      world.announce(a);
      world.announce(b);
    }
  }
  // When it is over, they are connected, or come to be so again.
  world.run(15_000);
  a.endpoint.connect(b.identity);
  world.run(15_000);
  a.endpoint.send(b.identity, signalOf(next));
  world.run(1000);
  expect(b.seen.at(-1)).toMatchObject({ type: 'signal', value: next });
  expectOrder(b);
  return b;
}

/** Each signal once, in order, and none is missing unless the connection was down in between. */
function expectOrder({ seen }: SimulatedNode): void {
  let last = -1;
  let mayJump = false;
  for (const event of seen) {
    if (event.type === 'down') mayJump = true;
    if (event.type !== 'signal') continue;
    if (mayJump) expect(event.value).toBeGreaterThan(last);
    else expect(event.value).toBe(last + 1);
    last = event.value;
    mayJump = false;
  }
}

const runs = { numRuns: 60 };

describe('whatever comes from outside,', () => {
  test('signed signals arrive as they were sent, or their loss is told', () => {
    const change = (frame: Uint8Array): Uint8Array => frame;
    fc.assert(
      fc.property(fc.integer(), (seed) => void attack(seed, { sign: true, change })),
      runs,
    );
  });

  test('who does not know the number of the connection does not even end it', () => {
    const change = (frame: Uint8Array, dice: Dice): Uint8Array => {
      if (frame.length >= 5) writeU32(frame, 1, dice.below(2 ** 32));
      return frame;
    };
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { seen } = attack(seed, { sign: false, change });
        expect(seen.filter(({ type }) => type === 'down')).toEqual([]);
      }),
      runs,
    );
  });
});
