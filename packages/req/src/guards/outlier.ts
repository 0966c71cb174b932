/** How one upstream does: it is ejected from the rotation when its requests fail one after the other. */
import { now, type MachineRef } from '@linnet/otp';
import type { OutlierSettings } from '../options/index.ts';
import type { Outcome, Permit } from './breaker.ts';
import type { OutlierEvent, OutlierInput } from './outlier-machine.ts';

/** The data of an upstream's process. Its state is that of the machine, which is asked, not mirrored. */
export class Outlier implements OutlierInput {
  /** When it was asked last, by the runtime's clock. */
  lastUsed: number = now();
  ejectionTime = 0;
  readonly #settings: OutlierSettings;
  readonly #onStarted: (outlier: Outlier) => void;
  #machine: MachineRef<OutlierEvent> | undefined;
  #failuresInARow = 0;
  /** How often it was ejected of late: each time is longer than the one before. */
  #ejections = 0;
  #inRotationSince = 0;
  /** Grows with each return: a request from before it says nothing of the upstream as it is now. */
  #generation = 0;

  constructor(settings: OutlierSettings, onStarted: (outlier: Outlier) => void) {
    this.#settings = settings;
    this.#onStarted = onStarted;
  }

  get isEjected(): boolean {
    return this.#machine?.value === 'ejected';
  }

  /** Whether it is of no use to remember. */
  get isAtRest(): boolean {
    return !this.isEjected && this.#failuresInARow === 0 && this.#recentEjections() === 0;
  }

  get isUnused(): boolean {
    return true;
  }

  /** A request goes to it. `mayEject`: whether enough others are left, asked when it is to be ejected. */
  enter(mayEject: () => boolean): Permit {
    this.lastUsed = now();
    const generation = this.#generation;
    return {
      done: (outcome) => {
        if (generation === this.#generation && !this.isEjected) this.#ended(outcome, mayEject);
      },
    };
  }

  #ended(outcome: Outcome, mayEject: () => boolean): void {
    if (outcome === 'neither') return;
    this.#failuresInARow = outcome === 'success' ? 0 : this.#failuresInARow + 1;
    if (this.#failuresInARow < this.#settings.failures || !mayEject()) return;
    const { ejectionTime, maxEjectionTime } = this.#settings;
    this.#ejections = this.#recentEjections() + 1;
    this.ejectionTime = Math.min(ejectionTime * this.#ejections, maxEjectionTime);
    this.#machine?.step({ type: 'EJECT' });
  }

  /** Each `ejectionTime` in the rotation makes up for one of them. */
  #recentEjections(): number {
    const wellFor = now() - this.#inRotationSince;
    return Math.max(0, this.#ejections - Math.floor(wellFor / this.#settings.ejectionTime));
  }

  // From the machine -----------------------------------------------------------------

  started(machine: MachineRef<OutlierEvent>): void {
    this.#machine = machine;
    this.#onStarted(this);
  }

  inRotation(): void {
    this.#generation += 1;
    this.#failuresInARow = 0;
    this.#inRotationSince = now();
  }
}
