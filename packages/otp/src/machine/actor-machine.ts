/** The engine for machines with context, guards, or other actors: a live xstate actor. */
import { AsyncResource } from 'node:async_hooks';
import type {
  AnyMachineSnapshot,
  EventObject,
  ExecutableActionObject,
  SpecialExecutableAction,
  StateValue,
} from 'xstate';
import { milliseconds } from './delay.ts';
import { DelayedEvent } from './delayed-events.ts';
import { MachineActor } from './machine-actor.ts';
import { MachineLogic, type ActorHost, type MachineScope } from './machine-logic.ts';
import { MachineLoop } from './machine-loop.ts';
import { MachineTimer } from './machine-timer.ts';
import { eventTimeoutId, updateOf } from './timeouts.ts';

/** An action that sends an event, of this machine or to others. */
type Sending = Extract<
  SpecialExecutableAction,
  { readonly type: 'xstate.raise' | 'xstate.sendTo' }
>;

/** A timer of one of the actor's children. */
class ChildTimer extends MachineTimer {
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
  readonly #logic = new MachineLogic(this.definition.machine, this);
  #actor: MachineActor | undefined;
  #scope: AsyncResource | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #childTimers = new Set<ChildTimer>();

  override get value(): StateValue {
    return this.#live.value;
  }

  override getSnapshot(): AnyMachineSnapshot {
    return this.#live.getSnapshot();
  }

  override can(event: EventObject): boolean {
    return this.#live.can(event);
  }

  prepare(action: ExecutableActionObject, scope: MachineScope): ExecutableActionObject {
    const info = { ...action.info, input: this.input };
    const exec = this.#delayedEffect(action, scope) ?? action.exec;
    if (exec === undefined) return { ...action, info };
    return {
      ...action,
      info,
      exec: (given, params) => {
        // A process that was killed by an earlier action does nothing more, but stops its children.
        if (action.type !== 'xstate.stopChild' && this.process.dead) return;
        this.watchResult((exec as (...args: unknown[]) => unknown)(given, params));
      },
    };
  }

  protected override get status(): AnyMachineSnapshot['status'] {
    return this.#live.getSnapshot().status;
  }

  protected override setState(state: unknown): void {
    this.#logic.replace(this.#live, state as { value: StateValue; context: object });
  }

  protected override initialise(): void {
    this.#scope = new AsyncResource('LinnetMachine');
    this.#actor = new MachineActor(this.#logic, {
      input: this.input,
      logger: (...values: unknown[]) => this.log(...values),
      clock: {
        setTimeout: (callback, delay) => this.#startTimer(callback, delay),
        clearTimeout: (timer: ChildTimer) => this.#stopTimer(timer),
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
    this.delayed?.cancel(eventTimeoutId);
    this.#logic.take(this.#live, event);
    this.#throwFailure();
  }

  protected override fire(timer: MachineTimer): EventObject | undefined {
    if (timer instanceof DelayedEvent) return this.fireDelayed(timer);
    this.#childTimers.delete(timer as ChildTimer);
    (timer as ChildTimer).call();
    // A child may have failed and taken the machine with it.
    this.#throwFailure();
    return undefined;
  }

  protected override releaseTimers(): void {
    super.releaseTimers();
    for (const timer of this.#childTimers) timer.cancel();
    this.#childTimers.clear();
    // Stopping the children runs their clean-up, which is user code: after the signal that ends
    // the process, and as code of a dead process.
    queueMicrotask(() => this.#scope?.runInAsyncScope(() => this.#stopActors()));
  }

  get #live(): MachineActor {
    return this.#actor as MachineActor;
  }

  moved(before: StateValue, after: StateValue): void {
    this.endStateTimeout(before, after);
  }

  /** The machine's own delayed events wait in the process: what has to do with them is done here. */
  #delayedEffect(action: ExecutableActionObject, scope: MachineScope): (() => void) | undefined {
    const update = updateOf(action.exec);
    if (update !== undefined) return () => scope.defer(() => this.update(update.id, update.event));
    if (action.type === 'xstate.cancel') {
      const { sendId } = action.params as { readonly sendId: string };
      return () => scope.defer(() => this.delayed?.cancel(sendId));
    }
    if (action.type !== 'xstate.raise' && action.type !== 'xstate.sendTo') return undefined;
    const { params } = action as Sending;
    const { id, delay, event } = params;
    // What is sent to a process that has no actor does not go through xstate.
    if (delay === undefined) {
      const to = 'to' in params ? params.to : undefined;
      return to instanceof MachineLoop ? () => scope.defer(() => to.send(event)) : undefined;
    }
    return () =>
      scope.defer(() => {
        const wait = milliseconds(delay, 'delay');
        // By now xstate knows a target that it had only the name of.
        this.arm(id, wait, event, 'to' in params && params.to !== this.#actor ? params.to : this);
      });
  }

  #stopActors(): void {
    const actor = this.#actor;
    if (actor === undefined) return;
    actor.stop();
    this.#logic.stopChildren(actor.getSnapshot());
  }

  #startTimer(callback: () => void, delay: number): ChildTimer {
    const timer = new ChildTimer(this, callback);
    const ms = milliseconds(delay, 'delay');
    if (this.ended) return timer;
    this.#childTimers.add(timer);
    timer.start(ms, this.definition.background);
    return timer;
  }

  #stopTimer(timer: ChildTimer): void {
    timer.cancel();
    this.#childTimers.delete(timer);
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure !== undefined) throw failure.error;
  }
}
