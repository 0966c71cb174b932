/** A carrier that loses, doubles, delays and so reorders frames, and that is cut off from some nodes. */
import type { NodeIdentity, Carrier, CarrierEvents } from '../../src/index.ts';
import { type Dice, type Faults, noFaults } from '../association/world.ts';

export class LossyCarrier implements Carrier {
  readonly #inner: Carrier;
  readonly #dice: Dice;
  faults: Faults = noFaults;
  /** The names of nodes that no frame reaches. */
  cut: ReadonlySet<string> = new Set();

  constructor(inner: Carrier, dice: Dice) {
    this.#inner = inner;
    this.#dice = dice;
  }

  start(self: NodeIdentity, events: CarrierEvents): Promise<number> {
    return this.#inner.start(self, events);
  }

  reaches(node: NodeIdentity): boolean {
    return this.#inner.reaches(node);
  }

  send(to: NodeIdentity, frame: Uint8Array, probe: boolean): void {
    const { drop, duplicate, reorder, delayMs } = this.faults;
    if (this.cut.has(to.name) || this.#dice.chance(drop)) return;
    const copies = this.#dice.chance(duplicate) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (this.#dice.chance(reorder)) {
        const late = setTimeout(
          () => this.#inner.send(to, frame, probe),
          this.#dice.next() * delayMs,
        );
        late.unref();
      } else this.#inner.send(to, frame, probe);
    }
  }

  announce(): void {
    this.#inner.announce();
  }

  stop(): Promise<void> {
    return this.#inner.stop();
  }
}
