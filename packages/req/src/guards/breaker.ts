/** A circuit breaker: asked before each request to an origin, told of its outcome. */
import { now, type MachineRef } from '@linnet/otp';
import type { BreakerSettings } from '../options/index.ts';
import type { BreakerEvent, BreakerInput } from './breaker-machine.ts';
import { BreakerRules } from './breaker-rules.ts';

/** How a request ended: `'neither'` says nothing of the server, as a call that was cancelled. */
export type Outcome = 'success' | 'failure' | 'neither';

/** A request that was let through; to be told of its outcome once. */
export interface Permit {
  done(outcome: Outcome): void;
}

/** The data of a breaker's process. Its state is that of the machine, which is asked, not mirrored. */
export class Breaker implements BreakerInput {
  readonly resetTimeout: number | 'infinity';
  /** When it was asked last, by the runtime's clock. */
  lastUsed: number = now();
  readonly #settings: BreakerSettings;
  readonly #rules: BreakerRules;
  readonly #onStarted: (breaker: Breaker) => void;
  #machine: MachineRef<BreakerEvent> | undefined;
  #openedAt = 0;
  /** Grows with each change of the state: a permit of an earlier state says nothing of this one. */
  #generation = 0;
  /** Of the half-open state: the calls that are trying, and those that have succeeded. */
  #trying = 0;
  #succeeded = 0;

  constructor(settings: BreakerSettings, onStarted: (breaker: Breaker) => void) {
    this.resetTimeout = settings.resetTimeout;
    this.#settings = settings;
    this.#rules = new BreakerRules(settings);
    this.#onStarted = onStarted;
  }

  /** Whether it is of no use to remember. */
  get isAtRest(): boolean {
    return this.#machine?.value === 'closed';
  }

  /** Whether no call is trying it. */
  get isUnused(): boolean {
    return this.#trying === 0;
  }

  /** How long it stays open, in ms; undefined unless it is open. */
  get opensIn(): number | undefined {
    if (this.#machine?.value !== 'open') return undefined;
    if (this.resetTimeout === 'infinity') return Number.POSITIVE_INFINITY;
    return Math.max(1, Math.ceil(this.#openedAt + this.resetTimeout - now()));
  }

  /** Lets a request through; undefined when the breaker is open, or half open and being tried. */
  enter(): Permit | undefined {
    this.lastUsed = now();
    const state = this.#machine?.value;
    if (state === 'open') return undefined;
    if (state === 'half_open') {
      if (this.#trying + this.#succeeded >= this.#settings.halfOpenCalls) return undefined;
      this.#trying += 1;
    }
    const generation = this.#generation;
    let told = false;
    return {
      done: (outcome) => {
        if (told || generation !== this.#generation) return;
        told = true;
        if (state === 'half_open') this.#tried(outcome);
        else this.#counted(outcome);
      },
    };
  }

  #counted(outcome: Outcome): void {
    if (outcome === 'success') this.#rules.success(now());
    else if (outcome === 'failure' && this.#rules.failure(now())) this.#step('TRIP');
  }

  #tried(outcome: Outcome): void {
    this.#trying -= 1;
    if (outcome === 'failure') {
      this.#step('TRIP');
    } else if (outcome === 'success') {
      this.#succeeded += 1;
      if (this.#succeeded >= this.#settings.halfOpenCalls) this.#step('RESET');
    }
  }

  #step(type: BreakerEvent['type']): void {
    this.#machine?.step({ type });
  }

  // From the machine -----------------------------------------------------------------

  started(machine: MachineRef<BreakerEvent>): void {
    this.#machine = machine;
    this.#onStarted(this);
  }

  opened(): void {
    this.#generation += 1;
    this.#openedAt = now();
  }

  halfOpened(): void {
    this.#generation += 1;
    this.#trying = 0;
    this.#succeeded = 0;
  }

  closed(): void {
    this.#generation += 1;
    this.#rules.reset();
  }
}
