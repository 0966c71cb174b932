/** The engine for machines with context, guards, or other actors: a live xstate actor. */
import { AsyncResource } from 'node:async_hooks';
import type { AnyMachineSnapshot, EventObject, StateValue } from 'xstate';
import { milliseconds } from './delay.ts';
import { MachineActor, type ActorHost, type RunningAction } from './machine-actor.ts';
import { MachineLoop } from './machine-loop.ts';
import { MachineTimer } from './machine-timer.ts';
import { eventTimeoutId } from './table.ts';

/** A timer of the actor or of one of its children. */
class ActorTimer extends MachineTimer {
  readonly #callback: () => void;

  constructor(owner: ActorMachine, callback: () => void) {
    super(owner);
    this.#callback = callback;
  }

  call(): void {
    this.#callback();
  }
}

export class ActorMachine extends MachineLoop implements ActorHost {
  #actor: MachineActor | undefined;
  #scope: AsyncResource | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #timers = new Set<ActorTimer>();

  override get value(): StateValue {
    return this.#live.value;
  }

  override getSnapshot(): AnyMachineSnapshot {
    return this.#live.getSnapshot();
  }

  override can(event: EventObject): boolean {
    return this.#live.can(event);
  }

  prepare(action: RunningAction): void {
    (action.info as { input: unknown }).input = this.input;
    const { exec, type } = action;
    if (exec === undefined) return;
    action.exec = (info, params) => {
      // A process that was killed by an earlier action does nothing more, but stops its children.
      if (type === 'xstate.stopChild' || !this.process.dead) this.watchResult(exec(info, params));
    };
  }

  protected override get status(): AnyMachineSnapshot['status'] {
    return this.#live.getSnapshot().status;
  }

  protected override setState(state: unknown): void {
    const { value, context } = state as { value: StateValue; context: object };
    this.#live.replace(value, context);
  }

  protected override initialise(): void {
    this.#scope = new AsyncResource('LinnetMachine');
    this.#actor = new MachineActor(this.definition.machine, {
      host: this,
      input: this.input,
      logger: (...values) => this.log(...values),
      clock: {
        setTimeout: (callback, delay) => this.#startTimer(callback, delay),
        clearTimeout: (timer) => this.#stopTimer(timer as ActorTimer),
      },
    });
    this.#actor.subscribe({
      error: (error) => {
        this.#failure = { error };
      },
    });
    this.#actor.start();
    this.#throwFailure();
  }

  protected override transition(event: EventObject): void {
    this.#live.cancel(eventTimeoutId);
    this.#live.take(event);
    this.#throwFailure();
  }

  protected override fire(timer: MachineTimer): undefined {
    this.#timers.delete(timer as ActorTimer);
    (timer as ActorTimer).call();
    // A child may have failed and taken the machine with it.
    this.#throwFailure();
    return undefined;
  }

  protected override releaseTimers(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    const actor = this.#actor;
    // Stopping the children runs their clean-up, which is user code: after the signal that ends
    // the process, and as code of a dead process.
    queueMicrotask(() => this.#scope?.runInAsyncScope(() => actor?.stopAll()));
  }

  get #live(): MachineActor {
    return this.#actor as MachineActor;
  }

  #startTimer(callback: () => void, delay: number): ActorTimer {
    const timer = new ActorTimer(this, callback);
    const ms = milliseconds(delay, 'delay');
    if (this.ended) return timer;
    this.#timers.add(timer);
    timer.start(ms, this.definition.background);
    return timer;
  }

  #stopTimer(timer: ActorTimer): void {
    timer.cancel();
    this.#timers.delete(timer);
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure !== undefined) throw failure.error;
  }
}
